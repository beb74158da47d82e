//! An HTTPS server and its client with rustls.
//!
//!     rustls-tls server CERT KEY                       prints its port
//!     rustls-tls client PORT WORD CONNECTIONS REQUESTS VERSION PAUSE
//!
//! Answers tell the client's port. Paths of requests: /WORD/CONNECTION/REQUEST. Each third request has a body, and each answer is written in
//! pieces by one call. VERSION: 12, 13.
use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, IoSlice, Write},
    net::{TcpListener, TcpStream},
    ops::DerefMut,
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::{
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer, ServerName, UnixTime},
    ClientConfig, ClientConnection, ConnectionCommon, DigitallySignedStruct, ServerConfig, ServerConnection, SideData, SignatureScheme, StreamOwned,
    SupportedProtocolVersion,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Any certificate will do.
#[derive(Debug)]
struct Any;

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

/// The first line and the body of a message.
fn message(stream: &mut impl BufRead) -> Result<Option<(String, Vec<u8>)>> {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            first = line.to_owned();
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some((first, body)))
}

/// One record holds all of the pieces, as far as it can.
fn write_pieces<D>(stream: &mut StreamOwned<impl DerefMut<Target = ConnectionCommon<D>>, TcpStream>, pieces: &[&[u8]]) -> Result<()>
where
    D: SideData,
{
    let slices: Vec<IoSlice> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let written = stream.conn.writer().write_vectored(&slices)?;
    stream.flush()?;
    stream.write_all(&pieces.concat()[written..])?;
    Ok(stream.flush()?)
}

fn serve(socket: TcpStream, config: Arc<ServerConfig>) -> Result<()> {
    let port = socket.peer_addr()?.port().to_string();
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, socket));
    while let Some((first, body)) = message(&mut stream)? {
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let text = format!("{path} {port} {}\n", body.len());
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Port: {port}\r\n", text.len() + 20_000);
        let filling = [b'y'; 20_000];
        write_pieces(stream.get_mut(), &[head.as_bytes(), b"\r\n", text.as_bytes(), &filling])?;
    }
    Ok(())
}

fn server(cert: &str, key: &str) -> Result<()> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<std::result::Result<Vec<_>, _>>()?;
    let config = Arc::new(
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?,
    );
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for socket in listener.incoming() {
        let (socket, config) = (socket?, config.clone());
        thread::spawn(move || serve(socket, config));
    }
    Ok(())
}

struct Load {
    port: u16,
    word: String,
    requests: usize,
    pause: Duration,
}

fn ask(i: usize, load: &Load, config: Arc<ClientConfig>) -> Result<()> {
    let socket = TcpStream::connect(("127.0.0.1", load.port))?;
    let connection = ClientConnection::new(config, ServerName::try_from("localhost")?)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, socket));
    for n in 0..load.requests {
        thread::sleep(load.pause);
        let body = vec![b'x'; if n % 3 == 2 { 3000 } else { 0 }];
        let method = if body.is_empty() { "GET" } else { "POST" };
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        let head = format!("{method} /{}/{i}/{n} HTTP/1.1\r\nHost: localhost\r\n", load.word);
        write_pieces(stream.get_mut(), &[head.as_bytes(), length.as_bytes(), &body])?;
        message(&mut stream)?.ok_or("no answer")?;
    }
    stream.get_mut().conn.send_close_notify();
    Ok(stream.get_mut().flush()?)
}

fn client(args: &[String]) -> Result<()> {
    let [port, word, connections, requests, version, pause] = args else { return Err("six arguments".into()) };
    let versions: &[&'static SupportedProtocolVersion] =
        if version == "12" { &[&rustls::version::TLS12] } else { &[&rustls::version::TLS13] };
    let config = Arc::new(
        ClientConfig::builder_with_protocol_versions(versions)
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Any))
            .with_no_client_auth(),
    );
    let pause = Duration::from_secs_f64(pause.parse()?);
    let load = Load { port: port.parse()?, word: word.clone(), requests: requests.parse()?, pause };
    thread::scope(|scope| {
        let asking: Vec<_> = (0..connections.parse()?)
            .map(|i| {
                let (load, config) = (&load, config.clone());
                scope.spawn(move || ask(i, load, config))
            })
            .collect();
        asking.into_iter().try_for_each(|asked| asked.join().map_err(|_| "panicked")?)
    })
}

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("server") => server(&args[1], &args[2]),
        Some("client") => client(&args[1..]),
        _ => Err("server or client".into()),
    }
}
