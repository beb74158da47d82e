/** Chromium for tests of pages: it watches that a page does nothing that ours may not. */
import { afterAll, afterEach, beforeAll, expect } from 'bun:test'
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { PATIENCE_MS, until } from '../../support/scope'

export const CHROMIUM = '/usr/bin/chromium'
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const missing = existsSync(CHROMIUM) ? '' : `${CHROMIUM} is not there: install the package chromium`
if (missing) console.warn(`Tests in a browser skip: ${missing}`)

let browser: Browser
let server: ReturnType<typeof Bun.serve>
let served: Served

interface Served {
  readonly app: { fetch(request: Request): Response | Promise<Response> }
}

/** What the next page is opened on. */
export const serve = (host: Served): void => {
  served = host
}

export function useChromium(): void {
  beforeAll(async () => {
    if (missing) return
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS })
    server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => served.app.fetch(request) })
  })

  // A page that a failed test left would go on asking.
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop(true)
  })
}

/** What a page did that none of ours may do. */
export interface Watched {
  readonly page: Page
  readonly errors: string[]
  readonly elsewhere: string[]
}

/** Answers of 4xx are shown to the reader; that Chromium also logs them is no fault of the page. */
const EXPECTED = /Failed to load resource: the server responded with a status of 4\d\d/

export async function open(path: string, viewport = { width: 1280, height: 800 }): Promise<Watched> {
  const page = await browser.newPage({ viewport })
  page.setDefaultTimeout(PATIENCE_MS)
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

export async function close({ page, errors, elsewhere }: Watched): Promise<void> {
  await page.close()
  expect(errors).toEqual([])
  expect(elsewhere).toEqual([])
}

/** Waits; by asking from here, since the pages' policy forbids the browser to evaluate a condition. */
export async function count(page: Page, selector: string, wanted: number): Promise<void> {
  await until(`${wanted} of ${selector}`, async () => {
    const found = await page.locator(selector).count()
    if (found !== wanted) throw new Error(`${found} are there`)
    return true
  })
}

/** Replaces what an editor holds, as a reader would. */
export async function write(page: Page, editor: string, text: string): Promise<void> {
  await page.click(editor)
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}
