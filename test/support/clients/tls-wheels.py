"""HTTPS requests by libraries that bring their own TLS. Arguments: library, URL, certificate, connections, requests of each, seconds before
each request. Each path ends with the connection's and the request's number."""

import sys
import threading
import time

LIBRARY, URL, CERTIFICATE = sys.argv[1:4]
CONNECTIONS, REQUESTS, PAUSE = int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
HOST, PORT = URL.removeprefix("https://").split("/")[0].split(":")


def with_pycurl(i):
    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.SSL_VERIFYPEER, 0)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    for n in range(REQUESTS):
        time.sleep(PAUSE)
        curl.setopt(pycurl.URL, f"{URL}/pycurl/{i}/{n}")
        curl.perform_rs()
    curl.close()


def with_curl_cffi(i):
    from curl_cffi import CurlHttpVersion, requests

    with requests.Session(verify=False, http_version=CurlHttpVersion.V1_1) as session:
        for n in range(REQUESTS):
            time.sleep(PAUSE)
            session.get(f"{URL}/curl_cffi/{i}/{n}").raise_for_status()


def with_pyopenssl(i):
    import socket

    from OpenSSL import SSL

    connection = SSL.Connection(SSL.Context(SSL.TLSv1_2_METHOD), socket.create_connection((HOST, int(PORT))))
    connection.set_connect_state()
    connection.do_handshake()
    for n in range(REQUESTS):
        time.sleep(PAUSE)
        connection.sendall(f"GET /pyopenssl/{i}/{n} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(16384)
        head, body = answer.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        while len(body) < length:
            body += connection.recv(16384)
    connection.shutdown()
    connection.close()


def with_psycopg(i):
    """The TLS begins at once; PostgreSQL's own way is to ask for it first."""
    import psycopg

    settings = f"host={HOST} port={PORT} user=any dbname=any sslmode=require sslnegotiation=direct"
    with psycopg.connect(settings, autocommit=True) as connection:
        for n in range(REQUESTS):
            connection.execute(f"LOCK TABLE psycopg_{i}_{n}")


def with_confluent_kafka():
    """librdkafka asks for a token before it connects, and again when it has none."""
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "group.id": "any",
            "bootstrap.servers": "127.0.0.1:1",
            "security.protocol": "sasl_plaintext",
            "sasl.mechanisms": "OAUTHBEARER",
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.client.id": "any",
            "sasl.oauthbearer.client.secret": "any",
            "sasl.oauthbearer.token.endpoint.url": f"{URL}/confluent_kafka/0/0",
            "https.ca.location": CERTIFICATE,
        }
    )
    consumer.poll(REQUESTS * max(PAUSE, 0.2))
    consumer.close()


if LIBRARY == "confluent_kafka":
    with_confluent_kafka()
else:
    work = {"pycurl": with_pycurl, "curl_cffi": with_curl_cffi, "pyopenssl": with_pyopenssl, "psycopg": with_psycopg}[LIBRARY]
    threads = [threading.Thread(target=work, args=(i,)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
