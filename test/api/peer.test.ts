/** The second listener: probes for everyone, the rest for nodes that know the token. */
import { expect, test } from 'bun:test'
import { createPeerApp } from '../../src/api/app'
import { apiDeps } from '../support/app'

const get = (app: ReturnType<typeof createPeerApp>, path: string, headers: Record<string, string> = {}) =>
  app.request(path, { headers: { host: '10.0.0.7:6495', ...headers } })

const deps = (peerToken?: string) => ({
  ...apiDeps({ peerListen: '0.0.0.0:6495' }),
  ...(peerToken ? { peerToken } : {}),
})

test('without a token it answers probes only', async () => {
  const app = createPeerApp(deps())
  expect((await get(app, '/healthz')).status).toBe(200)
  const refused = await get(app, '/api/tables')
  expect(refused.status).toBe(401)
  expect(((await refused.json()) as { error: { hint: string } }).error.hint).toContain('--peer-token-file')
})

test('with one it answers whoever has it', async () => {
  const app = createPeerApp(deps('shared'))
  expect((await get(app, '/api/tables')).status).toBe(401)
  expect((await get(app, '/api/tables', { authorization: 'Bearer other' })).status).toBe(401)
  expect((await get(app, '/api/tables', { authorization: 'Bearer shared' })).status).toBe(200)
})

test('a name is no address: rebinding gets nothing', async () => {
  const app = createPeerApp(deps('shared'))
  const headers = { host: 'evil.example:6495', authorization: 'Bearer shared' }
  expect((await app.request('/api/tables', { headers })).status).toBe(403)
})

test('/readyz is a status', async () => {
  const base = deps()
  const status = await base.status()
  const answer = async (ready: boolean) =>
    (await get(createPeerApp({ ...base, status: () => ({ ...status, ready }) }), '/readyz')).status
  expect(await answer(true)).toBe(200)
  expect(await answer(false)).toBe(503)
})
