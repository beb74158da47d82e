/** What an event says about the calls around it: bytes that were there unread, and a thread that didn't sleep. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EVENT_DATA, EVENT_FOUND, RECEIVED, SENT } from '../../src/events/socket-event'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { drainAll, open, Program, type Traced, trace } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

/** The data events of one role's end, as a flag of each in order. */
async function flags(
  role: number,
  flag: 'unread' | 'awake',
  code: string,
): Promise<(readonly [string, boolean])[]> {
  const events = await trace(kernel, code)
  return events
    .filter((event) => event.role === role)
    .map((event) => [`${event.direction === SENT ? 'sent' : 'received'} ${event.payload}`, event[flag]])
}

describe('bytes that had come, and were not read when this was sent', () => {
  test('are told at the end that sends', async () => {
    const code = `c, d = pair()
c.send(b'one'); d.recv(9); d.send(b'first'); c.recv(9); c.send(b'two'); d.recv(9); d.send(b'second'); d.send(b'third')
c.recv(6); c.send(b'three'); c.recv(9); c.send(b'four')`
    expect(await flags(ROLE_CLIENT, 'unread', code)).toEqual([
      ['sent one', false],
      ['received first', false],
      ['sent two', false],
      ['received second', false],
      ['sent three', true],
      ['received third', false],
      ['sent four', false],
    ])
  })
})

/** A client of its own asks, three times, each time when the server sleeps. */
const SERVER = `
c, d = pair()
if os.fork() == 0:
    for i in range(3): until(lambda: sleeps(os.getppid())); c.send(b'ask'); c.recv(99)
    os._exit(0)
c.close()
`

describe('a thread that did not sleep since the last event', () => {
  test('answers in one go', async () => {
    const seen = await flags(ROLE_SERVER, 'awake', `${SERVER}\nwhile d.recv(99): d.send(b'at once')`)
    const turn = [
      ['received ask', false],
      ['sent at once', true],
    ] as const
    expect(seen).toEqual([...turn, ...turn, ...turn])
  })

  test('and one that slept does not', async () => {
    const seen = await flags(
      ROLE_SERVER,
      'awake',
      `${SERVER}\nwhile d.recv(99): time.sleep(0.02); d.send(b'later')`,
    )
    expect(seen.map(([, isAwake]) => isAwake)).toEqual(Array(6).fill(false))
  })

  test('neither does another thread', async () => {
    const code = `import threading
c, d = pair(); c.send(b'ask'); d.recv(9)
other = threading.Thread(target=lambda: d.send(b'by another')); other.start(); other.join()`
    expect((await flags(ROLE_SERVER, 'awake', code)).at(-1)).toEqual(['sent by another', false])
  })
})

test('a connection that is found at rest stands where its next bytes begin', async () => {
  const program = new Program(`c, d = pair(); c.send(b'past'); d.recv(9); d.send(b'before'); c.recv(9); step()
c.send(b'x'); d.recv(1); d.send(b'y'); c.recv(1); step()`)
  await program.ready()
  const late = open()
  try {
    const found = drainAll(late).filter(({ kind, pid }) => kind === EVENT_FOUND && pid === program.pid)
    expect(found.length).toBe(2)
    program.go()
    await program.ready()
    const data = drainAll(late).filter(({ kind, pid }) => kind === EVENT_DATA && pid === program.pid)
    expect(data.length).toBe(4)
    for (const { connId, direction, offset } of data) {
      const place = found.find((event) => event.connId === connId)!
      expect(offset).toBe(direction === RECEIVED ? place.offset : place.sentOffset!)
    }
  } finally {
    program.kill()
    late.close()
  }
})
