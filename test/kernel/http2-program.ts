/** Hand-made ends of HTTP/2, for programs that run under the probe. */

/** Streams of HTTP/2, many at once. A path is spelt out in each request, as fields from before a pause are unknown. */
export const HTTP2 = `
import threading
def frame(kind, flags, stream, body=b''): return len(body).to_bytes(3, 'big') + bytes([kind, flags]) + stream.to_bytes(4, 'big') + body
def frames(left):
    while len(left) >= 9 and len(left) >= 9 + int.from_bytes(left[:3], 'big'):
        n = 9 + int.from_bytes(left[:3], 'big')
        yield left[3], left[4], int.from_bytes(left[5:9], 'big'), left[9:n]
        left = left[n:]
    yield None, None, None, left
PREFACE = b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n' + frame(4, 0, 0)
WINDOW = frame(8, 0, 0, b'\\0\\0\\x10\\0')
MESSAGE = b'\\0\\0\\0\\0\\x06\\x0a\\x04milk'
def head(stream, ends): return frame(1, 5 if ends else 4, stream, b'\\x83\\x86\\x04\\x05/%04d' % (stream % 10000))
def get(stream): return head(stream, True)
def call(stream): return head(stream, False) + frame(0, 1, stream, MESSAGE)
OK = b'\\x88'
CONTENT = b''
def said(stream, is_call):
    if CONTENT: return frame(1, 4, stream, OK) + frame(0, 1, stream, CONTENT)
    if not is_call: return frame(1, 5, stream, OK)
    return frame(1, 4, stream, OK) + frame(0, 0, stream, MESSAGE) + frame(1, 5, stream, b'\\x00\\x0bgrpc-status\\x010')
def answer(d, is_call):
    left = b''
    while True:
        try: more = d.recv(65536)
        except ConnectionResetError: break
        if not more: break
        left += more
        if left.startswith(PREFACE): left = left[len(PREFACE):]; d.sendall(frame(4, 0, 0))
        out = b''
        for kind, flags, stream, body in frames(left):
            if kind is None: left = body
            elif flags & 1 and kind in (0, 1): out += said(stream, is_call)
            elif kind == 6: out += frame(6, 1, 0, body)
        if out: d.sendall(out + WINDOW)
    d.close()
def server(is_call=False):
    s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(500)
    def run():
        while True:
            d, _ = s.accept()
            threading.Thread(target=answer, args=(d, is_call), daemon=True).start()
    threading.Thread(target=run, daemon=True).start()
    return s.getsockname()
class Client:
    def __init__(self, to):
        self.c = socket.create_connection(to); self.c.sendall(PREFACE); self.stream = 1; self.left = b''; self.due = 0
    def ask(self, n, one):
        self.c.sendall(b''.join(one(self.stream + 2 * i) for i in range(n))); self.stream += 2 * n
    def hear(self, n):
        self.due += n
        while self.due > 0:
            more = self.c.recv(65536)
            if not more: raise SystemExit(1)
            self.left += more
            for kind, flags, stream, body in frames(self.left):
                if kind is None: self.left = body
                elif kind in (0, 1) and flags & 1: self.due -= 1
def many(work, count):
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for t in threads: t.start()
    for t in threads: t.join()
`
