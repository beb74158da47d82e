/** How many connections there may be at the port: on real sockets. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Hono } from 'hono'
import { acceptedAt, listenersAt } from '../../src/access/accepted'
import { Owners, type Peer } from '../../src/access/owner'
import { Connections, limitsWith } from '../../src/api/connections'
import type { Connection } from '../../src/api/guard'
import { type Served, type ServeOptions, serve } from '../../src/api/serve'
import { PATIENCE_MS, until } from '../support/scope'

/** As /proc/PID/fdinfo has it: signals are sent. */
const O_ASYNC = 0o20000

const open: Socket[] = []
const servers: Served[] = []
afterAll(async () => {
  for (const socket of open) socket.destroy()
  for (const server of servers) await server.stop(0)
})

const answering = { fetch: () => new Response('here') }

function start(options: ServeOptions, listen = '127.0.0.1:0'): Served {
  const server = serve(answering, listen, options)
  servers.push(server)
  return server
}

/** Connections that say nothing; how many of them the server has closed. */
async function hold(port: number, count: number, from = '127.0.0.1'): Promise<() => number> {
  let closed = 0
  const all = Array.from({ length: count }, () => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    open.push(socket)
    socket.on('error', () => {})
    socket.on('close', () => closed++)
    socket.resume()
    return new Promise<void>((done) => socket.once('connect', () => done()))
  })
  await Promise.all(all)
  return () => closed
}

/** Whose a connection is, by the address that it is from. */
const byAddress = { of: ({ address }: Peer) => [Number(address.split('.').at(-1))] }

describe('too many connections', () => {
  const limits = { perClient: 10, total: 20 }

  test('those of one client beyond its bound are closed and told, and others are answered', async () => {
    const told: string[] = []
    const { port, url } = start({ limits, owners: byAddress, closed: (clients) => told.push(...clients) })
    const closed = await hold(port, 35, '127.0.0.7')
    await until('25 are closed', () => closed() === 25 || undefined)
    expect(await (await fetch(url)).text()).toBe('here')
    // Two further looks close no more.
    await Bun.sleep(120)
    expect(closed()).toBe(25)
    expect(told).toHaveLength(25)
    expect(new Set(told)).toEqual(new Set(['user id 7']))
  })

  test('one that the web server has not closed yet is told once', async () => {
    const told: string[] = []
    const { port } = start({})
    await hold(port, 35, '127.0.0.8')
    const connections = new Connections({
      port,
      limits,
      owners: byAddress,
      closed: (clients) => told.push(...clients),
    })
    await until('all are accepted', () => acceptedAt(port).length === 35 || undefined)
    // The web server has no turn between these.
    const began = performance.now()
    while (told.length < 25 && performance.now() - began < 5000) connections.look()
    for (let i = 0; i < 5; i++) connections.look()
    expect(told).toHaveLength(25)
  })

  test('many clients together have the total, and each who has little keeps it', async () => {
    const { port, url } = start({ limits, owners: byAddress })
    const few = await hold(port, 2, '127.0.0.2')
    const many = await Promise.all([3, 4, 5].map((last) => hold(port, 12, `127.0.0.${last}`)))
    await until('20 stay', () => many.reduce((sum, closed) => sum + closed(), 0) === 18 || undefined)
    expect(few()).toBe(0)
    expect(many.map((closed) => closed())).toEqual([6, 6, 6])
    expect(await (await fetch(url)).text()).toBe('here')
  })

  test('whose it is not known yet, as the machine is busy, counts for nobody', async () => {
    const slow = {
      of(peer: Peer) {
        Bun.sleepSync(25)
        return byAddress.of(peer)
      },
    }
    const { port } = start({ limits, owners: slow })
    const few = await hold(port, 2, '127.0.0.2')
    const many = await Promise.all([3, 4, 5].map((last) => hold(port, 12, `127.0.0.${last}`)))
    await until('20 stay', () => many.reduce((sum, closed) => sum + closed(), 0) >= 18)
    expect(few()).toBe(0)
    expect(many.map((closed) => closed())).toEqual([6, 6, 6])
  })

  test('while the surplus is closed, the kernel takes no more; then it does again', async () => {
    const { port, url } = start({ limits: { perClient: 2, total: 2 }, owners: byAddress })
    const closed = await hold(port, 60, '127.0.0.9')
    await until('58 are closed', () => closed() === 58 || undefined)
    expect(await (await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })).text()).toBe('here')
  })

  test('while none arrive it rests until the kernel says that one did', async () => {
    const { port } = start({ limits, owners: byAddress })
    const [listener] = listenersAt(port)
    const flags = () => /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${listener}`, 'utf8'))![1]!
    const isResting = () => (Number.parseInt(flags(), 8) & O_ASYNC) !== 0 || undefined
    await until('it rests', isResting)
    const first = await hold(port, 15, '127.0.0.7')
    await until('5 are closed', () => first() === 5 || undefined)
    await until('it rests again', isResting)
    const second = await hold(port, 15, '127.0.0.8')
    await until('5 are closed', () => second() === 5 || undefined)
    expect(first()).toBe(5)
  })

  test('a process that may open little has fewer', () => {
    expect(limitsWith(20_000)).toEqual({ total: 512, perClient: 256 })
    expect(limitsWith(1024)).toEqual({ total: 256, perClient: 128 })
  })
})

describe('where a connection has arrived', () => {
  for (const listen of ['0.0.0.0:0', '[::]:0', 'localhost:0']) {
    test(`${listen}: whose it is, the kernel is asked for it alone, each time`, async () => {
      const owners = new Owners({
        find: (local, remote) => ({ local, remote, state: 1, uid: remote.address.at(-1)!, inode: 1 }),
        list: () => {
          throw new Error('whole tables were read')
        },
      })
      const asked = ((_: Request, { peer, listener }: Connection) =>
        new Response(String(owners.of(peer!, listener!)))) as Pick<Hono, 'fetch'>['fetch']
      const server = serve({ fetch: asked }, listen, { owners })
      servers.push(server)
      const answer = async (host: string) =>
        (await fetch(`http://${host}:${server.port}/`, { headers: { Connection: 'close' } })).text()
      for (const _ of Array.from({ length: 30 })) expect(await answer('localhost')).toBe('1')
      if (listen !== 'localhost:0') expect(await answer('127.0.0.3')).toBe('3')
      if (listen === '[::]:0') expect(await answer('[::1]')).toBe('1')
    })
  }

  test('is not told of a connection that is gone, or never was', () => {
    const connections = new Connections({ port: 1, owners: byAddress })
    expect(connections.localAddress({ address: '127.0.0.1', port: 1 })).toBeUndefined()
    expect(connections.localAddress({ address: 'nonsense', port: 1 })).toBeUndefined()
  })
})
