/** The pages in a real browser: keys, sorting, details, refresh; and that nothing hostile runs or leaves the host. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { duration } from '../../ui/units'
import { type Host, host, httpRows } from './fixture'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const missing = existsSync(CHROMIUM) ? '' : `${CHROMIUM} is not there: install the package chromium`
if (missing) console.warn(`test/ui/browser.test.ts skips: ${missing}`)

let browser: Browser
let server: ReturnType<typeof Bun.serve>
let served: Host

beforeAll(async () => {
  if (missing) return
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => served.app.fetch(request) })
}, 30_000)

// A page that a failed test left would go on asking.
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop(true)
})

/** What a page did that none of ours may do. */
interface Watched {
  readonly page: Page
  readonly errors: string[]
  readonly elsewhere: string[]
}

/** Answers of 4xx are shown to the reader; that Chromium also logs them is no fault of the page. */
const EXPECTED = /Failed to load resource: the server responded with a status of 4\d\d/

async function open(path: string, viewport = { width: 1280, height: 800 }): Promise<Watched> {
  const page = await browser.newPage({ viewport })
  page.setDefaultTimeout(5000)
  const errors: string[] = []
  const elsewhere: string[] = []
  page.on('console', (m) => {
    if (m.type() === 'error' && !EXPECTED.test(m.text())) errors.push(m.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== server.url.origin) elsewhere.push(request.url())
  })
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (e) => console.error('CSP: ' + e.violatedDirective))`,
  )
  await page.goto(new URL(path, server.url).href)
  return { page, errors, elsewhere }
}

async function close({ page, errors, elsewhere }: Watched): Promise<void> {
  await page.close()
  expect(errors).toEqual([])
  expect(elsewhere).toEqual([])
}

const rowCount = (page: Page) => page.locator('table.rows tbody tr').count()
const ROWS = 'table.rows tbody tr'

/** Waits; by asking from here, since the pages' policy forbids the browser to evaluate a condition. */
async function count(page: Page, selector: string, wanted: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await page.locator(selector).count()) === wanted) return
    await page.waitForTimeout(50)
  }
  expect(await page.locator(selector).count(), selector).toBe(wanted)
}

const firstCell = (page: Page, column: number) =>
  page.locator(`table.rows tbody tr:first-child td:nth-child(${column})`).textContent()

describe.skipIf(missing !== '')('in Chromium', () => {
  test('from the overview to filtered rows by keyboard alone', async () => {
    served = host({ rows: 30 })
    const watched = await open('/')
    const { page } = watched
    await page.keyboard.press('/')
    await page.waitForSelector('[role=option]')
    await page.keyboard.type('http_d')
    await count(page, '[role=option]', 1)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/scripts/px/http_data')
    expect(await rowCount(page)).toBe(30)

    await page.focus('#arg-destination_filter')
    await page.keyboard.type('nginx')
    await page.keyboard.press('Control+Enter')
    await page.waitForURL('**/scripts/px/http_data?destination_filter=nginx')
    await count(page, ROWS, 10)
    expect(await page.locator('table.rows tbody td:nth-child(3)').allTextContents()).toEqual(
      Array(10).fill('nginx.service'),
    )

    await page.goBack()
    await count(page, ROWS, 30)
    expect(await page.inputValue('#arg-destination_filter')).toBe('')
    await close(watched)
  }, 30_000)

  test('the RUN button runs, sorting is in the URL and survives a run', async () => {
    served = host({ rows: 30 })
    const watched = await open('/scripts/px/http_data')
    const { page } = watched
    await page.click('th[data-name=latency] a')
    await page.waitForSelector('th[data-name=latency][aria-sort=descending]')
    expect(await firstCell(page, 4)).toBe(duration(Math.max(...httpRows(30).map((row) => Number(row[3])))))
    expect(page.url()).toContain('_sort=-http%3Alatency')
    await page.fill('#arg-destination_filter', 'node')
    await page.click('#args button')
    await count(page, ROWS, 10)
    expect(await page.getAttribute('th[data-name=latency]', 'aria-sort')).toBe('descending')
    await page.click('th[data-name=latency] a')
    await page.waitForSelector('th[data-name=latency][aria-sort=ascending]')
    await page.reload()
    expect(await page.getAttribute('th[data-name=latency]', 'aria-sort')).toBe('ascending')
    expect(await rowCount(page)).toBe(10)
    await close(watched)
  }, 30_000)

  test('a row opens by keyboard with its JSON laid out, and Escape returns to it', async () => {
    served = host({ rows: 30 })
    const watched = await open('/scripts/px/http_data')
    const { page } = watched
    await page.focus('table.rows tbody tr:first-child')
    await page.keyboard.press('ArrowDown')
    const row = page.locator('table.rows tbody tr:nth-child(2)')
    const { y } = (await row.boundingBox())!
    await page.keyboard.press('Enter')
    expect((await row.boundingBox())!.y).toBe(y)
    const details = await page.locator('#details').textContent()
    expect(details).toContain('/api/v1/orders/1')
    expect(details).toContain('{\n  "Host": "localhost:8080"')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.click('#details button:text("Copy")')
    await page.waitForSelector('#details button:text("Copied")')
    expect(await page.evaluate(`navigator.clipboard.readText()`)).toContain('req_path\n/api/v1/orders/1')
    await row.focus()
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('#details').textContent()).toContain('/api/v1/orders/2')
    await page.keyboard.press('Escape')
    expect(await page.locator('#details').isHidden()).toBe(true)
    expect(await page.evaluate(`document.activeElement.matches('tr:nth-child(3)')`)).toBe(true)
    await close(watched)
  }, 30_000)

  test('live refresh brings new rows, keeps scroll, and stops when turned off', async () => {
    served = host({ rows: 100 })
    const watched = await open('/scripts/px/http_data', { width: 900, height: 800 })
    const { page } = watched
    await page.selectOption('#live', '1')
    await page.waitForURL('**?_live=1')
    await page.evaluate(`document.querySelector('.scroll').scrollTo(120, 300)`)
    await page.fill('#arg-source_filter', 'typed, not run')
    served.rows = 120
    await count(page, ROWS, 120)
    const box = `document.querySelector('.scroll')`
    expect(await page.evaluate(`[${box}.scrollLeft, ${box}.scrollTop]`)).toEqual([120, 300])
    expect(await page.inputValue('#arg-source_filter')).toBe('typed, not run')
    expect(served.runner.requests.at(-1)?.args).toEqual({})

    await page.fill('#arg-source_filter', '')
    await page.selectOption('#live', '')
    await page.waitForURL('**/scripts/px/http_data')
    const asked = served.runner.requests.length
    await page.waitForTimeout(1500)
    expect(served.runner.requests.length).toBe(asked)
    await close(watched)
  }, 30_000)

  test('says that what is shown is old while the server does not answer', async () => {
    served = host()
    const { page } = await open('/scripts/px/http_data?_live=1')
    await page.context().setOffline(true)
    await page.waitForSelector('#offline', { state: 'visible' })
    expect(await rowCount(page)).toBe(30)
    await page.context().setOffline(false)
    await page.waitForSelector('#offline', { state: 'hidden' })
  }, 30_000)

  test('text being selected in the result stops the refresh, a field that has the focus does not', async () => {
    served = host()
    const watched = await open('/scripts/px/http_data?_live=1')
    const { page } = watched
    await page.click('table.rows tbody tr:first-child td:nth-child(6)', { clickCount: 3 })
    const asked = served.runner.requests.length
    await page.waitForTimeout(1500)
    expect(served.runner.requests.length).toBe(asked)
    await page.fill('#arg-start_time', '-5m')
    await page.press('#arg-start_time', 'Control+a')
    await page.waitForResponse((response) => response.url().includes('/result'))
    await close(watched)
  }, 30_000)

  test('charts are drawn, and drawn again with new data on refresh', async () => {
    served = host()
    const watched = await open('/scripts/px/http_request_stats?_live=1')
    const { page } = watched
    await page.waitForSelector('.chart canvas')
    expect(await page.locator('.chart canvas').count()).toBe(2)
    const canvas = await page.locator('.chart canvas').first().elementHandle()
    const asked = served.runner.requests.length
    await page.waitForResponse((response) => response.url().includes('/result'))
    expect(served.runner.requests.length).toBe(asked + 1)
    expect(await canvas?.evaluate((element) => element.isConnected)).toBe(true)
    expect(await page.locator('.chart canvas').count()).toBe(2)
    await close(watched)
  }, 30_000)

  test('an error shows its line and hint in place of the result', async () => {
    served = host()
    const watched = await open('/query')
    const { page } = watched
    await page.fill('#text', 'import px\n  boom\n')
    await page.press('#text', 'Control+Enter')
    await page.waitForSelector('#result .error')
    const error = await page.locator('#result .error').textContent()
    expect(error).toContain("'boom' is not PxL")
    expect(error).toContain('Take it out.')
    expect(error).toContain('line 2, column 3')
    expect(await page.locator('#result mark').textContent()).toContain('boom')
    await page.fill('#text', 'import px\n')
    await page.click('#args button')
    await page.waitForSelector('#result table.rows')
    expect(await page.locator('#result h2').allTextContents()).toEqual(['first', 'second'])
    await close(watched)
  }, 30_000)

  test('markup from the wire stays text, in the table and in the details', async () => {
    served = host({ rows: 30 })
    const watched = await open('/scripts/px/http_data')
    const { page } = watched
    const images = await page.locator('main img').count()
    await page.click('table.rows tbody tr:nth-child(4) td:first-child')
    expect(await page.locator('#details').textContent()).toContain("<script>document.title='owned'</script>")
    await page.click('th[data-name=time_] a')
    await page.waitForSelector('th[aria-sort]')
    expect(await page.title()).toBe('px/http_data · Nixie')
    expect(images + (await page.locator('main img, #details img').count())).toBe(0)
    await close(watched)
  }, 30_000)

  test.each([1280, 400])(
    'no page is wider than a window of %d pixels',
    async (width) => {
      served = host({ rows: 30 })
      for (const path of [
        '/',
        '/scripts/px/http_data',
        '/scripts/px/http_request_stats',
        '/query',
        '/health',
      ]) {
        const watched = await open(path, { width, height: 800 })
        const overflow = await watched.page.evaluate<number>(
          'document.documentElement.scrollWidth - window.innerWidth',
        )
        expect(overflow, path).toBeLessThanOrEqual(0)
        await close(watched)
      }
    },
    30_000,
  )
})
