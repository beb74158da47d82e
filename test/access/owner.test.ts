/** Whose process is at the other end: on real sockets, and out of tables with what an attacker would put there. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { addressBytes } from '../../src/access/address'
import { Owners, type Tables } from '../../src/access/owner'
import { socketsOf } from '../../src/access/proc-net'
import type { End, Socket } from '../../src/access/sockets'
import { until } from '../support/scope'

const OWN = process.getuid!()
const ESTABLISHED = 1
const FIN_WAIT2 = 5
const TIME_WAIT = 6
const LISTEN = 10

const end = (address: string, port: number): End => ({ address: addressBytes(address)!, port })

const socket = (over: Partial<Socket> = {}): Socket => ({
  local: end('127.0.0.1', 40000),
  remote: end('127.0.0.1', 6494),
  state: ESTABLISHED,
  uid: 1000,
  inode: 77,
  ...over,
})

const tables = (found: Socket | undefined, listed: readonly Socket[] = []): Tables => ({
  find: () => found,
  list: () => listed,
})
const PEER = { address: '127.0.0.1', port: 40000 }
const AT = { address: '127.0.0.1', port: 6494 }
const ofTables = (
  found: Socket | undefined,
  listed?: readonly Socket[],
  at: { address?: string; port: number } = AT,
) => new Owners(tables(found, listed)).of(PEER, at)

describe('a socket of the tables', () => {
  test('is its account’s', () => expect(ofTables(socket())).toEqual([1000]))

  test('that was closed is nobody’s, though the kernel says root', () => {
    expect(ofTables(socket({ uid: 0, inode: 0, state: FIN_WAIT2 }))).toEqual([])
    expect(ofTables(socket({ uid: 0, inode: 0, state: TIME_WAIT }))).toEqual([])
    expect(ofTables(undefined, [socket({ uid: 0, inode: 0, state: TIME_WAIT })])).toEqual([])
  })

  test('is not the one that listens on its port', () => {
    const listener = socket({ uid: 0, state: LISTEN, remote: end('0.0.0.0', 0) })
    expect(ofTables(listener)).toEqual([])
    expect(ofTables(socket({ uid: 0, remote: end('127.0.0.2', 6494) }))).toEqual([])
  })

  test('from another machine is nobody’s here, whatever the tables hold', () => {
    const owners = new Owners(tables(socket({ local: end('198.51.100.7', 40000), uid: 0 })))
    expect(owners.of({ address: '198.51.100.7', port: 40000 }, AT)).toEqual([])
    expect(owners.of({ address: 'nonsense', port: 40000 }, AT)).toEqual([])
  })

  test('one of several that fit: all of them', () => {
    const other = socket({ uid: 0, remote: end('127.0.0.2', 6494) })
    expect(ofTables(undefined, [socket(), other], { port: 6494 })).toEqual([1000, 0])
    expect(ofTables(undefined, [socket(), socket({ uid: 0, inode: 0 })], { port: 6494 })).toEqual([])
    expect(ofTables(undefined, [socket(), other])).toEqual([1000])
  })

  test('once the kernel answers, no answer is no socket: whole tables are not read for strangers', () => {
    let found: Socket | undefined = socket()
    let lists = 0
    const owners = new Owners({ find: () => found, list: () => [socket({ uid: lists++ })] })
    expect(owners.of(PEER, AT)).toEqual([1000])
    found = undefined
    expect(owners.of(PEER, AT)).toEqual([])
    expect(lists).toBe(0)
  })

  test('reading whole tables takes a fifth of the time at most', () => {
    let lists = 0
    const owners = new Owners({
      find: () => undefined,
      list: () => {
        lists++
        Bun.sleepSync(5)
        return [socket()]
      },
    })
    const started = performance.now()
    while (performance.now() < started + 150 || lists < 2) owners.of(PEER, AT)
    // Each takes 5 ms at the least, and is followed by a pause of four times that.
    expect(lists).toBeLessThanOrEqual((performance.now() - started) / 25 + 1)
  })
})

test('/proc/net/tcp and tcp6 as the kernel writes them', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9C40 0100007F:195E 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:195E 01 00000000:00000000 00:00000000 00000000  1001        0 4712 1 0 20 4 30 10 -1
   2: 00000000000000000000000001000000:9C40 00000000000000000000000001000000:195E 01 00000000:00000000 00:00000000 00000000  1002        0 4713 1 0 20 4 30 10 -1
   3: 0100007F:9C41 0100007F:195E 01 00000000:00000000 00:00000000 00000000     0        0 4714 1 0 20 4 30 10 -1`
  const found = socketsOf(text, 40000, 6494)
  expect(found.map(({ uid }) => uid)).toEqual([1000, 1001, 1002])
  expect(found.map(({ inode }) => inode)).toEqual([4711, 4712, 4713])
  expect(found[0]!.local).toEqual(end('127.0.0.1', 40000))
  expect(found[1]!.local).toEqual(end('127.0.0.1', 40000))
  expect(found[2]!.local).toEqual(end('::1', 40000))
})

test('addresses in all their forms', () => {
  const hex = (text: string) => Buffer.from(addressBytes(text) ?? []).toString('hex')
  const mapped = '00000000000000000000ffff7f000001'
  expect(['127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:127.0.0.1'].map(hex)).toEqual(
    new Array(4).fill(mapped),
  )
  expect(hex('fe80::1%eth0')).toBe('fe800000000000000000000000000001')
  expect(hex('::')).toBe('0'.repeat(32))
  expect(hex('1::')).toBe(`0001${'0'.repeat(28)}`)
  for (const bad of [
    '',
    'localhost',
    '256.0.0.1',
    '1:2',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '::g',
    '1.2.3',
    ':1',
  ])
    expect(hex(bad), bad).toBe('')
})

describe('real connections', () => {
  const owners = new Owners()
  /** What is asked of the kernel while the request is there. */
  let seen: readonly number[] = []
  let ask = () => {}
  const serve = (hostname: string, address?: string) =>
    Bun.serve({
      hostname,
      port: 0,
      fetch: (request, server) => {
        const peer = server.requestIP(request)!
        ask()
        seen = owners.of(peer, { ...(address && { address }), port: server.port! })
        return new Response(String(seen))
      },
    })
  const servers = { v4: serve('127.0.0.1', '127.0.0.1'), v6: serve('::1', '::1'), all: serve('::') }
  afterAll(() => {
    for (const server of Object.values(servers)) server.stop(true)
  })

  const as = async (uid: number | undefined, url: string): Promise<string> => {
    const under = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, '--clear-groups']
    const child = Bun.spawn([...under, 'curl', '-s', '--noproxy', '*', '-m', '60', url], { stdout: 'pipe' })
    return new Response(child.stdout).text()
  }

  /** Reading whole tables rests in between, so that it may take several. */
  const answered = (uid: number | undefined, url: string) =>
    until(`an answer of ${url}`, async () => (await as(uid, url)) || undefined)

  const urls = () => [
    `http://127.0.0.1:${servers.v4.port}/`,
    `http://[::ffff:127.0.0.1]:${servers.v4.port}/`,
    `http://[::1]:${servers.v6.port}/`,
    `http://127.0.0.1:${servers.all.port}/`,
    `http://[::1]:${servers.all.port}/`,
    `http://[::ffff:127.0.0.1]:${servers.all.port}/`,
    `http://127.0.0.3:${servers.all.port}/`,
  ]

  test('IPv4, IPv6 and IPv4-mapped: this account’s', async () => {
    for (const url of urls()) {
      expect(await answered(undefined, url), url).toBe(String(OWN))
    }
  })

  test.skipIf(OWN !== 0)('and another account’s (needs root)', async () => {
    for (const url of urls()) {
      expect(await answered(65534, url), url).toBe('65534')
    }
  })

  test('who asks and hangs up at once is nobody', async () => {
    const script = `import socket,sys
s=socket.create_connection(('127.0.0.1',int(sys.argv[1])))
s.sendall(b'GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n')
s.close()`
    seen = [-1]
    const sender = Bun.spawn(['python3', '-c', script, String(servers.v4.port)])
    const isGone = () => /^State:\s*Z/m.test(readFileSync(`/proc/${sender.pid}/status`, 'utf8'))
    // The request is looked at once its sender is gone: nobody has taken its exit code by then, as this thread waits here.
    ask = () => {
      for (let tries = 0; tries < 10_000 && !isGone(); tries++) Bun.sleepSync(1)
    }
    await sender.exited
    await until('the request was looked at', () => seen[0] !== -1)
    expect(seen).toEqual([])
    ask = () => {}
  })
})
