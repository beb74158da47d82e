/**
 * While the gate changes fifty times a second, ten times as often as it does, each exchange has its row or is counted, never neither,
 * and never both but for this: the two ends of a connection decide a moment apart, and when the draw changes in between, a new
 * connection that takes longer than its client's first rows wait is both. Hooks at the end of calls see a call of one end later
 * than the answer of the other, so that this moment is longer there. Needs root.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { GATE_PORTS, GATE_WHOLE } from '../../src/events/socket-event'
import { HTTP2 } from './http2-program'
import { record } from './recorded'
import { hooks, open, Program, type Traced } from './traced'

const STEP_MS = 20
/** As long as the last calls of a connection that has closed may take to be told. */
const LINGER_MS = 300

/** Other programs can only make that moment longer: where they did, it is looked at once more. None may be missing in any run. */
const RUNS = 3
/** The part of all that may be counted beside its row. */
const TWICE = hooks === 'exit' ? 0.04 : 0.01

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

const shedding = (shed: number) => ({ shed: new Uint16Array(GATE_PORTS).fill(shed) })

/** Runs a program while the gate changes; gives its rows and its counted exchanges. */
async function flap(text: string, table: string) {
  const { sink, streams, drain, count } = record(kernel)
  const drainNext = async () => {
    await Bun.sleep(STEP_MS)
    drain()
  }
  drain()
  const program = new Program(text)
  let isOver = false
  void program.end().finally(() => {
    isOver = true
  })
  const shares = [0, GATE_WHOLE / 2, GATE_WHOLE]
  for (let step = 0; !isOver; step++) {
    kernel.setGate(shedding(shares[step % shares.length]!))
    if (step % 2 === 0) kernel.drawAnew()
    await drainNext()
    if (step % 3 === 0) count()
  }
  kernel.setGate(shedding(0))
  const until = performance.now() + LINGER_MS
  while (performance.now() < until) await drainNext()
  count()
  streams.close()
  count()
  const isOwn = ({ upid }: { upid?: unknown }) => String(upid).split(':')[1] === String(program.pid)
  const rows = sink.rows(table).filter(isOwn).length
  const shed = sink
    .rows('shed_exchanges')
    .filter(isOwn)
    .reduce((sum, { exchanges }) => sum + Number(exchanges), 0)
  return { rows, shed }
}

const HTTP = `
import threading
Q = b'GET /%d HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
A = b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'
def whole(s, n):
    got = b''
    while len(got) < n:
        more = s.recv(65536)
        if not more: raise SystemExit(1)
        got += more
    return got
def answer(d, pause=0):
    left = b''
    while True:
        more = d.recv(65536)
        if not more: break
        left += more
        n = left.count(b'\\r\\n\\r\\n')
        if n:
            left = left[left.rindex(b'\\r\\n\\r\\n') + 4:]
            if pause: time.sleep(pause)
            d.sendall(A * n)
    d.close()
def server(pause=0):
    s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(500)
    def run():
        while True:
            d, _ = s.accept()
            threading.Thread(target=answer, args=(d, pause), daemon=True).start()
    threading.Thread(target=run, daemon=True).start()
    return s.getsockname()
def many(work, count):
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for t in threads: t.start()
    for t in threads: t.join()
`

const DNS = `
import threading
def question(n): return struct.pack('>HHHHHH', n, 0x100, 1, 0, 0, 0) + b'\\x04%04d\\x01a\\x00\\x00\\x01\\x00\\x01' % (n % 10000)
def replies(q): return q[:2] + b'\\x81\\x80' + q[4:6] + b'\\x00\\x01\\x00\\x00\\x00\\x00' + q[12:] + b'\\xc0\\x0c\\x00\\x01\\x00\\x01\\x00\\x00\\x00\\x3c\\x00\\x04\\x7f\\x00\\x00\\x01'
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); to = s.getsockname()
def run():
    while True:
        q, who = s.recvfrom(500)
        s.sendto(replies(q), who)
threading.Thread(target=run, daemon=True).start()
`

/** What waits when its socket is shed is counted then: in the end that may be all. */
const UNANSWERED = 'dns that nobody answers'

const KINDS = {
  'http on connections that stay': [
    'http_events',
    3000,
    `${HTTP}to = server()
def work(n):
    c = socket.create_connection(to)
    for i in range(750): c.sendall(Q % i); whole(c, len(A)); time.sleep(0.0005)
    c.close()
many(work, 4); time.sleep(0.2)`,
  ],
  'http, a connection for each request': [
    'http_events',
    1200,
    `${HTTP}to = server()
def work(n):
    for i in range(300):
        c = socket.create_connection(to); c.sendall(Q % i); whole(c, len(A)); c.close()
many(work, 4); time.sleep(0.2)`,
  ],
  'http that is answered late': [
    'http_events',
    400,
    `${HTTP}to = server(0.03)
def work(n):
    c = socket.create_connection(to)
    for i in range(50): c.sendall(Q % i); whole(c, len(A))
    c.close()
many(work, 8); time.sleep(0.2)`,
  ],
  'http requests that are sent slowly': [
    'http_events',
    120,
    `${HTTP}to = server()
def work(n):
    c = socket.create_connection(to)
    for i in range(15):
        q = Q % i
        for k in range(0, len(q), 6): c.sendall(q[k:k+6]); time.sleep(0.015)
        whole(c, len(A))
    c.close()
many(work, 8); time.sleep(0.2)`,
  ],
  'http/2, many streams at once on connections that stay': [
    'http_events',
    8000,
    `${HTTP2}to = server()
def work(n):
    c = Client(to)
    for i in range(200): c.ask(10, get); c.hear(10); c.c.sendall(frame(6, 0, 0, b'pingping')); time.sleep(0.005)
    c.c.close()
many(work, 4); time.sleep(0.2)`,
  ],
  'http/2, requests before earlier ones have their answers': [
    'http_events',
    4000,
    `${HTTP2}to = server()
def work(n):
    c = Client(to); c.ask(5, get)
    for i in range(199): c.ask(5, get); c.hear(5); time.sleep(0.001)
    c.hear(5); c.c.close()
many(work, 4); time.sleep(0.2)`,
  ],
  'http/2, a connection for some requests': [
    'http_events',
    4000,
    `${HTTP2}to = server()
def work(n):
    for i in range(200): c = Client(to); c.ask(5, get); c.hear(5); c.c.close()
many(work, 4); time.sleep(0.2)`,
  ],
  'calls of gRPC': [
    'http_events',
    4000,
    `${HTTP2}to = server(True)
def work(n):
    c = Client(to)
    for i in range(200): c.ask(5, call); c.hear(5); time.sleep(0.001)
    c.c.close()
many(work, 4); time.sleep(0.2)`,
  ],
  'dns, a socket for each question': [
    'dns_events',
    1500,
    `${DNS}for n in range(1500):
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.sendto(question(n), to); c.recv(500); c.close(); time.sleep(0.0005)
time.sleep(0.2)`,
  ],
  'dns, connected sockets': [
    'dns_events',
    1500,
    `${DNS}for n in range(1500):
    c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.connect(to); c.send(question(n)); c.recv(500); c.close(); time.sleep(0.0005)
time.sleep(0.2)`,
  ],
  'dns, one socket': [
    'dns_events',
    2000,
    `${DNS}c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(2000): c.sendto(question(n), to); c.recv(500); time.sleep(0.0005)
time.sleep(0.2)`,
  ],
  'dns, several questions at once': [
    'dns_events',
    2000,
    `${DNS}c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(0, 2000, 4):
    for k in range(4): c.sendto(question(n + k), to)
    for k in range(4): c.recv(500)
    time.sleep(0.001)
time.sleep(0.2)`,
  ],
  [UNANSWERED]: [
    'dns_events',
    1000,
    `${DNS}silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); silent.bind(('127.0.0.1', 0)); to = silent.getsockname()
cs = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(10)]
for n in range(1000): cs[n % 10].sendto(question(n), to); time.sleep(0.0005)
time.sleep(0.2)`,
  ],
} as const

for (const [kind, [table, asked, text]] of Object.entries(KINDS))
  test(kind, async () => {
    let twice = Number.POSITIVE_INFINITY
    for (let run = 0; run < RUNS && twice > asked * TWICE; run++) {
      const { rows, shed } = await flap(text, table)
      if (kind !== UNANSWERED) expect(rows).toBeGreaterThan(0)
      expect(shed).toBeGreaterThan(0)
      expect(rows + shed).toBeGreaterThanOrEqual(asked)
      twice = rows + shed - asked
    }
    expect(twice).toBeLessThanOrEqual(asked * TWICE)
  })
