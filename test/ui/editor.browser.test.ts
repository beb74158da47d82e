/** The query page in a real browser: the editor helps, runs, opens scripts from the disk, and keeps what was typed. */
import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { type Host, host } from './fixture'
import { close, count, missing, open, serve, useChromium, write } from './support/chromium'

useChromium()

const PXL = '#part-pxl .cm-content'
const VIS = '#part-view .cm-content'

const VIEW = JSON.stringify({
  variables: [
    { name: 'start_time', type: 'PX_STRING', defaultValue: '-5m', description: 'How far back' },
    { name: 'pod', type: 'PX_POD', description: 'Whose' },
  ],
  globalFuncs: [],
  widgets: [
    {
      name: 'Requests',
      position: { x: 0, y: 0, w: 12, h: 4 },
      func: { name: 'requests', args: [{ name: 'pod', variable: 'pod' }] },
      displaySpec: { '@type': 'types.px.dev/px.vispb.Table' },
    },
  ],
})

const served = (): Host => {
  const made = host()
  serve(made)
  return made
}

/** What a text field of the form would send. */
const sent = (page: Page, field: string) => page.locator(field).inputValue()

describe.skipIf(missing !== '')('the query page in Chromium', () => {
  test('underlines what is wrong and says what to write', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await write(page, PXL, "import px\ndf = px.DataFrame('http_events')\ndf.slow = df.latncy > 5\n")
    const wrong = page.locator('.cm-lintRange-error')
    await wrong.waitFor()
    expect(await wrong.textContent()).toBe('latncy')
    await wrong.hover()
    const tip = await page.locator('.cm-diagnostic').textContent()
    expect(tip).toContain("There is no column 'latncy'")
    expect(tip).toContain("Did you mean 'latency'?")
    await close(watched)
  })

  test('says what is wrong with a vis spec, in its own tab', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await page.click('[role=tab]:text("Vis spec")')
    await write(page, VIS, '{"variables": ')
    await page.locator('#part-view .cm-lint-marker-error').waitFor()
    await write(page, VIS, '{"variables": [{}]}')
    await page.locator('#part-view .cm-lint-marker-error').hover()
    await page.locator('.cm-diagnostic', { hasText: 'variables' }).waitFor()
    await close(watched)
  })

  test('proposes columns of the table, and takes one by Enter', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await write(page, PXL, "import px\ndf = px.DataFrame('http_events')\n")
    await page.press(PXL, 'Control+End')
    await page.keyboard.type('df.late')
    await page.locator('.cm-tooltip-autocomplete li[aria-selected]').waitFor()
    expect(await page.locator('.cm-tooltip-autocomplete li[aria-selected]').textContent()).toBe(
      'latencyINT64 DURATION_NS',
    )
    // Until then a key press could be one of the text.
    await page.waitForTimeout(120)
    await page.keyboard.press('Enter')
    expect(await sent(page, '#text')).toEndWith('df.latency')
    await close(watched)
  })

  test('Ctrl+Enter runs what is typed, once; a slash is a slash', async () => {
    const { runner } = served()
    const watched = await open('/query')
    const { page } = watched
    await write(page, PXL, 'import px')
    await page.press(PXL, 'Control+End')
    await page.keyboard.type(' / 2')
    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('#result table.rows')
    expect(runner.requests.map(({ text }) => text)).toEqual(['import px / 2'])
    await close(watched)
  })

  test('what is typed over a selection replaces it, brackets go around it', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await page.click(PXL)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('df')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('(')
    expect(await sent(page, '#text')).toBe('(df)')
    await close(watched)
  })

  test('what was typed survives a reload', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await write(page, PXL, 'import px  # mine')
    await page.click('[role=tab]:text("Vis spec")')
    await write(page, VIS, '{"variables": []}')
    await page.reload()
    await page.locator(PXL).waitFor()
    expect(await page.locator(PXL).textContent()).toBe('import px  # mine')
    expect(await sent(page, '#view')).toBe('{"variables": []}')
    await close(watched)
  })

  test('opens a script with its vis.json, asks for its variables, runs with them', async () => {
    const { runner } = served()
    const watched = await open('/query')
    const { page } = watched
    const text = 'import px\ndef requests(pod: str):\n    return px.DataFrame("http_events")\n'
    await page.setInputFiles('input[data-open=files]', [
      { name: 'mine.pxl', mimeType: 'text/plain', buffer: Buffer.from(text.replaceAll('\n', '\r\n')) },
      { name: 'vis.json', mimeType: 'application/json', buffer: Buffer.from(VIEW) },
      { name: 'manifest.yaml', mimeType: 'text/yaml', buffer: Buffer.from('short: Mine') },
    ])
    await page.waitForSelector('#arg-pod')
    await page.locator('#result', { hasText: 'Fill in pod and press Run' }).waitFor()
    expect(await sent(page, '#text')).toBe(text)
    expect(runner.requests.length).toBe(0)
    await page.fill('#arg-pod', 'shop/cart')
    await page.keyboard.press('Control+Enter')
    await count(page, '#result table.rows', 2)
    expect(runner.requests).toEqual([
      { text, view: VIEW, args: { start_time: '-5m', pod: 'shop/cart' }, links: true },
    ])
    expect(await page.inputValue('#arg-pod')).toBe('shop/cart')
    await close(watched)
  })

  test('files that are no script are refused in words', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    const before = await sent(page, '#text')
    await page.setInputFiles('input[data-open=files]', [
      { name: 'notes.json', mimeType: 'text/plain', buffer: Buffer.from('{}') },
    ])
    await page.waitForSelector('.actions [role=status]:has-text("no .pxl file")')
    expect(await sent(page, '#text')).toBe(before)
    await close(watched)
  })

  test('takes files that are dropped on it', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await page.locator(PXL).waitFor()
    const drop = await page.evaluateHandle(`(() => {
      const carried = new DataTransfer()
      carried.items.add(new File(['import px  # dropped'], 'script.pxl'))
      carried.items.add(new File(['{}'], 'vis.json'))
      return carried
    })()`)
    await page.dispatchEvent(PXL, 'drop', { dataTransfer: drop })
    await page.waitForSelector('.actions [role=status]:has-text("Opened script.pxl and vis.json")')
    expect(await sent(page, '#text')).toBe('import px  # dropped')
    expect(await sent(page, '#view')).toBe('{}')
    await close(watched)
  })

  test('a text too long for an address is sorted too', async () => {
    const { runner } = served()
    const watched = await open('/query')
    const { page } = watched
    await write(page, PXL, `import px  # ${'long '.repeat(6000)}`)
    await page.press(PXL, 'Control+Enter')
    await page.waitForSelector('#result table.rows')
    await page.locator('th[data-name=latency] button').first().click()
    await page.waitForSelector('th[data-name=latency][aria-sort=descending]')
    await page.locator('th[data-name=latency] button').first().click()
    await page.waitForSelector('th[data-name=latency][aria-sort=ascending]')
    expect(runner.requests.length).toBe(3)
    expect(new URL(page.url()).search).toBe('')
    await close(watched)
  })

  test("a library script's page leads to its text", async () => {
    served()
    const watched = await open('/scripts/px/http_data')
    const { page } = watched
    await page.click('.title a:text("Edit")')
    await page.locator(PXL).waitFor()
    expect(await sent(page, '#text')).toContain("df = px.DataFrame('http_events')")
    await close(watched)
  })

  test('a result of a typed script is a file', async () => {
    served()
    const watched = await open('/query')
    const { page } = watched
    await write(page, PXL, 'import px')
    await page.press(PXL, 'Control+Enter')
    await page.waitForSelector('#result table.rows')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('[data-download*=csv]').first().click(),
    ])
    expect(download.suggestedFilename()).toBe('first.csv')
    const stream = await download.createReadStream()
    const file = await new Response(stream as unknown as ReadableStream).text()
    expect(file).toStartWith('time_,source,destination')
    await close(watched)
  })
})
