/** Graphs and flame graphs in a real browser. */
import { describe, expect, test } from 'bun:test'
import { contextOf, request, run, SHELL, WEB } from '../runner/support'
import { resultTable } from '../support/literal-runner'
import { until } from '../support/scope'
import { host } from './fixture'
import { close, count, missing, open, serve, useChromium } from './support/chromium'

useChromium()

describe.skipIf(missing !== '')('graphs in Chromium', () => {
  test('services and their edges; what an edge carries; by pod; coloured by errors', async () => {
    serve(host())
    const watched = await open('/scripts/px/cluster')
    const { page } = watched
    const graph = page.locator('.graph').first()
    await graph.locator('.node').first().waitFor()
    expect(await graph.locator('.node').count()).toBe(5)
    expect(await graph.locator('.edge').count()).toBe(4)
    expect(await graph.locator('.edge.high').count()).toBe(1)
    await graph.locator('.edge .hit').first().dispatchEvent('pointerenter')
    const info = await graph.locator('.graph-info').textContent()
    expect(info).toContain('shop/frontend → shop/cart')
    // Rates of its two pods add up, and of their latencies the worst is told.
    expect(info).toContain('requests 30/s')
    expect(info).toContain('errors 2 %')
    expect(info).toContain('highest p99 600 ms')
    await graph.locator('button:text("errors")').click()
    expect(await graph.locator('button:text("errors")').getAttribute('aria-pressed')).toBe('true')
    expect(await graph.locator('.edge.high').count()).toBe(1)
    await graph.locator('button:text("pods")').click()
    expect(await graph.locator('.edge').count()).toBe(8)
    await close(watched)
  })

  test('the overview of a lone host draws who asks whom, and keeps it when the numbers refresh', async () => {
    const between = (client: string, server: string) =>
      request(10, { upid: server, remote_upid: client, remote_addr: '127.0.0.1', resp_status: 200 })
    const context = contextOf([between(SHELL, WEB), between(WEB, SHELL)])
    serve(host({ giveText: (text) => run({ text }, context).tables }))
    const watched = await open('/')
    const { page } = watched
    // Every 5 seconds.
    const refreshed = page.waitForResponse((answer) => new URL(answer.url()).pathname === '/overview')
    const names = page.locator('#service-map .node text')
    await names.first().waitFor()
    expect((await names.allTextContents()).sort()).toEqual(['curl', 'nginx.service'])
    await refreshed
    expect(await page.locator('#service-map .edge').count()).toBe(2)
    await close(watched)
  })

  test('a node is reached by keyboard, tells its edges and leads to its view', async () => {
    serve(host())
    const watched = await open('/scripts/px/cluster')
    const { page } = watched
    const graph = page.locator('.graph').first()
    await graph.locator('button:text("pods")').click()
    const node = graph.locator('a.node').first()
    await node.focus()
    expect(await graph.locator('.graph-info li').count()).toBeGreaterThan(1)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/scripts/px/pod?pod=shop%2F*')
    await close(watched)
  })

  test('a refresh with other weights moves nothing, and keeps what was zoomed to', async () => {
    const served = host()
    let turn = 0
    const script = (await served.runner.scripts()).find(({ name }) => name === 'px/cluster')!
    const flows = (heavy: number) =>
      resultTable(
        'flows',
        ['src', 'dst']
          .map((name) => ({ name, type: 'STRING', semantic: 'ST_NONE' }) as const)
          .concat({
            name: 'total_size',
            type: 'INT64',
            semantic: 'ST_BYTES',
          } as never),
        ['a', 'b', 'c'].map((name, i) => ['root', name, i === heavy ? 900 : 10]),
      )
    const [, graph] = script.widgets
    const give = () => [flows(turn++ % 3)]
    serve(host({ scripts: [{ ...script, variables: [], widgets: [graph!], give }] }))
    const watched = await open('/scripts/px/cluster?_live=1')
    const { page } = watched
    await page.locator('.graph svg').focus()
    await page.keyboard.press('+')
    const seen = async () => [
      await page.locator('.graph svg > g').getAttribute('transform'),
      ...(await page.locator('.graph .node').allTextContents()).sort(),
      await page.locator('.graph .node:has-text("b") rect').getAttribute('y'),
    ]
    const before = await seen()
    for (let i = 0; i < 2; i++) {
      const drawn = await page.locator('.graph svg').elementHandle()
      await until('it is drawn anew', async () => !(await drawn!.evaluate((e) => e.isConnected)))
      expect(await seen()).toEqual(before)
    }
    expect(turn).toBeGreaterThan(2)
    await close(watched)
  })

  test('zooms by key, and a hostile name is text', async () => {
    serve(host())
    const watched = await open('/scripts/px/cluster')
    const { page } = watched
    const flows = page.locator('.graph').nth(1)
    await flows.locator('.node').first().waitFor()
    const scale = async () =>
      Number(/scale\(([\d.]+)/.exec((await flows.locator('svg > g').getAttribute('transform'))!)![1])
    const before = await scale()
    await flows.locator('svg').focus()
    await page.keyboard.press('+')
    expect(await scale()).toBeGreaterThan(before)
    await page.keyboard.press('0')
    expect(await scale()).toBe(before)
    expect(await page.title()).toBe('px/cluster · Nixie')
    expect(await flows.locator('title').allTextContents()).toContain(
      "<script>document.title='owned'</script><img src=x onerror=alert(1)>",
    )
    await close(watched)
  })

  test('150 services: all there, in letters that can be read', async () => {
    serve(host())
    const watched = await open('/scripts/px/cluster?services=150')
    const { page } = watched
    await count(page, '.graph >> nth=0 >> .node', 150)
    const text = await page.locator('.graph .node text').first().boundingBox()
    expect(text!.height).toBeGreaterThan(8)
    await close(watched)
  })
})

describe.skipIf(missing !== '')('flame graphs in Chromium', () => {
  test('a box for each function; a click zooms, Escape returns, search finds', async () => {
    serve(host())
    const watched = await open('/scripts/px/perf_flamegraph')
    const { page } = watched
    const flame = page.locator('.flame').first()
    const box = (name: string) => flame.locator('.frame', { hasText: new RegExp(`^${name}$`) })
    await box('query').waitFor()
    const whole = (await box('all').boundingBox())!.width
    expect((await box('query').boundingBox())!.width / whole).toBeCloseTo(0.45, 2)
    await box('query').hover()
    expect(await flame.locator('.flame-info').textContent()).toBe(
      'query 450 samples · 45.00 % of all · CPU Usage 45.00 %',
    )
    await box('query').click()
    expect((await box('query').boundingBox())!.width).toBeCloseTo(whole, 0)
    expect(await box('parse_json').count()).toBe(0)
    await page.keyboard.press('ArrowDown')
    expect(await flame.locator('.flame-info').textContent()).toContain('66.67 % of what is shown')
    await page.keyboard.press('Escape')
    expect(await box('parse_json').count()).toBe(1)
    await flame.locator('input').fill('read')
    expect(await flame.locator('.frame.found').allTextContents()).toEqual(['read', '[k] vfs_read'])
    expect(await flame.locator('[role=status]').textContent()).toBe('2 found, 45.00 % of all')
    await close(watched)
  })

  test('a difference colours what became more and less', async () => {
    serve(host())
    const watched = await open('/scripts/px/perf_flamegraph')
    const { page } = watched
    const frames = page.locator('.flame').nth(1).locator('.frame')
    await frames.first().waitFor()
    expect(await frames.filter({ hasText: /^gc$/ }).getAttribute('class')).toContain('more3')
    expect(await frames.filter({ hasText: /^read$/ }).getAttribute('class')).toContain('less3')
    await close(watched)
  })
})
