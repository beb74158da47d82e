/** Every call that moves data, seen by the probe as the process made it. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { EVENT_DATA } from '../../src/events/socket-event'
import { MMSG } from './messages'
import { drainAll, hooks, open, Program, received, type Seen, sent, type Traced, trace } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

const texts = (events: Seen[]) => events.map((event) => event.payload.toString())

test('every program loads and attaches', () => {
  expect(kernel.probes.filter(({ attached, error }) => !attached || error !== '')).toEqual([])
  const names = kernel.probes.map(({ name }) => name)
  expect(names).toContain('socket_state')
  if (hooks) expect(names).toContain(hooks === 'exit' ? 'sys_exit' : `sent_${hooks}`)
})

describe('tcp', () => {
  const calls: Record<string, { send: string; receive: string; prelude?: string }> = {
    'write and read': { send: "os.write(c.fileno(), b'hello world')", receive: 'os.read(d.fileno(), 100)' },
    'writev and readv': {
      send: "os.writev(c.fileno(), [b'hello', b' ', b'', b'world'])",
      receive: 'os.readv(d.fileno(), [bytearray(3), bytearray(100)])',
    },
    'sendto and recvfrom': { send: "c.send(b'hello world')", receive: 'd.recv(100)' },
    'sendmsg and recvmsg': {
      send: "c.sendmsg([b'hello ', b'world'])",
      receive: 'd.recvmsg_into([bytearray(4), bytearray(90)])',
    },
    'sendmmsg and recvmmsg': {
      prelude: MMSG,
      send: "m, k = mmsg([[b'hello', b' '], [b'world']]); assert libc.sendmmsg(c.fileno(), m, 2, 0) == 2",
      receive: 'm, k = mmsg([[bytes(6)], [bytes(5)]]); assert libc.recvmmsg(d.fileno(), m, 2, 0, None) == 2',
    },
  }
  for (const [name, { prelude = '', send, receive }] of Object.entries(calls)) {
    test(name, async () => {
      const events = await trace(kernel, `${prelude}\nc, d = pair()\n${send}\n${receive}\n`)
      const [out, into] = [sent(events), received(events)]
      expect(texts(out).join('')).toBe('hello world')
      expect(texts(into).join('')).toBe('hello world')
      expect(out[0]!.offset).toBe(into[0]!.offset)
      expect(out[0]!.local).toBe(into[0]!.remote)
      expect(out[0]!.remote).toBe(into[0]!.local)
      expect(out.reduce((sum, event) => sum + event.size, 0)).toBe(11)
    })
  }

  test("a read that reaches the peer's FIN is at its place", async () => {
    const events = await trace(
      kernel,
      `c, d = pair(); c.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
c.send(b'first'); c.send(b'last'); c.shutdown(socket.SHUT_WR); until(lambda: is_in(d, PEER_CLOSED))
assert d.recv(5) == b'first'; assert d.recv(100) == b'last'; assert d.recv(100) == b''`,
    )
    expect(received(events).map(({ offset, size }) => [offset, size])).toEqual(
      sent(events).map(({ offset, size }) => [offset, size]),
    )
  })

  test('sendfile tells the length only', async () => {
    const events = await trace(
      kernel,
      "c, d = pair(); f = open('/etc/passwd','rb'); n = os.sendfile(c.fileno(), f.fileno(), 0, 50); assert n == 50\nd.recv(100)\n",
    )
    expect(sent(events).map(({ size, payload }) => [size, payload.length])).toEqual([[50, 0]])
    expect(sent(events)[0]!.offset).toBe(received(events)[0]!.offset)
  })

  test('a peek is no read', async () => {
    const events = await trace(
      kernel,
      `c, d = pair(); c.send(b'abc'); d.recv(3, socket.MSG_PEEK); d.recvmsg(3, 0, socket.MSG_PEEK); d.recv(3)`,
    )
    expect(texts(received(events))).toEqual(['abc'])
  })

  test('files and pipes are no sockets; calls that fail move nothing', async () => {
    const events = await trace(
      kernel,
      `r, w = os.pipe(); os.write(w, b'x'); os.read(r, 1); open('/dev/null', 'wb').write(b'y')
c, d = pair(); d.setblocking(False)
try: d.recv(10)
except BlockingIOError: pass
`,
    )
    expect(events).toEqual([])
  })

  test('more pieces than a record takes go on in the next', async () => {
    const events = await trace(
      kernel,
      "c, d = pair(); os.writev(c.fileno(), [b'%02d' % i for i in range(40)]); d.recv(100)",
    )
    const want = Array.from({ length: 40 }, (_, i) => String(i).padStart(2, '0')).join('')
    expect(texts(sent(events)).join('')).toBe(want)
    expect(sent(events).reduce((sum, event) => sum + event.size, 0)).toBe(80)
  })

  test('pid and start are those of the process, in time order', async () => {
    const before = kernel.now()
    const program = new Program("c, d = pair(); c.send(b'x'); d.recv(1); step()")
    await program.ready()
    const stat = readFileSync(`/proc/${program.pid}/stat`, 'utf8')
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    program.go()
    await program.end()
    const seen = drainAll(kernel).filter(({ kind, pid }) => kind === EVENT_DATA && pid === program.pid)
    expect(seen.length).toBe(2)
    for (const { startTicks: ticks, timeNs } of seen) {
      expect(ticks).toBe(startTicks)
      expect(timeNs).toBeGreaterThan(before)
      expect(timeNs).toBeLessThan(kernel.now())
    }
  })
})

describe('addresses', () => {
  test('IPv6', async () => {
    const events = await trace(kernel, "c, d = pair(socket.AF_INET6, '::1'); c.send(b'six'); d.recv(3)")
    expect(events[0]!.remote.split(' ')[0]).toBe('::1')
    expect(events[0]!.local.split(' ')[0]).toBe('::1')
  })

  test('IPv4 through an IPv6 socket is IPv4', async () => {
    const events = await trace(
      kernel,
      `s = socket.socket(socket.AF_INET6); s.bind(('::', 0)); s.listen()
c = socket.create_connection(('127.0.0.1', s.getsockname()[1])); d, _ = s.accept(); c.send(b'map'); d.recv(3)`,
    )
    expect(received(events)[0]!.local.split(' ')[0]).toBe('127.0.0.1')
    expect(received(events)[0]!.remote.split(' ')[0]).toBe('127.0.0.1')
  })
})

describe('udp', () => {
  test('datagrams with their peers, whole', async () => {
    const events = await trace(
      kernel,
      `a = socket.socket(type=socket.SOCK_DGRAM); b = socket.socket(type=socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0)); b.bind(('127.0.0.1', 0))
a.sendto(b'question', b.getsockname()); b.recvfrom(100)
b.sendmsg([b'ans', b'wer'], [], 0, a.getsockname()); a.recvmsg(100)
`,
    )
    expect(texts(events)).toEqual(['question', 'question', 'answer', 'answer'])
    expect(events.every((event) => event.transport === 'udp' && event.offset === 0)).toBe(true)
    const [question, asked, answer, answered] = events as [Seen, Seen, Seen, Seen]
    expect(question.remote).toBe(asked.local)
    expect(asked.remote).toBe(question.local)
    expect(answer.remote).toBe(question.local)
    expect(answered.remote).toBe(answer.local)
  })

  test('sendmmsg and recvmmsg: one record per datagram', async () => {
    const events = await trace(
      kernel,
      `${MMSG}
a = socket.socket(type=socket.SOCK_DGRAM); b = socket.socket(type=socket.SOCK_DGRAM)
b.bind(('127.0.0.1', 0)); a.connect(b.getsockname())
m, k = mmsg([[b'one', b'!'], [b'two']]); assert libc.sendmmsg(a.fileno(), m, 2, 0) == 2
m, k = mmsg([[bytes(50)], [bytes(50)]]); assert libc.recvmmsg(b.fileno(), m, 2, 0, None) == 2
`,
    )
    expect(texts(events)).toEqual(['one!', 'two', 'one!', 'two'])
    expect(events.map((event) => event.size)).toEqual([4, 3, 4, 3])
  })

  test.each([
    ['tcp', 'c, d = pair(); c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)'],
    [
      'udp',
      "d = socket.socket(type=socket.SOCK_DGRAM); d.bind(('127.0.0.1', 0)); c = socket.socket(type=socket.SOCK_DGRAM); c.connect(d.getsockname())",
    ],
  ])('a thousand messages in one call: each is seen (%s)', async (kind, ends) => {
    drainAll(kernel)
    const program = new Program(`${MMSG}
${ends}
c.send(b'12345'); m, k = mmsg([[b'x' * (1 + i % 7)] for i in range(1024)]); assert libc.sendmmsg(c.fileno(), m, 1024, 0) == 1024
c.send(b'end'); step()`)
    await program.ready()
    const out = sent(drainAll(kernel).filter(({ pid }) => pid === program.pid))
    let counted = {}
    kernel.totals(({ connId, bytesSent, lostEvents }) => {
      if (connId === out[0]!.connId) counted = { bytesSent, lostEvents }
    })
    program.go()
    await program.end()
    const sizes = Array.from({ length: 1024 }, (_, i) => 1 + (i % 7))
    const bytes = sizes.reduce((sum, size) => sum + size)
    expect(counted).toEqual({ bytesSent: 5 + bytes + 3, lostEvents: 0 })
    expect(out.map(({ size }) => size)).toEqual([5, ...sizes, 3])
    expect(out.every(({ size, payload }) => payload.length === size)).toBe(true)
    if (kind === 'udp') return
    expect(out[1]!.offset).toBe((out[0]!.offset + 5) >>> 0)
    expect(out.at(-1)!.offset).toBe((out[0]!.offset + 5 + bytes) >>> 0)
  })

  test('a datagram longer than its buffer, told by MSG_TRUNC, is captured as far as the buffer goes', async () => {
    const events = await trace(
      kernel,
      `b = socket.socket(type=socket.SOCK_DGRAM); b.bind(('127.0.0.1', 0))
a = socket.socket(type=socket.SOCK_DGRAM); a.sendto(b'x' * 300, b.getsockname()); b.recv(10, socket.MSG_TRUNC)`,
    )
    const into = received(events)[0]!
    expect([into.size, into.payload.length]).toEqual([300, 10])
  })
})

test('unix sockets are counted only', async () => {
  const events = await trace(kernel, "a, b = socket.socketpair(); a.send(b'x'); b.recv(1)")
  expect(events).toEqual([])
})
