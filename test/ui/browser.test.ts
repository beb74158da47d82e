/** The pages in a real browser: keys, sorting, details, refresh; and that nothing hostile runs or leaves the host. */
import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { duration } from '../../ui/units'
import type { LiteralScript } from '../support/literal-runner'
import { until } from '../support/scope'
import { type Host, host, httpRows } from './fixture'
import { close, count, missing, open, serve, useChromium, write } from './support/chromium'

let served: Host

function serveHost(options: Parameters<typeof host>[0] = {}): Host {
  const made = host(options)
  serve(made)
  return made
}

useChromium()

const rowCount = (page: Page) => page.locator('table.rows tbody tr').count()
const ROWS = 'table.rows tbody tr'

/** A refresh every second has ended, the last of which may just be under way. */
const noMoreAsked = (page: Page) =>
  until('nothing more is asked', async () => {
    const asked = served.runner.requests.length
    await page.waitForTimeout(1500)
    return served.runner.requests.length === asked
  })

const firstCell = (page: Page, column: number) =>
  page.locator(`table.rows tbody tr:first-child td:nth-child(${column})`).textContent()

interface Box {
  readonly name: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** What is seen and used of each field, without what holds it. */
const BOXES = `[...document.querySelectorAll('#args :is(label, input, select, button, .help, .presets a)')].map((e) => {
  const { left, right, top, bottom } = e.getBoundingClientRect()
  return { name: e.id || e.textContent, left, right, top, bottom }
})`

const isOver = (a: Box, b: Box) =>
  a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1

const field = (name: string, type: string) => ({
  name,
  type,
  defaultValue: '',
  description: 'Part of the name of the end that sends the request; empty: all.',
})

const manyFields: LiteralScript = {
  name: 'px/many',
  short: 'Many fields',
  long: 'Many fields.',
  text: 'import px\n',
  variables: [
    field('namespace', 'PX_NAMESPACE'),
    field('start_time', 'PX_STRING'),
    field('from_entity_filter', 'PX_POD'),
    field('node', 'PX_NODE'),
    field('to_entity_filter', 'PX_STRING'),
    field('max_num_records', 'PX_INT64'),
  ],
  widgets: [],
  give: () => [],
}

describe.skipIf(missing !== '')('in Chromium', () => {
  test('from the overview to filtered rows by keyboard alone', async () => {
    served = serveHost({ rows: 30 })
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
  })

  test('keys of the picker mean the options of what is typed, however late these come', async () => {
    served = serveHost({ rows: 30 })
    const { fetch } = served.app
    const late = (request: Request) => Bun.sleep(300).then(() => fetch(request))
    serve({ app: { fetch: (r) => (r.url.includes('/scripts/search?q=h') ? late(r) : fetch(r)) } })
    const watched = await open('/')
    const { page } = watched
    await page.keyboard.press('/')
    await page.waitForSelector('[role=option]')
    await page.keyboard.type('http_data')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/scripts/px/http_data')

    await page.keyboard.press('/')
    await page.waitForSelector('[role=option]')
    await page.keyboard.type('http')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/scripts/px/http_request_stats')

    // What is typed after Enter takes it back.
    await page.keyboard.press('/')
    await page.keyboard.type('http_data')
    await page.keyboard.press('Enter')
    await page.keyboard.type(' and more')
    await page.waitForSelector('#picker-list .empty')
    expect(new URL(page.url()).pathname).toBe('/scripts/px/http_request_stats')
    await close(watched)
  })

  test('Enter in the picker finds by the page of scripts when no options come', async () => {
    served = serveHost()
    const { fetch } = served.app
    const failing = async (r: Request) =>
      r.url.includes('/scripts/search?q=h') ? new Response('<p>broken</p>', { status: 500 }) : fetch(r)
    serve({ app: { fetch: failing } })
    const { page } = await open('/')
    await page.keyboard.press('/')
    await page.keyboard.type('http_data')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/scripts?q=http_data')
  })

  test('the RUN button runs, sorting is in the URL and survives a run', async () => {
    served = serveHost({ rows: 30 })
    const watched = await open('/scripts/px/http_data')
    const { page } = watched
    await page.click('th[data-name=latency] a')
    await page.waitForSelector('th[data-name=latency][aria-sort=descending]')
    expect(await firstCell(page, 4)).toBe(duration(Math.max(...httpRows(30).map((row) => Number(row[3])))))
    await page.waitForURL((url) => url.href.includes('_sort=-http%3Alatency'))
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
  })

  test('a row opens by keyboard with its JSON laid out, and Escape returns to it', async () => {
    served = serveHost({ rows: 30 })
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
  })

  test('what is edited is what was run last', async () => {
    served = serveHost({ rows: 30 })
    const watched = await open('/scripts/px/http_data')
    const { page } = watched
    await page.fill('#arg-destination_filter', 'nginx')
    await page.click('#args button')
    await count(page, ROWS, 10)
    await page.click('#edit')
    await page.waitForURL('**/query?_script=px%2Fhttp_data&arg.destination_filter=nginx')
    expect(await page.inputValue('#arg-destination_filter')).toBe('nginx')
    await close(watched)
  })

  test('live refresh brings new rows, keeps scroll, and stops when turned off', async () => {
    served = serveHost({ rows: 100 })
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
    await noMoreAsked(page)
    await close(watched)
  })

  test('says that what is shown is old while the server does not answer', async () => {
    served = serveHost()
    const { page } = await open('/scripts/px/http_data?_live=1')
    await page.context().setOffline(true)
    await page.waitForSelector('#offline', { state: 'visible' })
    expect(await rowCount(page)).toBe(30)
    await page.context().setOffline(false)
    await page.waitForSelector('#offline', { state: 'hidden' })
  })

  test('text being selected in the result stops the refresh, a field that has the focus does not', async () => {
    served = serveHost()
    const watched = await open('/scripts/px/http_data?_live=1')
    const { page } = watched
    await page.click('table.rows tbody tr:first-child td:nth-child(6)', { clickCount: 3 })
    await noMoreAsked(page)
    await page.fill('#arg-start_time', '-5m')
    await page.press('#arg-start_time', 'Control+a')
    await page.waitForResponse((response) => response.url().includes('/result'))
    await close(watched)
  })

  test('charts are drawn, and drawn again with new data on refresh', async () => {
    served = serveHost()
    const { fetch } = served.app
    let refreshes = 0
    const counted = async (request: Request) => {
      const answer = await fetch(request)
      if (request.url.includes('/result')) refreshes++
      return answer
    }
    serve({ app: { fetch: counted } })
    const watched = await open('/scripts/px/http_request_stats?_live=1')
    const { page } = watched
    await page.waitForSelector('.chart canvas')
    expect(await page.locator('.chart canvas').count()).toBe(2)
    const canvas = await page.locator('.chart canvas').first().elementHandle()
    await page.waitForResponse((response) => response.url().includes('/result'))
    // The page itself ran once, and each refresh did; but for the one that may be under way.
    const isEven = () => refreshes > 0 && served.runner.requests.length === refreshes + 1
    await until('one run each', isEven)
    expect(await canvas?.evaluate((element) => element.isConnected)).toBe(true)
    expect(await page.locator('.chart canvas').count()).toBe(2)
    await close(watched)
  })

  test('an error shows its line and hint in place of the result', async () => {
    served = serveHost()
    const watched = await open('/query')
    const { page } = watched
    await write(page, '#part-pxl .cm-content', 'import px\n  boom\n')
    await page.press('#part-pxl .cm-content', 'Control+Enter')
    await page.waitForSelector('#result .error')
    const error = await page.locator('#result .error').textContent()
    expect(error).toContain("'boom' is not PxL")
    expect(error).toContain('Take it out.')
    expect(error).toContain('line 2, column 3')
    expect(await page.locator('#result mark').textContent()).toContain('boom')
    await write(page, '#part-pxl .cm-content', 'import px\n')
    await page.click('#args button[type=submit]')
    await page.waitForSelector('#result table.rows')
    expect(await page.locator('#result h2').allTextContents()).toEqual(['first', 'second'])
    await close(watched)
  })

  test('markup from the wire stays text, in the table and in the details', async () => {
    served = serveHost({ rows: 30 })
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
  })

  test.each([400, 600, 800, 1000, 1280])(
    'no field lies over another in a window of %d pixels',
    async (width) => {
      served = serveHost({ scripts: [manyFields] })
      const watched = await open('/scripts/px/many', { width, height: 800 })
      const boxes = await watched.page.evaluate<Box[]>(BOXES)
      expect(boxes.length).toBeGreaterThan(12)
      const over = boxes.flatMap((a, i) =>
        boxes.slice(i + 1).flatMap((b) => (isOver(a, b) ? [`${a.name} over ${b.name}`] : [])),
      )
      expect(over).toEqual([])
      await close(watched)
    },
  )

  test.each([1280, 400])('no page is wider than a window of %d pixels', async (width) => {
    served = serveHost({ rows: 30 })
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
  })
})
