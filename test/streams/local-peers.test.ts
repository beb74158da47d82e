/** Both ends of a connection on one node: who records, and who is whose. */
import { describe, expect, test } from 'bun:test'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN, type Role } from '../../src/records/types'
import { End } from '../../src/streams/end'
import { LocalPeers } from '../../src/streams/local-peers'

const CLIENT = ['10.0.0.1', 40_000] as const
const SERVER = ['10.0.0.2', 80] as const

type Address = readonly [string, number]

function endOf(role: Role, local: Address, remote: Address, upid: string): End {
  const [localAddr, localPort] = local
  const [remoteAddr, remotePort] = remote
  const end = new End({ localAddr, localPort, remoteAddr, remotePort }, role)
  end.belongsTo(upid)
  return end
}

const client = (to: Address = SERVER) => endOf(ROLE_CLIENT, CLIENT, to, 'client')
const server = (at: Address = SERVER, upid = 'server') => endOf(ROLE_SERVER, at, CLIENT, upid)

describe('who records', () => {
  test('the server, once it does; not before', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(c)
    peers.join(s)
    expect(peers.has(c)).toBe(false)
    peers.records(s)
    expect([peers.has(c), peers.has(s)]).toEqual([true, false])
  })

  test('in whatever order they are seen', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(s)
    peers.records(s)
    peers.join(c)
    expect(peers.has(c)).toBe(true)
  })

  test('a server that isn’t on this node doesn’t', () => {
    const peers = new LocalPeers()
    const s = server()
    peers.join(s)
    peers.records(s)
    expect(peers.has(endOf(ROLE_CLIENT, ['10.0.0.1', 40_001], SERVER, 'other'))).toBe(false)
    expect(peers.has(endOf(ROLE_CLIENT, CLIENT, ['10.0.0.2', 81], 'other'))).toBe(false)
    expect(peers.has(endOf(ROLE_UNKNOWN, CLIENT, SERVER, 'other'))).toBe(false)
  })

  test('a later server on the same addresses records only when it says so', () => {
    const peers = new LocalPeers()
    const c = client()
    const [first, second] = [server(), server()]
    peers.join(first)
    peers.records(first)
    peers.join(second)
    expect(peers.has(c)).toBe(false)
    peers.records(first)
    expect(peers.has(c)).toBe(false)
    peers.records(second)
    expect(peers.has(c)).toBe(true)
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
    expect(peers.has(client(['192.0.2.9', 443]))).toBe(false)
  })
})

describe('an end that has closed', () => {
  test('is known for a while, for the one that is read later, and then forgotten', () => {
    const peers = new LocalPeers()
    const [c, s] = [client(), server()]
    peers.join(s)
    peers.records(s)
    peers.leave(s, 1e9)
    peers.forget(5e9)
    expect(peers.has(c)).toBe(true)
    peers.forget(12e9)
    expect(peers.has(c)).toBe(false)
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
    expect(peers.has(c)).toBe(true)
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
    expect(peers.has(client())).toBe(false)
  })
})
