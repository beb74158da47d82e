// Connects by TLS to PORT as NAME, asks for /java, and prints version, cipher suite and protocol; then waits for the end of its input.
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

class TlsClient {
  public static void main(String[] args) throws Exception {
    TrustManager[] all = { new X509TrustManager() {
      public void checkClientTrusted(X509Certificate[] chain, String type) {}
      public void checkServerTrusted(X509Certificate[] chain, String type) {}
      public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    } };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, all, null);
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(args[0]));
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(java.util.List.of(new SNIHostName(args[1])));
    parameters.setApplicationProtocols(new String[] { "http/1.1" });
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    String request = "GET /java HTTP/1.1\r\nHost: " + args[1] + "\r\nConnection: close\r\n\r\n";
    socket.getOutputStream().write(request.getBytes());
    socket.getInputStream().readAllBytes();
    SSLSession session = socket.getSession();
    System.out.println(session.getProtocol() + "\n" + session.getCipherSuite() + "\n" + socket.getApplicationProtocol());
    socket.close();
    System.in.read();
  }
}
