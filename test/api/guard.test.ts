/** The guards on a real port, asked as other accounts and as browsers do. */
import { afterAll, describe, expect, test } from 'bun:test'
import { Access } from '../../src/access/access'
import { Accounts } from '../../src/access/accounts'
import { Owners } from '../../src/access/owner'
import { Sessions } from '../../src/access/sessions'
import { createApp } from '../../src/api/app'
import { serve } from '../../src/api/serve'
import { NixieError } from '../../src/errors'
import { assetRoutes, renderError, ui } from '../../ui'
import { STYLE } from '../../ui/assets'
import { apiDeps, testApp } from '../support/app'

const NOBODY = 65534
const isRoot = process.getuid!() === 0
const base = apiDeps()
const changed: unknown[] = []

/** `own`: the account that Nixie is taken to run as. */
const start = (own: number, allowUsers = '') => {
  const accounts = new Accounts({ allowUsers, allowGroups: '' }, { uid: own })
  const access = new Access({
    accounts,
    owners: new Owners(),
    sessions: new Sessions(),
    wayIn: 'sudo nixie ui',
  })
  const pages = ui(base)
  const deps = {
    ...base,
    access,
    ui: pages,
    assets: assetRoutes(),
    renderError,
    change: (s: unknown) => changed.push(s),
  }
  const server = serve(createApp(deps), '127.0.0.1:0')
  afterAll(() => server.stop(0))
  return server
}

/** This test's account is let in here, and not there. */
const own = start(process.getuid!())
const closed = isRoot ? own : start(4_000_000)
const open = start(process.getuid!(), String(NOBODY))

interface Curled {
  readonly status: number
  readonly body: string
  readonly headers: string
}

async function curl(uid: number | undefined, url: string, ...args: string[]): Promise<Curled> {
  const under =
    uid === undefined || !isRoot ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const command = [...under, 'curl', '-s', '-i', '--noproxy', '*', '-m', '5', ...args, url]
  const text = await new Response(Bun.spawn(command, { stdout: 'pipe' }).stdout).text()
  const [headers = '', ...body] = text.split('\r\n\r\n')
  return { status: Number(/ (\d{3})/.exec(headers)?.[1]), headers, body: body.join('\r\n\r\n') }
}

const PATHS = [
  '/',
  '/api/tables',
  '/api/run/px/http_data',
  '/api/status',
  '/metrics',
  '/openapi.json',
  '/nothing',
]
const patch = (uid: number | undefined, server: { url: string }, ...args: string[]) =>
  curl(uid, `${server.url}/api/settings`, '-X', 'PATCH', '-d', '{"bodyLimit": 10}', ...args)

describe('another account', () => {
  test('is told the way in on every path, and nothing else', async () => {
    for (const path of PATHS) {
      const { status, body, headers } = await curl(NOBODY, closed.url + path)
      expect([path, status]).toEqual([path, 403])
      expect(headers.toLowerCase()).not.toContain('www-authenticate')
      expect(JSON.parse(body).error).toMatchObject({ code: 'forbidden' })
      expect(JSON.parse(body).error.hint).toContain('sudo nixie ui')
    }
  })

  test('in a browser reads it on a page with its style', async () => {
    const { status, body } = await curl(NOBODY, `${closed.url}/`, '-H', 'Accept: text/html')
    expect(status).toBe(403)
    expect(body).toContain('sudo nixie ui')
    expect((await curl(NOBODY, closed.url + STYLE.path)).status).toBe(200)
  })

  test('may ask whether Nixie is there', async () => {
    expect((await curl(NOBODY, `${closed.url}/healthz`)).status).toBe(200)
  })

  test('changes nothing, and lets nobody in', async () => {
    expect((await patch(NOBODY, closed)).status).toBe(403)
    expect((await curl(NOBODY, `${closed.url}/api/links`, '-X', 'POST')).status).toBe(403)
    expect(changed).toEqual([])
  })
})

test('what a proxy of this account passes on is nobody’s, by whichever header it says so', async () => {
  for (const line of [
    'Via: 1.1 a',
    'X-Forwarded-For: 10.0.0.1',
    'Forwarded: for=10.0.0.1',
    'X-Real-IP: 10.0.0.1',
  ]) {
    const { status, body } = await curl(undefined, `${own.url}/api/tables`, '-H', line)
    expect(status, line).toBe(403)
    expect(body).toContain('a proxy passed this on')
  }
})

describe('the account that runs it', () => {
  test('looks and changes', async () => {
    for (const path of PATHS.slice(1, -1)) expect((await curl(undefined, own.url + path)).status).toBe(200)
    expect((await patch(undefined, own)).status).toBe(200)
  })
})

test.skipIf(!isRoot)('an account that is let in looks, and changes nothing (needs root)', async () => {
  changed.length = 0
  expect((await curl(NOBODY, `${open.url}/api/tables`)).status).toBe(200)
  const refused = await patch(NOBODY, open)
  expect(refused.status).toBe(403)
  expect(JSON.parse(refused.body).error.message).toContain('right to look is not enough to change settings')
  expect((await curl(NOBODY, `${open.url}/api/links`, '-X', 'POST')).status).toBe(403)
  expect(changed).toEqual([])
})

test.skipIf(!isRoot)('a link lets one browser in, once (needs root)', async () => {
  const made = JSON.parse((await curl(0, `${own.url}/api/links`, '-X', 'POST')).body)
  expect(made).toMatchObject({ seconds: 300 })
  const entered = await curl(NOBODY, `${own.url + made.path}&to=/scripts`)
  expect(entered.status).toBe(303)
  expect(entered.headers).toContain('Location: /scripts')
  const cookie = /Set-Cookie: ([^\r]*)/i.exec(entered.headers)![1]!
  for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(attribute)
  const pair = cookie.split(';')[0]!
  const withCookie = ['-H', `Cookie: ${pair}`]
  expect((await curl(NOBODY, `${own.url}/api/tables`, ...withCookie)).status).toBe(200)
  expect((await patch(NOBODY, own, ...withCookie)).status).toBe(200)
  // Once; for that account; and not from elsewhere.
  expect((await curl(NOBODY, own.url + made.path)).status).toBe(403)
  expect((await curl(1, `${own.url}/api/tables`, ...withCookie)).status).toBe(403)
  const foreign = [...withCookie, '-H', 'Origin: http://evil.example']
  expect((await patch(NOBODY, own, ...foreign)).status).toBe(403)
  for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example']) {
    const { path } = JSON.parse((await curl(0, `${own.url}/api/links`, '-X', 'POST')).body)
    const { headers } = await curl(NOBODY, `${own.url + path}&to=${encodeURIComponent(to)}`)
    expect(headers).toContain('Location: /\r\n')
  }
})

describe('a page from elsewhere', () => {
  const ask = (headers: Record<string, string>, path = '/api/run/px/http_data', method = 'GET') =>
    curl(
      undefined,
      own.url + path,
      '-X',
      method,
      ...Object.entries(headers).flatMap(([n, v]) => ['-H', `${n}: ${v}`]),
    )

  test('is refused for GET too, whether it could read the answer or not', async () => {
    for (const site of ['cross-site', 'same-site', 'nonsense']) {
      const { status, body } = await ask({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors' })
      expect([site, status]).toEqual([site, 403])
      expect(JSON.parse(body).error.code).toBe('forbidden_site')
    }
    expect((await ask({ Origin: 'http://localhost:3000' })).status).toBe(403)
    expect((await ask({ Origin: 'null' })).status).toBe(403)
    expect((await ask({ 'Sec-Fetch-Site': 'cross-site' }, '/scripts/px/http_data')).status).toBe(403)
    expect((await ask({ 'Sec-Fetch-Site': 'cross-site' }, '/enter?token=x')).status).toBe(403)
  })

  test('our own pages and what a person opens are not', async () => {
    const origin = `http://127.0.0.1:${own.port}`
    expect((await ask({ 'Sec-Fetch-Site': 'same-origin', Origin: origin })).status).toBe(200)
    expect((await ask({ 'Sec-Fetch-Site': 'none' })).status).toBe(200)
    expect((await ask({})).status).toBe(200)
  })

  test('that links here leads to a page with the link on it, and runs nothing', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' }
    const { status, body } = await ask(headers, '/scripts/px/http_data?start_time=-1m&x=%22%3E%3Cscript%3E')
    expect(status).toBe(403)
    expect(body).toContain('<a href="/scripts/px/http_data?start_time=-1m&amp;x=%22%3E%3Cscript%3E">')
  })
})

test('a client has a few streams open at most; short answers are not counted', async () => {
  const { runner } = base
  const ends: (() => void)[] = []
  const endless: typeof runner = Object.create(runner)
  endless.stream = async () => {
    const end = new Promise<never>((_, reject) =>
      ends.push(() => reject(new NixieError('cancelled', 'gone'))),
    )
    end.catch(() => {})
    return { warnings: [], body: new ReadableStream(), end }
  }
  const { app } = testApp({}, { runner: endless })
  const ask = async (format: string) => (await app.request(`/api/run/px/http_data?format=${format}`)).status
  for (const format of ['ndjson', 'csv', 'arrow', 'json&limit=20000']) expect(await ask(format)).toBe(200)
  expect(await ask('ndjson')).toBe(429)
  for (let i = 0; i < 6; i++) expect(await ask('json')).toBe(200)
  ends[0]!()
  await Bun.sleep(0)
  expect(await ask('csv')).toBe(200)
  expect(await ask('csv')).toBe(429)
})
