import { expect, test } from 'bun:test'
import { readPeers } from '../../src/peers/peers'
import type { Entity, StoredPod } from '../../src/records/entities'
import { entitiesOf, entity } from '../support/entities'

const pod = (key: string, node: string, ip: string, changes: Partial<StoredPod> = {}) =>
  entity('pod', key, {
    startNs: '1',
    stopNs: '0',
    name: `nixie/${key}`,
    namespace: 'nixie',
    node,
    ip,
    labels: { 'app.kubernetes.io/name': 'nixie' },
    status: { state: 'Running', message: '', reason: '' },
    ...changes,
  })

const node = (key: string, name: string, stopNs = '0') => entity('node', key, { name, startNs: '1', stopNs })

const cluster = entity('cluster', 'this', { ownNamespace: 'nixie' })
const addresses = (entities: readonly Entity[]) =>
  Object.fromEntries(readPeers(entitiesOf([cluster, ...entities]), 'a').nodes.map((n) => [n.name, n.address]))

test("nodes have the address of Nixie's living pod there", () => {
  expect(
    addresses([
      node('n1', 'a'),
      node('n2', 'b'),
      node('n3', 'c'),
      node('n4', 'gone', '5'),
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
  expect(readPeers(entitiesOf([]), 'box')).toEqual({
    namespace: '',
    nodes: [{ name: 'box', address: '', own: true }],
  })
})
