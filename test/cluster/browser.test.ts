/** The first minute with Nixie: port-forward, the pages, http_data, a destination filter, RUN, rows. */
import { beforeAll, describe, expect, test } from 'bun:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { isRoot } from '../support/nixie'
import { PATIENCE_MS, until } from '../support/scope'
import { CHROMIUM, CHROMIUM_ARGS, missing } from '../ui/support/chromium'
import { deployDemo, deployNixie, type Forward, forward, kubectl, rowsInside, useCluster } from './support'

describe.skipIf(!isRoot || missing !== '')('through kubectl port-forward (needs root and Chromium)', () => {
  let browser: Browser | undefined
  let way: Forward | undefined
  useCluster(async () => {
    await browser?.close()
    way?.close()
    await kubectl('delete', 'namespace', 'kuard', '--ignore-not-found')
  })
  beforeAll(async () => {
    await deployNixie()
    await deployDemo('kuard')
    way = await forward()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS })
  })

  const rows = (page: Page) => page.locator('table.rows tbody tr')

  test('http_data, a destination filter, RUN: the rows of that pod', async () => {
    const server = await kubectl(
      ...['-n', 'kuard', 'get', 'pods', '-l', 'app=kuard', '-o', 'jsonpath={.items[0].metadata.name}'],
    )
    // A page that was asked before there are rows stays empty.
    const ask = () => rowsInside('px/http_data', '--', `--destination_filter=${server}`)
    await until('rows of that pod', async () => (await ask()).length > 0)
    const page = await browser!.newPage({ viewport: { width: 1280, height: 800 } })
    page.setDefaultTimeout(PATIENCE_MS)
    await page.goto(way!.url)
    await page.keyboard.press('/')
    await page.waitForSelector('[role=option]')
    await page.keyboard.type('http_data')
    await page
      .locator('[role=option]', { hasText: /px\/http_data\b/ })
      .first()
      .waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/scripts/px/http_data')
    await page.fill('#arg-destination_filter', server)
    await page.getByRole('button', { name: /run/i }).click()
    await page.waitForURL(`**/px/http_data?*destination_filter=${server}*`)
    await rows(page).first().waitFor()
    const destinations = await page.locator('table.rows tbody td:nth-child(3)').allTextContents()
    expect(destinations.length).toBeGreaterThan(0)
    expect(new Set(destinations)).toEqual(new Set([`kuard/${server}`]))
    await page.close()
  })
})
