/** Heads and bodies that go in large calls, or in calls of many pieces: their sizes are exact. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { curl } from '../support/clients'
import { isRoot, Nixie } from '../support/nixie'
import { Scope } from '../support/scope'
import { type Server, startNode } from '../support/servers'

/** Room for all that a test says, also where the machine leaves the capture thread no time between two calls. */
const RING_BYTES = 256 << 20

/** Both ends of one connection, so that the test says which calls the bytes go in. */
const BOTH_ENDS = `
import socket, sys, threading, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
c = socket.create_connection(s.getsockname()); d, _ = s.accept()
for end in (c, d): end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20); end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
def take(end, n, most=1 << 20):
    while n: n -= len(end.recv(min(n, most)))
def move(out, into, parts, most=1 << 20):
    data = b''.join(parts)
    t = threading.Thread(target=take, args=(into, len(data), most)); t.start()
    while parts:
        sent = out.sendmsg(parts[:1024])
        while parts and sent >= len(parts[0]): sent -= len(parts[0]); parts = parts[1:]
        if sent: parts = [parts[0][sent:]] + parts[1:]
    t.join()
def head(*lines): return ('\\r\\n'.join(lines) + '\\r\\n\\r\\n').encode()
def chunked(sizes): return [b'%x\\r\\n' % n + b'x' * n + b'\\r\\n' for n in sizes] + [b'0\\r\\n\\r\\n']
def ask(path, *lines, body=b''): move(c, d, [head('POST ' + path + ' HTTP/1.1', 'Host: a', 'Content-Length: %d' % len(body), *lines) + body])
def say(*parts):
    move(d, c, [b for p in parts for b in p])
    print('answered', flush=True); sys.stdin.readline()
CHUNKED = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')
`

describe.skipIf(!isRoot)('large calls (needs root)', () => {
  const scope = new Scope('large')
  let server: Server
  let nixie: Nixie
  let older: ReturnType<typeof olderConnection>
  let idle: ReturnType<typeof olderConnection>
  beforeAll(async () => {
    server = await startNode(scope)
    older = olderConnection(IN_A_BODY)
    idle = olderConnection(AT_REST)
    await Promise.all([older.isUnderWay, idle.isUnderWay])
    nixie = await Nixie.start(scope, { flags: ['--ring-bytes', String(RING_BYTES), '--cpu-budget', 'off'] })
  })
  afterAll(() => scope.close())

  /** It is in the middle of a large body when Nixie starts. */
  const IN_A_BODY = `
parts = [head('PUT /older-0 HTTP/1.1', 'Host: a', 'Content-Length: 60000000')] + [b'x' * 60000] * 1000
move(c, d, parts[:100]); print('ready', flush=True); sys.stdin.readline()
move(c, d, parts[100:]); OK = head('HTTP/1.1 200 OK', 'Content-Length: 2') + b'ok'; say([OK])
for i in range(1, 4):
    time.sleep((0, 1.2, 2.4, 0)[i]) # As those that collect something and send it now and then: so it is seen that it waits for answers.
    move(c, d, [head('PUT /older-%d HTTP/1.1' % i, 'Host: a', 'Content-Length: 30000000')] + [b'x' * 60000] * 500, 60000); say([OK])`

  /** It says nothing before Nixie starts, and then all of a message in one call. */
  const AT_REST = `
print('ready', flush=True); sys.stdin.readline()
for i in range(3): ask('/idle-%d' % i, 'Cookie: ' + 'x' * 200000); say([CHUNKED + b''.join(chunked([8000] * 125))]); time.sleep(0.4)`

  /** A connection that is older than Nixie, and goes on when it is told to. */
  function olderConnection(program: string) {
    const child = begin(program)
    return {
      isUnderWay: child.next(),
      goOn: () => {
        child.goOn()
        return child.end()
      },
    }
  }

  /**
   * The ring is read in its order: when a later exchange has its row, the kernel knows how much of the next calls is wanted. What
   * comes sooner is cut, and counted.
   */
  async function allIsRead(): Promise<void> {
    const path = `/hello?read-${crypto.randomUUID()}`
    await curl(server.port, path)
    await nixie.waitForRows(path, 1)
  }

  /** Runs a program, which waits behind each answer until all that was said is read. */
  function begin(program: string) {
    const options = { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' } as const
    const child = Bun.spawn(['python3', '-c', `${BOTH_ENDS}\n${program}`], options)
    scope.defer(() => child.kill())
    const reader = child.stdout.getReader()
    const next = () => reader.read()
    const goOn = () => {
      child.stdin.write('\n')
      child.stdin.flush()
    }
    const end = async () => {
      while (!(await next()).done) {
        await allIsRead()
        goOn()
      }
      return child.exited
    }
    return { next, goOn, end }
  }

  test('a connection that was in a large body when Nixie began is recorded from its next message on', async () => {
    expect(await older.goOn()).toBe(0)
    const rows = await nixie.waitForRows('/older-', 3)
    expect(rows.map((row) => [row.req_path, row.req_body_size])).toEqual(
      [1, 2, 3].map((i) => [`/older-${i}`, 30_000_000]),
    )
  })

  test('of a connection that was at rest the first calls are taken whole', async () => {
    expect(await idle.goOn()).toBe(0)
    const rows = await nixie.waitForRows('/idle-', 3)
    expect(rows.map((row) => [row.req_path, row.resp_body_size])).toEqual(
      [0, 1, 2].map((i) => [`/idle-${i}`, 1_000_000]),
    )
  })

  async function sizes(
    name: string,
    program: string,
    rows: number,
  ): Promise<Array<[string, number, number]>> {
    expect(await begin(program).end()).toBe(0)
    const found = await nixie.waitForRows(name, rows)
    return found.map((row) => [row.req_path, row.req_body_size, row.resp_body_size])
  }

  test('a head of 60 KB in the first call of a connection', async () => {
    const program = `ask('/head-first', 'Cookie: ' + 'x' * 60000); say([CHUNKED], chunked([5]))`
    expect(await sizes('head-first', program, 1)).toEqual([['/head-first', 0, 5]])
  })

  test('heads of 200 KB later on', async () => {
    const program = `
for i in range(3): ask('/later-%d' % i, 'Cookie: ' + 'x' * 200000); say([CHUNKED], chunked([5]))`
    expect(await sizes('later-', program, 3)).toHaveLength(3)
  })

  test('chunked bodies, written and read in calls of up to 1 MiB', async () => {
    const program = `
for i in range(5): ask('/chunked-%d' % i); say([CHUNKED + b''.join(chunked([8000] * 125))])`
    const want = Array.from({ length: 5 }, (_, i) => [`/chunked-${i}`, 0, 1_000_000])
    expect(await sizes('chunked-', program, 5)).toEqual(want as never)
  })

  test('chunked bodies in calls beyond what is captured: each exchange has its row', async () => {
    const program = `
for i in range(5): ask('/beyond-%d' % i); say([CHUNKED + b''.join(chunked([5] * 120000))])`
    const found = await sizes('beyond-', program, 5)
    expect(found.map(([path]) => path).toSorted()).toEqual(
      Array.from({ length: 5 }, (_, i) => `/beyond-${i}`),
    )
    for (const [, , size] of found) expect(size).toBeLessThanOrEqual(120_000 * 10)
  })

  test('chunked bodies in many small pieces', async () => {
    const program = `
for i in range(5): ask('/pieces-%d' % i); say([CHUNKED], [b for q in chunked([5] * 100) for b in (q[:3], q[3:-2], q[-2:])])`
    const want = Array.from({ length: 5 }, (_, i) => [`/pieces-${i}`, 0, 500])
    expect(await sizes('pieces-', program, 5)).toEqual(want as never)
  })

  test('chunked bodies after bodies of known length that are left out', async () => {
    const program = `
for i in range(3):
    ask('/after-known-%d' % i, body=b'y' * (20 << 20)); say([head('HTTP/1.1 200 OK', 'Content-Length: 30000000') + b'z' * 30000000])
    ask('/after-%d' % i); say([CHUNKED + b''.join(chunked([60000] * 16))])`
    const want = Array.from({ length: 3 }, (_, i) => [
      [`/after-known-${i}`, 20 << 20, 30_000_000],
      [`/after-${i}`, 0, 960_000],
    ]).flat()
    expect((await sizes('after-', program, 6)).toSorted()).toEqual(want.toSorted() as never)
  })
})
