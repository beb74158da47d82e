/** What is too much for user space is counted in the kernel, whole exchanges at a time, and no event is sent. Needs root. */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import {
  EVENT_CLOSE,
  EVENT_DATA,
  GATE_PORTS,
  GATE_WHOLE,
  RECEIVED,
  SENT,
} from '../../src/events/socket-event'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { drainAll, open, Program, type Seen, type Traced } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterEach(() => kernel.setGate(NONE))
afterAll(() => kernel.close())

/** So many connections at every port. */
const shedding = (shed: number) => ({ shed: new Uint16Array(GATE_PORTS).fill(shed) })
const ALL = shedding(GATE_WHOLE)
const NONE = shedding(0)

const CONVERSATION = `c, d = pair()
for end in (c, d): end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def ask(n): c.send(b'ask%d' % n); d.recv(100)
def say(n): d.send(b'say%d' % n); c.recv(100)
def turns(count):
    for n in range(count): ask(n); say(n)
`

/** Events of one process until its connections are closed: a record that another CPU is still writing holds up those behind it. */
function drainOf(pid: number, isAll: (seen: readonly Seen[]) => boolean): Seen[] {
  const seen: Seen[] = []
  for (let tries = 0; tries < 100 && !isAll(seen); tries++)
    seen.push(...drainAll(kernel).filter((event) => event.pid === pid))
  return seen
}

const isClosed = (seen: readonly Seen[]) => seen.filter(({ kind }) => kind === EVENT_CLOSE).length >= 2

/** Runs the steps of a program, with something done before each but the first; gives its events. */
async function steps(text: string, between: readonly ((pid: number) => void)[]): Promise<Seen[]> {
  drainAll(kernel)
  const program = new Program(text)
  try {
    for (const act of between) {
      await program.ready()
      act(program.pid)
      program.go()
    }
    await program.end()
    return drainOf(program.pid, isClosed)
  } finally {
    program.kill()
  }
}

const dataOf = (seen: readonly Seen[], role: number) =>
  seen
    .filter((event) => event.kind === EVENT_DATA && event.role === role)
    .map(({ direction, payload, afterShed }) => [direction, payload.toString(), afterShed])

const closeOf = (seen: readonly Seen[], role: number) =>
  seen.find((event) => event.kind === EVENT_CLOSE && event.role === role)!

test('of a connection that is shed only bytes and exchanges are told, at both ends', async () => {
  const seen = await steps(`${CONVERSATION}step(); turns(25); c.close(); d.close()`, [
    () => kernel.setGate(ALL),
  ])
  for (const role of [ROLE_SERVER, ROLE_CLIENT]) {
    expect(dataOf(seen, role)).toEqual([])
    const { totals, afterShed } = closeOf(seen, role)
    const bytes = 10 * 4 + 15 * 5
    expect(totals).toEqual({ bytesSent: bytes, bytesReceived: bytes, lostEvents: 0, shedExchanges: 25 })
    expect(afterShed).toBe(true)
  }
})

test('an exchange is captured or counted as a whole, and what follows a shed one says so', async () => {
  const text = `${CONVERSATION}ask(1); step(); say(1); turns(3); ask(2); step(); say(2); ask(3); say(3)
d.shutdown(socket.SHUT_RDWR); c.close(); d.close()`
  const seen = await steps(text, [() => kernel.setGate(ALL), () => kernel.setGate(NONE)])
  expect(dataOf(seen, ROLE_SERVER)).toEqual([
    [RECEIVED, 'ask1', false],
    [SENT, 'say1', false],
    [RECEIVED, 'ask3', true],
    [SENT, 'say3', false],
  ])
  expect(closeOf(seen, ROLE_SERVER)).toMatchObject({ afterShed: false, totals: { shedExchanges: 4 } })
  expect(closeOf(seen, ROLE_CLIENT)).toMatchObject({ afterShed: false, totals: { shedExchanges: 4 } })
})

const MANY = `ends = [pair() for _ in range(300)]
def all():
    for c, d in ends: c.send(b'a'); d.recv(9); d.send(b'b'); c.recv(9)
`

/** Which connections were captured, by the port of their client: at the one end and at the other. */
const captured = (seen: readonly Seen[], role: number) =>
  new Set(
    seen
      .filter((event) => event.kind === EVENT_DATA && event.role === role)
      .map(({ local, remote }) => (role === ROLE_CLIENT ? local : remote).split(' ')[1]),
  )

test('which connections are shed is drawn by lot, the same for both ends, and anew when it is said', async () => {
  const third = shedding(Math.round((GATE_WHOLE * 2) / 3))
  const rounds: Set<unknown>[] = []
  const take = (pid: number) => {
    const seen = drainOf(pid, (events) => captured(events, ROLE_CLIENT).size >= 60)
    const servers = captured(seen, ROLE_SERVER)
    expect(captured(seen, ROLE_CLIENT)).toEqual(servers)
    rounds.push(servers)
  }
  await steps(`${MANY}step(); all(); step(); all(); step(); all(); step()`, [
    () => {
      kernel.setGate(third)
      kernel.drawAnew()
    },
    take,
    (pid) => {
      take(pid)
      kernel.drawAnew()
    },
    take,
  ])
  for (const { size } of rounds) {
    expect(size).toBeGreaterThan(60)
    expect(size).toBeLessThan(140)
  }
  expect(rounds[1]).toEqual(rounds[0]!)
  expect(rounds[2]!.intersection(rounds[0]!).size).toBeLessThan(70)
})

test('what goes one way without an answer is shed within two draws', async () => {
  const once = () => kernel.drawAnew()
  const seen = await steps(
    `${CONVERSATION}ask(1); step(); ask(2); step(); ask(3); step(); ask(4); c.close(); d.close()`,
    [() => kernel.setGate(ALL), once, once],
  )
  expect(dataOf(seen, ROLE_SERVER).map(([, payload]) => payload)).toEqual(['ask1', 'ask2', 'ask3'])
  // The exchange that was under way is counted.
  expect(closeOf(seen, ROLE_SERVER).totals).toMatchObject({ shedExchanges: 1 })
})

test('only what is served at a port that takes too much is shed, at both ends', async () => {
  const text = `ends = [pair(), pair()]
def all(n):
    for i, (c, d) in enumerate(ends): c.send(b'%d-%d' % (n, i)); d.recv(9); d.send(b'yes'); c.recv(9)
all(1); step(); all(2)
for c, d in ends: c.close(); d.close()`
  const shedFirst = (pid: number) => {
    const first = drainOf(pid, (seen) => dataOf(seen, ROLE_SERVER).length >= 4).find(
      ({ role, payload }) => role === ROLE_SERVER && payload.toString() === '1-0',
    )!
    const { shed } = shedding(0)
    shed[Number(first.local.split(' ')[1]) % GATE_PORTS] = GATE_WHOLE
    kernel.setGate({ shed })
  }
  const seen = await steps(text, [shedFirst])
  for (const role of [ROLE_SERVER, ROLE_CLIENT])
    expect(dataOf(seen, role).map(([, payload]) => payload)).toEqual(['2-1', 'yes'])
})

test('one connection is shed when its verdict says so, at once', async () => {
  const shed = (pid: number) => {
    const { connId } = drainOf(pid, (seen) => dataOf(seen, ROLE_SERVER).length > 0).find(
      ({ role, kind }) => role === ROLE_SERVER && kind === EVENT_DATA,
    )!
    kernel.setVerdict(connId, { action: 'capture', cap: 4096, isShed: true })
  }
  const seen = await steps(`${CONVERSATION}ask(1); step(); ask(2); say(2); turns(3); c.close(); d.close()`, [
    shed,
  ])
  expect(dataOf(seen, ROLE_SERVER)).toEqual([])
  expect(closeOf(seen, ROLE_SERVER)).toMatchObject({ afterShed: true, totals: { shedExchanges: 3 } })
})

/** Requests of the server's end that were captured: how many, and of how many each. */
const requestsOf = (seen: readonly Seen[]) =>
  seen.filter(
    ({ kind, role, direction }) => kind === EVENT_DATA && role === ROLE_SERVER && direction === RECEIVED,
  )

test('before a ring that nobody reads is full exchanges are counted, not cut and not lost; who says little has all captured', async () => {
  const small = open({ ringBytes: 1 << 20 })
  const long = CONVERSATION.replace("b'ask%d' % n", "b'a' * 700").replace('d.recv(100)', 'd.recv(1000)')
  const loud = new Program(`${long}turns(3000); step(); turns(100); c.close(); d.close()`)
  const quiet = new Program(`${CONVERSATION}step(); turns(5); c.close(); d.close()`)
  try {
    await quiet.ready()
    await loud.ready()
    expect(small.fill()).toBeGreaterThan(0.4)
    quiet.go()
    await quiet.end()
    const first = drainAll(small)
    loud.go()
    await loud.end()
    const all = [...first, ...drainAll(small)]
    const seen = all.filter(({ pid }) => pid === loud.pid)
    const requests = requestsOf(seen)
    const { totals } = closeOf(seen, ROLE_SERVER)
    expect(totals!.shedExchanges).toBeGreaterThan(1500)
    expect(requests.length + totals!.shedExchanges).toBe(3100)
    expect(new Set(requests.map(({ payload }) => payload.length))).toEqual(new Set([700]))
    // Others on the machine have the ring, too: theirs may be lost.
    expect(totals!.lostEvents).toBe(0)
    const others = all.filter(({ pid }) => pid === quiet.pid)
    expect(requestsOf(others).map(({ payload }) => payload.toString())).toEqual([
      'ask0',
      'ask1',
      'ask2',
      'ask3',
      'ask4',
    ])
    expect(closeOf(others, ROLE_SERVER).totals!.shedExchanges).toBe(0)
  } finally {
    quiet.kill()
    loud.kill()
    small.close()
  }
})

test('without a budget nothing is shed, whatever the gate says and however full the ring is', async () => {
  const small = open({ ringBytes: 1 << 20, isGated: false })
  small.setGate(ALL)
  const program = new Program(`${CONVERSATION}turns(30); step(); turns(6000); step(); c.close(); d.close()`)
  try {
    await program.ready()
    const own = ({ pid }: Seen) => pid === program.pid
    expect(requestsOf(drainAll(small).filter(own)).length).toBe(30)
    program.go()
    await program.ready()
    drainAll(small)
    program.go()
    await program.end()
    const close = closeOf(drainAll(small).filter(own), ROLE_SERVER)
    expect(close).toMatchObject({ afterShed: false, totals: { shedExchanges: 0 } })
    expect(close.totals!.lostEvents).toBeGreaterThan(0)
  } finally {
    program.kill()
    small.close()
  }
})
