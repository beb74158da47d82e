/** What the pages make of the cluster's objects. */
import { describe, expect, test } from 'bun:test'
import type { ClusterStatus } from '../../src/api/status'
import type { Entity, StoredObject } from '../../src/records/entities'
import { clusterOf } from '../../ui/cluster'
import { type Kind, namesOf } from '../../ui/entities'
import { entitiesOf, entity } from '../support/entities'
import { HOSTILE, host, status } from './fixture'

const NOW = 10_000_000
const CLUSTER: ClusterStatus = { synced: true, objects: { pod: 3 }, errors: {} }

const object = (name: string, changes: Partial<StoredObject> = {}) => {
  return { id: name, name, namespace: name.split('/')[0]!, stopNs: '0', ...changes }
}

const pod = (name: string, state: string, reason = '', changes: Partial<StoredObject> = {}, seenMs = NOW) => {
  const value = { ...object(name, changes), node: 'n1', status: { state, reason, message: '' } }
  return entity('pod', name, value, seenMs)
}

const OBJECTS: readonly Entity[] = [
  entity('namespace', 'calm', object('calm')),
  entity('namespace', 'shop', object('shop')),
  entity('node', 'n1', object('n1')),
  entity('service', 'shop/web', object('shop/web')),
  pod('shop/web-1', 'Running'),
  pod('shop/web-2', 'Pending', 'ImagePullBackOff'),
  pod('shop/job-1', 'Succeeded', '', { stopNs: '5' }),
  pod('shop/evicted', 'Failed', 'Evicted', { stopNs: '5' }),
  pod('shop/deleted', 'Failed', '', { stopNs: '5' }, 0),
  pod('shop/gone', 'Terminating', 'Error', { stopNs: '5' }),
  pod('shop/looping', 'Running', 'CrashLoopBackOff'),
  pod(`shop/${HOSTILE}`, 'Unknown'),
  pod('calm/a', 'Running'),
]

describe('the cluster', () => {
  const summary = clusterOf(entitiesOf(OBJECTS), CLUSTER, NOW)

  test('tells pods that are not well, the worst first, and none that ended well or long ago', () => {
    expect(summary.troubles.map(({ pod: name }) => name)).toEqual([
      'shop/evicted',
      `shop/${HOSTILE}`,
      'shop/web-2',
      'shop/looping',
    ])
  })

  test('counts by namespace and node, those with trouble first', () => {
    expect(summary.namespaces).toEqual([
      { name: 'shop', pods: 6, services: 1, unwell: 4 },
      { name: 'calm', pods: 1, services: 0, unwell: 0 },
    ])
    expect(summary.nodes).toEqual([{ name: 'n1', pods: 7, unwell: 4 }])
  })
})

describe('names for an argument', () => {
  const names = (kind: Kind, part: string, objects: readonly Entity[] = OBJECTS) =>
    namesOf(kind, part, { entities: entitiesOf(objects), host: 'edge-1', nowMs: NOW })

  test('hold what was typed, those that begin with it first; ended ones are left out', () => {
    expect(names('pod', 'SHOP/WEB')).toEqual(['shop/web-1', 'shop/web-2'])
    expect(names('pod', 'a')[0]).toBe('calm/a')
    expect(names('pod', 'deleted')).toEqual([])
  })

  test('outside of a cluster are those of processes that were met lately', () => {
    const known = [
      entity('process', '1:1:1', { comm: 'nginx' }, NOW),
      entity('process', '1:2:1', { comm: 'nginx', unit: 'web.service' }, NOW),
      entity('process', '1:3:1', { comm: 'gone' }, 0),
    ]
    expect(names('pod', '', known)).toEqual(['nginx', 'web.service'])
  })

  test('of a node are there outside of a cluster too', () => {
    expect(names('node', '', [])).toEqual(['edge-1'])
    expect(names('node', '')).toEqual(['edge-1', 'n1'])
    expect(names('service', '', [])).toEqual([])
  })
})

describe('pages in a cluster', () => {
  const served = () => host({ entities: entitiesOf(OBJECTS), status: () => status({ kubernetes: CLUSTER }) })
  const get = async (path: string) => {
    const answer = await served().app.request(path, { headers: { Host: '127.0.0.1' } })
    return { status: answer.status, text: await answer.text() }
  }

  test('a view without its pod offers those that are known', async () => {
    const { status: code, text } = await get('/scripts/px/pod?groupby=pod')
    expect(code).toBe(200)
    expect(text).toContain('<strong>Which pod?</strong>')
    expect(text).toContain('href="/scripts/px/pod?groupby=pod&amp;pod=shop%2Fweb-1"')
  })

  test('suggestions are asked by the name of the field, and are only ever text', async () => {
    const { text } = await get('/entities/pod?_by=arg.pod&arg.pod=shop')
    expect(text).toContain('<option value="shop/web-1">')
    expect(text).not.toContain('<script>')
    expect((await get('/entities/process')).status).toBe(404)
  })

  test('a view of a pod leads to its cluster and namespace, as far as there are views', async () => {
    const { text } = await get('/scripts/px/pod?pod=shop/web-1')
    const trail = text.slice(
      text.indexOf('class="trail"'),
      text.indexOf('</nav>', text.indexOf('class="trail"')),
    )
    expect(trail).toContain('<a href="/scripts/px/cluster">Cluster</a>')
    expect(trail).toContain('<b aria-current="page">web-1</b>')
    expect(trail).toContain('href="/scripts/px/perf_flamegraph?pod=shop%2Fweb-1"')
    expect(trail).not.toContain('px/namespace')
  })

  test('the overview shows what is not well, the health page what cannot be followed', async () => {
    const { text } = await get('/')
    expect(text).toContain('<b>ImagePullBackOff</b>')
    expect(text).not.toContain(HOSTILE)
    const failing = { ...CLUSTER, synced: false, errors: { cronjob: `forbidden ${HOSTILE}` } }
    const made = host({ entities: entitiesOf(OBJECTS), status: () => status({ kubernetes: failing }) })
    const health = await (await made.app.request('/health', { headers: { Host: '127.0.0.1' } })).text()
    expect(health).toContain('<b>cronjob</b> can&#39;t be followed')
    expect(health).not.toContain(HOSTILE)
  })
})
