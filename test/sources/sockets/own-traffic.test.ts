import { describe, expect, test } from 'bun:test'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN, type Role } from '../../../src/records/types'
import { ownListener } from '../../../src/sources/sockets/own-traffic'
import { Wire } from '../../streams/wire'

const isOwn = ownListener('127.0.0.1:6494')
const event = (role: Role, local: [string, number], remote: [string, number]) =>
  new Wire({ role, local, remote }).request('GET / HTTP/1.1\r\n\r\n')

describe("Nixie's own traffic", () => {
  test.each([
    ['over IPv4', '127.0.0.1'],
    ['at another address of loopback', '127.0.0.2'],
    ['over IPv6', '::1'],
  ])('a client %s', (_, address) => {
    expect(isOwn(event(ROLE_CLIENT, [address, 40_000], [address, 6494]))).toBe(true)
    expect(isOwn(event(ROLE_UNKNOWN, [address, 40_000], [address, 6494]))).toBe(true)
  })

  test('a client at an address of the node', () => {
    expect(isOwn(event(ROLE_CLIENT, ['10.0.0.1', 40_000], ['10.0.0.1', 6494]))).toBe(true)
  })

  test('not a server whose client happens to have the same port', () => {
    expect(isOwn(event(ROLE_SERVER, ['127.0.0.1', 80], ['127.0.0.2', 6494]))).toBe(false)
  })

  test('not a server elsewhere', () => {
    expect(isOwn(event(ROLE_CLIENT, ['10.0.0.1', 40_000], ['10.0.0.2', 6494]))).toBe(false)
    expect(isOwn(event(ROLE_CLIENT, ['127.0.0.1', 40_000], ['127.0.0.1', 6495]))).toBe(false)
  })
})
