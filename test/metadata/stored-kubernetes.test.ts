/** Who had an address when, and which of two objects with one name is meant. */
import { describe, expect, test } from 'bun:test'
import { openKubernetes } from '../../src/metadata/stored-kubernetes'
import type { Entity, StoredPod } from '../../src/records/entities'
import { entity } from '../support/entities'
import { entitySource } from './kubernetes-of'

const pod = (id: string, startNs: number, fields: Partial<StoredPod> = {}) =>
  entity('pod', id, {
    id,
    name: `shop/${id}`,
    namespace: 'shop',
    startNs: String(startNs),
    stopNs: '0',
    ips: ['10.0.0.7'],
    addressFromNs: String(startNs),
    addressToNs: '0',
    ...fields,
  })

const at = (entities: readonly Entity[], time?: number) =>
  openKubernetes(entitySource(entities)).podAt('10.0.0.7', time === undefined ? undefined : BigInt(time))?.id

describe('an address that two pods had', () => {
  const pods = [pod('old', 100, { stopNs: '200', addressToNs: '210' }), pod('new', 300)]

  test('is the old one’s until that ended, the new one’s from then on', () => {
    expect(at(pods, 150)).toBe('old')
    expect(at(pods, 209)).toBe('old')
    // Before the cluster told of it, but the old one had let go.
    expect(at(pods, 250)).toBe('new')
    expect(at(pods, 400)).toBe('new')
    expect(at(pods)).toBe('new')
  })

  test('before all that is known it was the first one’s', () => {
    expect(at(pods, 1)).toBe('old')
  })

  test('one whose end nobody saw does not get the rows of the younger one, nor loses its own', () => {
    const unseen = [pod('old', 100), pod('new', 300, { stopNs: '400', addressToNs: '400' })]
    expect(at(unseen, 150)).toBe('old')
    expect(at(unseen, 350)).toBe('new')
  })
})

test('of two pods with one name the living one is meant, of two past ones the younger', () => {
  const named = (id: string, startNs: number, stopNs: string) =>
    pod(id, startNs, { name: 'shop/web', stopNs })
  const byName = (entities: readonly Entity[]) =>
    openKubernetes(entitySource(entities)).pods.byName('shop/web')?.id
  expect(byName([named('a', 1, '0'), named('b', 2, '5')])).toBe('a')
  expect(byName([named('a', 1, '3'), named('b', 2, '5')])).toBe('b')
})
