/** Following objects through bad days: pages, breaks, a server that forgot, one that says nothing. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type ApiObject, Reflector } from '../../src/kubernetes/reflector'
import { Scope, until } from '../support/scope'
import { ScriptedApi } from './api'

let scope: Scope
let api: ScriptedApi
let log: string[]
let reflector: Reflector<ApiObject>
let running: Promise<void>

const name = (object: ApiObject) => (object.metadata as { name: string }).name
const pod = (uid: string, resourceVersion = '1') => ({ metadata: { uid, name: uid, resourceVersion } })
const list = (uids: readonly string[], metadata: object = { resourceVersion: '10' }) => ({
  body: { items: uids.map((uid) => pod(uid)), metadata },
})

function follow(silenceMs = 5000, cluster: Pick<ScriptedApi, 'get'> = api, answerMs = 5000): void {
  reflector = new Reflector<ApiObject>({
    cluster,
    path: '/api/v1/pods',
    seen: (object, listed) => log.push(`${listed ? 'listed' : 'seen'} ${name(object)}`),
    gone: (object) => log.push(`gone ${name(object)}`),
    synced: (uids) => log.push(`synced ${[...uids].sort()}`),
    failed: (message) => log.push(message && `failed ${message}`),
    timing: { firstRetryMs: 5, longestRetryMs: 20, answerMs, silenceMs },
  })
  running = reflector.run()
}

const said = (line: string) => until(line, () => log.includes(line))
const query = (i: number) => Object.fromEntries(api.requests[i]!.searchParams)

beforeEach(() => {
  scope = new Scope('reflector')
  api = new ScriptedApi(scope)
  log = []
})
afterEach(async () => {
  reflector.stop()
  await running
  await scope.close()
})

test('lists in pages, then watches from the place of the list', async () => {
  api
    .next(list(['a', 'b'], { continue: 'more', resourceVersion: '9' }))
    .next(list(['c']))
    .next('hold')
  follow()
  const watch = await api.watch()
  watch.send({ type: 'ADDED', object: pod('d', '11') })
  watch.send({ type: 'DELETED', object: pod('a', '12') })
  await said('gone a')
  expect(log.filter(Boolean)).toEqual([
    'listed a',
    'listed b',
    'listed c',
    'synced a,b,c',
    'seen d',
    'gone a',
  ])
  expect(query(1)).toMatchObject({ continue: 'more', limit: '500' })
  expect(query(2)).toMatchObject({ watch: 'true', resourceVersion: '10', allowWatchBookmarks: 'true' })
})

test('goes on where it was when the server ends the watch; a bookmark moves the place', async () => {
  api.next(list([])).next('hold').next('hold')
  follow()
  const first = await api.watch()
  first.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '77' } } })
  first.end()
  await api.watch()
  expect(query(2).resourceVersion).toBe('77')
})

test('a place that the server has forgotten: lists anew', async () => {
  api
    .next(list(['a']))
    .next('hold')
    .next(list(['b']))
    .next('hold')
  follow()
  const watch = await api.watch()
  watch.send({ type: 'ERROR', object: { code: 410, message: 'too old resource version' } })
  await said('synced b')
  expect(query(2).watch).toBeUndefined()
})

test('410 as the answer to a watch or a page: lists anew', async () => {
  api
    .next(list(['a']))
    .next({ status: 410, body: { message: 'Expired' } })
    .next(list(['b'], { continue: 'more' }))
    .next({ status: 410, body: { message: 'The provided continue parameter is too old' } })
    .next(list(['c']))
    .next('hold')
  follow()
  await said('synced c')
  expect(log).not.toContain('synced b')
})

test('a server that is away is asked again, and what is wrong is said until it is back', async () => {
  const away = { status: 503, body: { message: 'apiserver is shutting down' } }
  api
    .next(away)
    .next(away)
    .next(list(['a']))
    .next('hold')
  follow()
  await said('synced a')
  expect(log.slice(0, 2)).toEqual(Array(2).fill('failed /api/v1/pods: 503 apiserver is shutting down'))
  expect(log.at(-1)).toBe('')
})

test('what is no JSON is told by its head', async () => {
  api
    .next({ status: 403, body: 'x'.repeat(999) })
    .next(list([]))
    .next('hold')
  follow()
  await said('synced ')
  expect(log[0]!.length).toBeLessThan(300)
})

test('a watch that says nothing is taken up again', async () => {
  api.next(list([])).next('hold').next('hold')
  follow(60)
  await api.watch()
  await api.watch()
  await until('it is said', () => log.some((line) => line.includes('silent')))
})

test('a way that leads nowhere is left for a new one', async () => {
  let asked = 0
  const nowhere = ({ signal }: { signal?: AbortSignal }) =>
    new Promise<Response>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
  api.next(list([])).next('hold')
  follow(5000, { get: (path, options = {}) => (asked++ ? api.get(path, options) : nowhere(options)) }, 1000)
  await said('synced ')
  expect(log[0]).toBe('failed no answer')
})

test('lines and characters that come in pieces', async () => {
  api.next(list([])).next('hold')
  follow()
  const watch = await api.watch()
  watch.send({ type: 'ADDED', object: pod(`käse-${'x'.repeat(200_000)}`) })
  await until('the object', () => log.some((line) => line.startsWith('seen käse-xx')))
})

test('watches that end at once are not taken up in a rush', async () => {
  api.next(list([]))
  for (let i = 0; i < 50; i++) api.next({ body: '' })
  const from = performance.now()
  follow()
  await until('five pauses', () => api.requests.length >= 7)
  // They take 2.5, 5, 10, 10 and 10 ms at least.
  expect(performance.now() - from).toBeGreaterThan(32)
})

test('stops while it waits', async () => {
  api.next({ status: 500, body: {} })
  follow()
  await until('a failure', () => log.length > 0)
  reflector.stop()
  await running
})
