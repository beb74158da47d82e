import { expect, test } from 'bun:test'
import { readPeers } from '../../src/peers/peers'
import type { Entity } from '../../src/store/store'

const entity = (kind: string, key: string, value: Record<string, unknown>): Entity => ({
  kind,
  key,
  value: { startNs: '1', stopNs: '0', ...value },
  firstSeenMs: 0,
  lastSeenMs: 0,
})

const pod = (key: string, node: string, ip: string, changes: Record<string, unknown> = {}) =>
  entity('pod', key, {
    name: `nixie/${key}`,
    namespace: 'nixie',
    node,
    ip,
    labels: { 'app.kubernetes.io/name': 'nixie' },
    status: { state: 'Running', message: '', reason: '' },
    ...changes,
  })

function sourceOf(entities: readonly Entity[]) {
  const found = (kind: string) => entities.filter((e) => e.kind === kind).map((e) => [e.key, e] as const)
  return { entities: (kind: string) => new Map(found(kind)) }
}

const cluster = entity('cluster', 'this', { ownNamespace: 'nixie' })
const addresses = (entities: readonly Entity[]) =>
  Object.fromEntries(readPeers(sourceOf([cluster, ...entities]), 'a').nodes.map((n) => [n.name, n.address]))

test("nodes have the address of Nixie's living pod there", () => {
  expect(
    addresses([
      entity('node', 'n1', { name: 'a' }),
      entity('node', 'n2', { name: 'b' }),
      entity('node', 'n3', { name: 'c' }),
      entity('node', 'n4', { name: 'gone', stopNs: '5' }),
      pod('p1', 'a', '10.0.0.1'),
      pod('p2', 'b', '10.0.0.2'),
      pod('p3', 'c', '10.0.0.3', { stopNs: '9' }),
      pod('p4', 'c', '10.0.0.4', { status: { state: 'Pending', message: '', reason: '' } }),
      pod('p5', 'c', '10.0.0.5', { labels: { 'app.kubernetes.io/name': 'web' } }),
      pod('p6', 'c', '10.0.0.6', { namespace: 'shop' }),
    ]),
  ).toEqual({ a: '10.0.0.1', b: '10.0.0.2', c: '' })
})

test('the younger pod answers while one replaces the other', () => {
  const young = pod('p2', 'b', '10.0.0.2', { startNs: '2' })
  expect(addresses([young, pod('p1', 'b', '10.0.0.1')]).b).toBe('10.0.0.2')
})

test('without a cluster there is this node', () => {
  expect(readPeers(sourceOf([]), 'box')).toEqual({
    namespace: '',
    nodes: [{ name: 'box', address: '', own: true }],
  })
})
