/** Who may look, in a real browser: a page of another port, a link to a view, and the link of `nixie ui`. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Browser, chromium } from 'playwright-core'
import { createApp } from '../../src/api/app'
import { type Served, serve } from '../../src/api/serve'
import { assetRoutes, renderError, ui } from '../../ui'
import { apiDeps, everyone, strict } from '../support/app'
import { RecordingRunner } from '../support/recording-runner'
import { until } from '../support/scope'
import { CHROMIUM, CHROMIUM_ARGS, missing } from './support/chromium'

const runner = new RecordingRunner()
const base = { ...apiDeps(), runner }
const pages = { ui: ui(base), assets: assetRoutes(), renderError }
/** On connections that tell nothing of their account, so that only a session lets the browser in. */
const access = strict()
const VIEW = '/scripts/px/http_data?start_time=-1m'

/** All that a page can try without being allowed to read anything. */
const ATTACK = (nixie: string) => `(async () => {
  const run = '${nixie}/api/run/px/http_data?format=ndjson'
  const quietly = (work) => work.catch(() => {})
  await quietly(fetch(run))
  await quietly(fetch(run, { mode: 'no-cors', credentials: 'include', referrerPolicy: 'no-referrer' }))
  await quietly(fetch('${nixie}/api/query', { method: 'POST', mode: 'no-cors', body: 'import px' }))
  const made = (name, source) => new Promise((done) => {
    const element = Object.assign(document.createElement(name), { [source]: run, rel: 'stylesheet' })
    element.onload = element.onerror = done
    setTimeout(done, 3000)
    document.body.append(element)
  })
  await Promise.all([made('img', 'src'), made('script', 'src'), made('iframe', 'src'), made('link', 'href')])
})()`

/** Of the answers of the open server. */
const statuses: number[] = []

describe.skipIf(missing !== '')('in a browser', () => {
  let browser: Browser
  let open: Served
  let closed: Served
  let foreign: ReturnType<typeof Bun.serve>

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS })
    const app = createApp({ ...base, ...pages, access: everyone() })
    const noting = async (...asked: Parameters<typeof app.fetch>) => {
      const response = await app.fetch(...asked)
      statuses.push(response.status)
      return response
    }
    open = serve({ fetch: noting }, '127.0.0.1:0')
    closed = serve(createApp({ ...base, ...pages, access }), '127.0.0.1:0')
    foreign = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () =>
        new Response('<!doctype html><title>foreign</title><body>', {
          headers: { 'Content-Type': 'text/html' },
        }),
    })
  })
  afterAll(async () => {
    await browser?.close()
    await open?.stop(0)
    await closed?.stop(0)
    await foreign?.stop(true)
  })

  /** A page of another origin: of this host or of another name for it. */
  const strange = async (host: string) => {
    const page = await browser.newPage()
    await page.goto(`http://${host}:${foreign.port}/`)
    return page
  }

  for (const host of ['127.0.0.1', 'localhost']) {
    test(`a page of ${host}, another port, has no query run, whatever it tries`, async () => {
      runner.asked.length = 0
      const page = await strange(host)
      statuses.length = 0
      await page.evaluate(ATTACK(open.url))
      await until('all of it is answered', () => statuses.length >= 6)
      expect([...new Set(statuses)]).toEqual([403])
      expect(runner.asked).toEqual([])
      await page.close()
    })
  }

  test('a link elsewhere to a view runs nothing until it is opened from here', async () => {
    runner.asked.length = 0
    const page = await strange('127.0.0.1')
    await Promise.all([page.waitForNavigation(), page.evaluate(`location.href = '${open.url + VIEW}'`)])
    expect(runner.asked).toEqual([])
    await page.getByText('Open this page').click()
    await page.waitForSelector('#args')
    expect(page.url()).toBe(open.url + VIEW)
    expect(runner.asked.length).toBeGreaterThan(0)
    await page.close()
  })

  test('the link of nixie ui begins a session that no script reads, and that works on every page', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    expect((await page.goto(`${closed.url}/`))!.status()).toBe(403)
    expect(await page.textContent('.error')).toContain('sudo nixie ui')
    const link = `${closed.url}/enter?token=${access.sessions.link(undefined)}`
    await page.goto(link)
    expect(page.url()).toBe(`${closed.url}/`)
    expect(await page.title()).toContain('Overview')
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.goto(closed.url + VIEW)
    await page.waitForSelector('#args')
    expect((await page.goto(link))!.status()).toBe(403)
    await context.close()
  })
})
