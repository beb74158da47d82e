/** Both ends of a connection on one node: who records, and who is whose. */
import { describe, expect, test } from 'bun:test'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN, type Role } from '../../src/records/types'
import { End } from '../../src/streams/end'
import { LocalPeers } from '../../src/streams/local-peers'

const CLIENT = ['10.0.0.1', 40_000] as const
const SERVER = ['10.0.0.2', 80] as const

type Address = readonly [string, number]

/** What an end of TCP sends first; of datagrams nothing is known. */
interface Begins {
  readonly netns?: number
  readonly firstSent?: number
  readonly firstReceived?: number
}

function endOf(role: Role, local: Address, remote: Address, upid: string, begins: Begins = {}): End {
  const [localAddr, localPort] = local
  const [remoteAddr, remotePort] = remote
  const where = { netns: 0, firstSent: 0, firstReceived: 0, ...begins }
  const end = new End({ localAddr, localPort, remoteAddr, remotePort, ...where }, role)
  end.belongsTo(upid)
  return end
}

const client = (to: Address = SERVER) => endOf(ROLE_CLIENT, CLIENT, to, 'client')
const server = (at: Address = SERVER, upid = 'server') => endOf(ROLE_SERVER, at, CLIENT, upid)

/** Whether the record of this end, which is only looked at, is left to the other. */
function has(peers: LocalPeers, end: End): boolean {
  peers.join(end)
  return peers.has(end)
}

describe('who records', () => {
  test('the server, once it does; not before', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(c)
    peers.join(s)
    expect(has(peers, c)).toBe(false)
    peers.records(s)
    expect([peers.has(c), peers.has(s)]).toEqual([true, false])
  })

  test('in whatever order they are seen', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(s)
    peers.records(s)
    peers.join(c)
    expect(has(peers, c)).toBe(true)
  })

  test('a server that isn’t on this node doesn’t', () => {
    const peers = new LocalPeers()
    const s = server()
    peers.join(s)
    peers.records(s)
    expect(has(peers, endOf(ROLE_CLIENT, ['10.0.0.1', 40_001], SERVER, 'other'))).toBe(false)
    expect(has(peers, endOf(ROLE_CLIENT, CLIENT, ['10.0.0.2', 81], 'other'))).toBe(false)
    expect(has(peers, endOf(ROLE_UNKNOWN, CLIENT, SERVER, 'other'))).toBe(false)
  })

  test('a later server on the same addresses records only when it says so', () => {
    const peers = new LocalPeers()
    const c = client()
    const [first, second] = [server(), server()]
    peers.join(first)
    peers.records(first)
    peers.join(second)
    expect(has(peers, c)).toBe(false)
    peers.records(first)
    expect(has(peers, c)).toBe(false)
    peers.records(second)
    expect(has(peers, c)).toBe(true)
  })
})

describe('who is whose', () => {
  test('each learns of the other, also when one changes hands', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(c)
    peers.join(s)
    expect([c.remoteUpid, s.remoteUpid]).toEqual(['server', 'client'])
    s.belongsTo('worker')
    peers.join(s)
    expect(c.remoteUpid).toBe('worker')
  })

  test('behind a service’s address the one that answers is found', () => {
    const peers = new LocalPeers()
    peers.services = new Set(['10.96.0.7'])
    const [c, s] = [client(['10.96.0.7', 443]), server()]
    peers.join(c)
    peers.join(s)
    peers.records(s)
    expect([peers.has(c), c.remoteUpid, s.remoteUpid]).toEqual([true, 'server', 'client'])
    expect(has(peers, client(['192.0.2.9', 443]))).toBe(false)
  })
})

describe('ends of TCP', () => {
  const began = {
    client: { firstSent: 111, firstReceived: 999 },
    server: { firstSent: 999, firstReceived: 111 },
  }

  test('are matched by where both streams began, whatever their addresses are', () => {
    const peers = new LocalPeers()
    const c = endOf(ROLE_CLIENT, ['10.0.0.1', 1], ['192.0.2.1', 80], 'client', began.client)
    const s = endOf(ROLE_SERVER, ['172.17.0.2', 8080], ['172.17.0.1', 2], 'server', began.server)
    const other = endOf(ROLE_CLIENT, ['10.0.0.1', 1], ['192.0.2.1', 80], 'other', {
      ...began.client,
      firstReceived: 998,
    })
    for (const end of [c, s, other]) peers.join(end)
    peers.records(s)
    expect([c, other].map((end) => peers.has(end))).toEqual([true, false])
    expect([c.remoteUpid, s.remoteUpid, other.remoteUpid]).toEqual(['server', 'client', ''])
  })
})

test('equal loopback addresses in two network namespaces are no matter', () => {
  const peers = new LocalPeers()
  const at = ['127.0.0.1', 53] as const
  const from = ['127.0.0.1', 40_000] as const
  const s = endOf(ROLE_SERVER, at, from, 'server', { netns: 1 })
  peers.join(s)
  peers.records(s)
  const [same, elsewhere] = [1, 2].map((netns) => endOf(ROLE_CLIENT, from, at, 'client', { netns }))
  expect([has(peers, same!), has(peers, elsewhere!)]).toEqual([true, false])
})

describe('an end that has closed', () => {
  test('is known for a while, for the one that is read later, and then forgotten', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(s)
    peers.records(s)
    peers.leave(s, 1e9)
    peers.forget(5e9)
    expect(has(peers, c)).toBe(true)
    peers.forget(12e9)
    expect(has(peers, c)).toBe(false)
  })

  test('doesn’t take a later one on the same addresses with it', () => {
    const peers = new LocalPeers()
    const c = client()
    const [first, second] = [server(), server()]
    peers.join(first)
    peers.leave(first, 1e9)
    peers.join(second)
    peers.records(second)
    peers.forget(60e9)
    expect(has(peers, c)).toBe(true)
  })

  test('is forgotten also when its role became another', () => {
    const peers = new LocalPeers()
    const end = endOf(ROLE_SERVER, SERVER, CLIENT, 'server')
    peers.join(end)
    peers.records(end)
    // The bytes say that it is the client.
    end.takesRole(ROLE_CLIENT)
    peers.join(end)
    peers.leave(end, 1e9)
    peers.forget(60e9)
    expect(has(peers, client())).toBe(false)
  })
})
