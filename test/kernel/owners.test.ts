/** Connections that never move data: opened, closed, and whose they are. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EVENT_CLOSE, EVENT_DATA, EVENT_FOUND, EVENT_OPEN } from '../../src/events/socket-event'

import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { drainAll, open, Program, type Seen, type Traced } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

const LISTEN = "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()"
/** Ends a connection by a reset. */
const RESET = "setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))"

/** Runs a program that prints the port it listens on when it is at its first `step()`; gives the events about that port. */
async function run(text: string): Promise<{ pid: number; events: Seen[] }> {
  drainAll(kernel)
  const program = new Program(
    text.replace('PORT()', 'print(s.getsockname()[1], flush=True); sys.stdin.readline()'),
  )
  const port = (await program.ready()).trim()
  program.go()
  await program.end()
  const events = drainAll(kernel).filter(({ local, remote }) =>
    [local, remote].some((end) => end.endsWith(` ${port}`)),
  )
  return { pid: program.pid, events }
}

/** [kind, pid, comm] of a side's events. */
const told = (events: Seen[], role: number) =>
  events.filter((event) => event.role === role).map(({ kind, pid, comm }) => [kind, pid, comm])

describe('a connection without data', () => {
  test.each([
    ['the client closes first', 'c.close(); d.recv(1); d.close()'],
    ['the server closes first', 'd.close(); c.recv(1); c.close()'],
    ['the client resets', `c.${RESET}; c.close(); until(lambda: is_in(d, CLOSED)); d.close()`],
    ['the server resets', `d.${RESET}; d.close(); until(lambda: is_in(c, CLOSED)); c.close()`],
  ])('opens and closes at both ends, with its owner: %s', async (_, end) => {
    const { pid, events } = await run(
      `${LISTEN}\nPORT()\nc = socket.create_connection(s.getsockname()); d, _ = s.accept()\n${end}`,
    )
    for (const role of [ROLE_CLIENT, ROLE_SERVER])
      expect(told(events, role)).toEqual([
        [EVENT_OPEN, pid, 'python3'],
        [EVENT_CLOSE, pid, 'python3'],
      ])
    for (const { kind, totals } of events)
      if (kind === EVENT_CLOSE)
        expect(totals).toEqual({ bytesSent: 0, bytesReceived: 0, lostEvents: 0, shedExchanges: 0 })
  })

  test('each end has the process that connected or accepted, whoever listens', async () => {
    const { pid, events } = await run(`${LISTEN}\nPORT()
accepted, tell = os.pipe()
if os.fork() == 0:
    open('/proc/self/comm', 'w').write('acceptor'); d, _ = s.accept(); os.write(tell, b'x'); d.recv(1); os._exit(0)
if os.fork() == 0:
    open('/proc/self/comm', 'w').write('connector'); c = socket.create_connection(s.getsockname()); os.read(accepted, 1); os._exit(0)
os.wait(); os.wait()`)
    for (const [role, name] of [
      [ROLE_SERVER, 'acceptor'],
      [ROLE_CLIENT, 'connector'],
    ] as const) {
      const own = told(events, role)
      expect(own.map(([kind, , comm]) => [kind, comm])).toEqual([
        [EVENT_OPEN, name],
        [EVENT_CLOSE, name],
      ])
      expect(own.every(([, owner]) => owner !== pid && owner !== 0)).toBe(true)
    }
  })

  test('one that does not wait for its connect has its owner', async () => {
    const { pid, events } = await run(`${LISTEN}\nPORT()
c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); d, _ = s.accept(); until(lambda: is_in(c, ESTABLISHED)); c.close(); d.close()`)
    expect(told(events, ROLE_CLIENT).map(([kind, owner]) => [kind, owner])).toEqual([
      [EVENT_OPEN, pid],
      [EVENT_CLOSE, pid],
    ])
  })

  test("what nobody accepts is the listener's", async () => {
    const { pid, events } = await run(`${LISTEN}\nPORT()
for i in range(3): c = socket.create_connection(s.getsockname()); c.${RESET}; c.close()
s.close()`)
    const server = told(events, ROLE_SERVER)
    expect(server.length).toBe(6)
    expect(server.every(([, owner]) => owner === pid)).toBe(true)
  })

  test('one that is over before it is accepted is told once, and what it reads then is marked', async () => {
    const { pid, events } = await run(`${LISTEN}\nPORT()
port = ':%04X' % s.getsockname()[1]
def is_over(): return not any(port in line and line.split()[3] == '01' for line in open('/proc/net/tcp'))
c = socket.create_connection(s.getsockname()); c.send(b'late'); c.${RESET}; c.close(); until(is_over)
d, _ = s.accept()
try: d.recv(9)
except ConnectionResetError: pass
d.close()`)
    const server = events.filter((event) => event.role === ROLE_SERVER)
    expect(new Set(server.map(({ connId }) => connId)).size).toBe(1)
    const [first, second, ...rest] = server
    expect([first!.kind, first!.pid, second!.kind, second!.pid]).toEqual([EVENT_OPEN, pid, EVENT_CLOSE, pid])
    expect(rest.every(({ kind, afterClose }) => kind === EVENT_DATA && afterClose)).toBe(true)
  })

  test('a connect that is refused is no connection', async () => {
    const { events } = await run(`${LISTEN}\na = s.getsockname()\nPORT()
s.close()
try: socket.create_connection(a)
except ConnectionRefusedError: pass`)
    expect(events).toEqual([])
  })

  test('one that stays open is told once it is accepted, at the latest when totals are asked for', async () => {
    drainAll(kernel)
    const program = new Program('c, d = pair(); step(); step()')
    await program.ready()
    kernel.totals(() => {})
    const opened = drainAll(kernel).filter(({ kind, pid }) => kind === EVENT_OPEN && pid === program.pid)
    expect(opened.map(({ role }) => role).toSorted()).toEqual([ROLE_CLIENT, ROLE_SERVER])
    program.kill()
  })
})

test('connections older than the probe, at rest: whose they are and which side', async () => {
  // No listener is left that would tell the side.
  const program = new Program(`c, d = pair(); c.send(b'past'); d.recv(9); e, f = pair(); step()
c.send(b'x'); d.recv(1); step()`)
  await program.ready()
  const late = open()
  try {
    const found = drainAll(late).filter(({ kind, pid }) => kind === EVENT_FOUND && pid === program.pid)
    expect(found.map(({ role, comm }) => [role, comm]).toSorted()).toEqual([
      [ROLE_CLIENT, 'python3'],
      [ROLE_CLIENT, 'python3'],
      [ROLE_SERVER, 'python3'],
      [ROLE_SERVER, 'python3'],
    ])
    program.go()
    await program.ready()
    const data = drainAll(late).filter(({ kind, pid }) => kind === EVENT_DATA && pid === program.pid)
    expect(data.length).toBe(2)
    for (const { connId } of data) expect(found.map((event) => event.connId)).toContain(connId)
  } finally {
    program.kill()
    late.close()
  }
})

test("Nixie's own connections are nobody's", async () => {
  drainAll(kernel)
  const opened = Promise.withResolvers<void>()
  const ended = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data() {}, open: () => opened.resolve(), close: () => ended[0]!.resolve() },
  })
  const client = await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: { data() {}, close: () => ended[1]!.resolve() },
  })
  await opened.promise
  client.end()
  await Promise.all(ended.map(({ promise }) => promise))
  server.stop(true)
  const own = drainAll(kernel).filter(({ local, remote }) =>
    [local, remote].some((end) => end.endsWith(` ${server.port}`)),
  )
  expect(own.length).toBeGreaterThan(0)
  expect(own.every(({ pid }) => pid === 0)).toBe(true)
})
