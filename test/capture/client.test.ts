/** Main's end of the capture thread, with real threads that block, end and hang. */
import { afterEach, expect, test } from 'bun:test'
import { type Capture, type CaptureOptions, startCapture } from '../../src/capture/client'
import { readConfig } from '../../src/config'
import { entity } from '../support/entities'
import { Pace } from '../support/pace'
import { until } from '../support/scope'

const PLAYED = new URL('./played-worker.ts', import.meta.url).href

let capture: Capture | undefined
let threads = 0
/** Ends threads that the capture can't end. */
const hanging: (() => void)[] = []
afterEach(async () => {
  await capture?.stop()
  for (const end of hanging.splice(0)) end()
  capture = undefined
  threads = 0
})

/** A thread that is told what to do by `bodyLimit`; see `played-worker.ts`. */
async function begin(options: CaptureOptions = {}) {
  const said: string[] = []
  const spawn = () => {
    threads++
    return new Worker(PLAYED)
  }
  capture = await startCapture(readConfig({}, {}), (message) => said.push(message), {
    spawn,
    pauseMs: 10,
    giveUp: (reason) => said.push(reason),
    ...options,
  })
  const played = capture
  return { capture: played, said, order: (bodyLimit: number) => played.change({ bodyLimit }) }
}

/** The seconds that a sentence tells. */
const secondsIn = (pattern: RegExp, said: string | undefined) => Number(pattern.exec(said ?? '')?.[1])

test('a thread that blocks is noticed within 2 s, said, counted, and heard again when it is back', async () => {
  const { capture, said, order } = await begin()
  expect(capture.life).toEqual({ silentMs: 0 })
  // Main knows the thread's clock the better the more often it has looked.
  await until('some reports', () => capture.report.counters.rows > 40)
  const from = performance.now()
  const since = () => (performance.now() - from) / 1000
  const pace = new Pace()
  order(3000)
  const error = await until('silence', () => capture.error)
  expect(pace.ms()).toBeLessThan(2000)
  // As long as it has been silent; a busy machine may let this thread look late.
  expect(secondsIn(/gives no sign of life: no rows for (\d\.\d) s/, error)).toBeWithin(1, since() + 0.1)
  await until('said', () => said.length > 0)
  expect(said[0]).toContain('no rows for')
  await until('back', () => capture.life.silentMs === 0)
  await until('said to be back', () => said.length > 1)
  expect(secondsIn(/is back after (\d+\.?\d*) s/, said[1])).toBeWithin(2, since() + 0.1)
  expect(capture.error).toBeUndefined()
  expect(capture.report.counters.silentNs).toBeGreaterThan(2e9)
  expect(capture.report.counters.captureRestarts).toBe(0)
  expect(threads).toBe(1)
})

test('a thread that stands still is replaced: settings and services are told anew, counters go on', async () => {
  const { capture, said, order } = await begin({ silenceMs: 4000 })
  capture.put([entity('service', 'web', {}), entity('pod', 'web-1', {})])
  await until('rows', () => capture.report.counters.rows > 5)
  const { rows } = capture.report.counters
  order(-2)
  // What the next is told must not stop it as well.
  capture.change({ bodyLimit: 7, redact: false })
  await until('replaced', () => capture.report.counters.captureRestarts === 1)
  expect(capture.error).toContain('stood still')
  await until('goes on', () => capture.error === undefined)
  expect(threads).toBe(2)
  expect(said.join()).toContain('stood still')
  expect(said.join()).toContain('Another capture thread goes on')
  await until('settings', () => capture.report.settings.redact === false)
  await until('services', () => said.includes('entities web'))
  expect(capture.report.counters.rows).toBeGreaterThan(rows)
  expect(capture.report.counters.silentNs).toBeGreaterThan(1e9)
})

test('a thread that ends is replaced, ever more slowly when the next ones end too', async () => {
  const { capture, said, order } = await begin({ pauseMs: 100 })
  order(-1)
  await until('replaced', () => threads === 2)
  expect(said.join()).toContain('The capture thread ended: ')
  // The order is told to each new thread.
  const from = performance.now()
  await until('replaced again and again', () => threads === 4)
  expect(performance.now() - from).toBeGreaterThan(500)
  order(0)
  await until('goes on', () => capture.error === undefined && capture.report.settings.bodyLimit === 0)
  expect(capture.report.counters.captureRestarts).toBeGreaterThanOrEqual(3)
})

test('a thread that cannot be ended ends the program', async () => {
  const { said, order } = await begin({
    silenceMs: 1200,
    patienceMs: 100,
    spawn: () => {
      const worker = new Worker(PLAYED)
      const { terminate } = worker
      // As one that hangs in the kernel.
      worker.terminate = () => {}
      hanging.push(() => terminate.call(worker))
      return worker
    },
  })
  order(20_000)
  await until('given up', () => said.some((line) => line.includes('hangs in the kernel')))
})

test('a store that refuses rows is said once, and so is that it takes them again', async () => {
  const { capture, said, order } = await begin()
  order(-3)
  await until('refused', () => capture.report.storeError)
  const { rows } = capture.report.counters
  await until('a few reports', () => capture.report.counters.rows > rows + 3)
  order(-4)
  await until('stored again', () => said.length > 1)
  expect(said).toEqual(['The disk is full (Make room.)', 'Rows are stored again; 0 were refused so far.'])
})

test('a flush is answered at once, and soon also by a thread that blocks', async () => {
  const { capture, order } = await begin()
  const time = async () => {
    const pace = new Pace()
    await capture.flush()
    return pace.ms()
  }
  expect(await time()).toBeLessThan(150)
  order(2000)
  expect(await time()).toBeLessThan(800)
})
