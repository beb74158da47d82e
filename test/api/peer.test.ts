/** The second listener: probes for everyone, the rest for nodes that know the token. */
import { describe, expect, test } from 'bun:test'
import { createPeerApp } from '../../src/api/app'
import { PROOF_HEADER, WINDOW_MS } from '../../src/peers/proof'
import { apiDeps } from '../support/app'
import { askProven, provenHeaders } from '../support/peer'

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

describe('with one', () => {
  const app = createPeerApp(deps('shared'))
  const tables = { path: '/api/tables', to: apiDeps().config.nodeName }

  test('it answers who proves to have it, and proves it in turn', async () => {
    const { answer, isProven } = await askProven(app, 'shared', tables)
    expect(answer.status).toBe(200)
    expect(isProven).toBe(true)
  })

  test('nobody else, and the token itself is none', async () => {
    for (const headers of [{}, { authorization: 'Bearer shared' }, { [PROOF_HEADER]: 'v2 1 2 3' }]) {
      expect((await get(app, '/api/tables', headers)).status).toBe(401)
    }
    expect((await askProven(app, 'other', tables)).answer.status).toBe(401)
  })

  test('a refusal is proven too, and so is what is not there', async () => {
    for (const path of ['/api/nothing', '/api/run/px/nope']) {
      const { answer, isProven } = await askProven(app, 'shared', { ...tables, path })
      expect([answer.status, isProven]).toEqual([404, true])
    }
  })

  test('what was heard once is worth nothing: again, elsewhere, changed, or later', async () => {
    const { headers } = await askProven(app, 'shared', tables)
    const again = (path: string, init: RequestInit = {}) =>
      app.request(path, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } })
    expect((await again('/api/tables')).status).toBe(401)
    const fresh = provenHeaders('shared', tables)
    const send = async (path: string, init: RequestInit = {}) =>
      (
        await app.request(path, {
          ...init,
          headers: { ...fresh, ...(init.headers as Record<string, string>) },
        })
      ).status
    expect(await send('/api/status')).toBe(401)
    expect(await send('/api/tables?node=x')).toBe(401)
    expect(await send('/api/tables', { method: 'HEAD' })).toBe(401)
    expect(await send('/api/tables', { headers: { accept: 'text/csv' } })).toBe(401)
    expect(await send('/api/tables')).toBe(200)
    const other = provenHeaders('shared', { ...tables, to: 'elsewhere' })
    expect((await app.request('/api/tables', { headers: other })).status).toBe(401)
    const late = provenHeaders('shared', { ...tables, nowMs: Date.now() + 2 * WINDOW_MS })
    expect((await app.request('/api/tables', { headers: late })).status).toBe(401)
  })

  test('a body is proven, and read', async () => {
    const post = { path: '/api/query', to: tables.to, method: 'POST', body: 'import px' }
    expect((await askProven(app, 'shared', post)).answer.status).toBe(200)
    const headers = provenHeaders('shared', post)
    const changed = await app.request('/api/query', { method: 'POST', body: 'import py', headers })
    expect(changed.status).toBe(401)
  })
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
