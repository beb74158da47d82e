"""An HTTP server of Python that keeps its own log. Prints its port; argument: the log file (a JSON object per line)."""

import gzip
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LOG = open(sys.argv[1], "a", buffering=1)
ITEMS = json.dumps({"items": [{"id": i, "name": f"item {i}"} for i in range(200)]}, separators=(",", ":")).encode()
TEXT = {"Content-Type": "text/plain"}
ANSWERS = {
    "/hello": (200, TEXT, [b"hello\n"]),
    "/json": (200, {"Content-Type": "application/json"}, [b'{"ok":true}']),
    "/chunked": (200, TEXT, [f"chunk {i}\n".encode() for i in range(5)]),
    "/gzip": (200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, [gzip.compress(ITEMS)]),
    "/large": (200, TEXT, [b"0123456789" * 10_000]),
    "/binary": (200, {"Content-Type": "application/octet-stream"}, [bytes(i % 256 for i in range(1024))]),
    "/not-modified": (304, {"ETag": '"1"'}, []),
    "/item": (204, {}, []),
    "/secret": (200, {**TEXT, "Set-Cookie": "session=hunter2"}, [b"hello\n"]),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, body):
        url = urlsplit(self.path)
        if url.path == "/echo":
            return 200, TEXT, [body]
        if url.path == "/slow":
            time.sleep(int(parse_qs(url.query)["ms"][0]) / 1000)
            return 200, TEXT, [b"slow\n"]
        return ANSWERS.get(url.path, (404, TEXT, [b"nothing here\n"]))

    def serve(self):
        started = time.perf_counter_ns()
        body = self.body()
        status, headers, parts = self.answer(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        chunked = len(parts) > 1
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif status not in (204, 304):
            self.send_header("Content-Length", str(sum(map(len, parts))))
        self.end_headers()
        if self.command != "HEAD":
            for part in parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        line = {
            "method": self.command,
            "path": self.path,
            "status": status,
            "req_body_size": len(body),
            "resp_body_size": 0 if self.command == "HEAD" else sum(map(len, parts)),
            "latency": time.perf_counter_ns() - started,
            "remote_port": self.client_address[1],
        }
        LOG.write(json.dumps(line) + "\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
