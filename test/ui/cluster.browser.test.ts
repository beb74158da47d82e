/** The pages over a stored cluster, by the real engine: from what is not well to a pod, its time range kept. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { createApp } from '../../src/api/app'
import { readConfig } from '../../src/config'
import { newCounters } from '../../src/health/counters'
import { openRunner } from '../../src/runner/client'
import { TABLES } from '../../src/sources/tables'
import { openReader } from '../../src/store'
import { assetRoutes, renderError, ui } from '../../ui'
import { everyone } from '../support/app'
import { type Host, status } from './fixture'
import { close, count, missing, open, serve, useChromium } from './support/chromium'
import { fillCluster } from './support/cluster'

const MINUTES = 6
const CART = 'shop/cart-6d5f7c9b8-xk2mq'

let stop: () => Promise<void>

useChromium()

beforeAll(() => {
  if (missing) return
  const dataDir = mkdtempSync(join(tmpdir(), 'nixie-ui-'))
  fillCluster(dataDir, MINUTES).close()
  const store = openReader(dataDir, TABLES)
  const runner = openRunner({ dataDir, tables: TABLES, nodeName: 'minikube', counters: newCounters() })
  const kubernetes = { synced: true, objects: { pod: 18 }, errors: {} }
  const deps = {
    runner,
    status: () => status({ host: 'minikube', kubernetes }),
    entities: store.entities.bind(store),
  }
  const app = createApp({
    access: everyone(),
    ...deps,
    config: readConfig({}, {}),
    ui: ui(deps),
    assets: assetRoutes(),
    renderError,
  })
  serve({ app, rows: 0 } as unknown as Host)
  stop = async () => {
    await runner.close()
    store.close()
    rmSync(dataDir, { recursive: true })
  }
})

afterAll(() => stop?.())

const trail = (page: Page) => page.locator('.trail li').allInnerTexts()

/** The time that a chart's legend tells where the pointer is. */
const told = (page: Page, chart: number) =>
  page.locator('.chart').nth(chart).locator('.u-legend .u-value').first().innerText()

async function pointAt(page: Page, chart: number, share: number): Promise<void> {
  const box = (await page.locator('.chart .u-over').nth(chart).boundingBox())!
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2)
}

describe.skipIf(missing !== '')('a cluster in Chromium', () => {
  test('from the overview to a pod, with the time range that was chosen', async () => {
    const watched = await open('/')
    const { page } = watched
    await page.waitForSelector('#service-map svg .node')
    const protocols = await page.locator('#service-map .said').allTextContents()
    expect([...new Set(protocols)].sort()).toEqual(['HTTP', 'PGSQL', 'Redis'])
    expect(await page.locator('.troubles b').allInnerTexts()).toEqual(['Evicted', 'CrashLoopBackOff'])
    const hosts = page.locator('section.widget', { hasText: 'Host processes of minikube' })
    expect((await hosts.locator('td:first-child').allInnerTexts()).sort()).toEqual([
      'containerd.service',
      'kubelet.service',
      'sshd.service',
    ])
    const boxes = await page.locator('#service-map .node text').allTextContents()
    expect(boxes).toEqual(expect.arrayContaining(['shop/cart', 'kubelet.service', 'containerd.service']))
    expect(boxes.filter((label) => label.startsWith('127.'))).toEqual(['127.0.0.0/8 (unknown process)'])
    expect(boxes).not.toContain('(unknown)')
    expect((await page.locator('#service-map .host text').allTextContents()).sort()).toEqual([
      'containerd.service',
      'kubelet.service',
    ])
    await page.click('.troubles a:has-text("importer")')
    await page.waitForURL('**/scripts/px/pod?pod=shop%2Fimporter*')
    expect(await page.locator('.result .empty').innerText()).toContain('Nothing to show since -5m.')

    await page.click('.trail a:text("shop")')
    await page.waitForURL('**/scripts/px/namespace?namespace=shop')
    expect(await trail(page)).toEqual(['Cluster', 'shop'])
    await page.click('.args .presets a:text("30m")')
    await page.waitForURL('**/scripts/px/namespace?start_time=-30m&namespace=shop')
    expect(await page.inputValue('#arg-start_time')).toBe('-30m')

    await page.click(`td a:text-is("${CART}")`)
    await page.waitForURL((url) => url.pathname === '/scripts/px/pod')
    expect(new URL(page.url()).searchParams.get('start_time')).toBe('-30m')
    expect(await trail(page)).toEqual(['Cluster', 'shop', CART.slice(5)])
    await close(watched)
  })

  test('a view that needs a pod offers those that there are, also while one types', async () => {
    const watched = await open('/scripts/px/pod')
    const { page } = watched
    expect(await page.locator('.offered a').count()).toBe(20)
    await page.fill('#arg-pod', 'ledger')
    await count(page, '#arg-pod-names option', 1)
    await page.click(`.offered a:text-is("${CART}")`)
    await page.waitForSelector('.chart canvas')
    expect(await page.inputValue('#arg-pod')).toBe(CART)
    await close(watched)
  })

  test('charts share the time that is pointed at; a refresh keeps what was zoomed to', async () => {
    const watched = await open(`/scripts/px/pod?pod=${CART}&_live=1`)
    const { page } = watched
    await page.waitForSelector('.chart canvas')
    await pointAt(page, 0, 0.01)
    const first = await told(page, 0)
    expect(first).toMatch(/^\d\d:\d\d/)
    expect(await told(page, 1)).toBe(first)

    await pointAt(page, 0, 0.4)
    await page.mouse.down()
    await pointAt(page, 0, 0.8)
    await page.mouse.up()
    await pointAt(page, 0, 0.01)
    const zoomed = await told(page, 0)
    expect(zoomed > first).toBe(true)
    for (let i = 0; i < 2; i++) await page.waitForResponse((response) => response.url().includes('/result'))
    await pointAt(page, 0, 0.02)
    await pointAt(page, 0, 0.01)
    expect(await told(page, 0)).toBe(zoomed)
    await close(watched)
  })
})
