/** A whole result from its bytes: what a page shows of it. */
import { expect, test } from 'bun:test'
import { newestRows, run } from '../../src/runner/result'
import { contextOf, linkTo, readTable, request, run as runAtOnce, streaming } from './support'

const context = contextOf(
  Array.from({ length: 50 }, (_, i) =>
    request(50 - i, { req_path: `/"${i}",\n\u2028é`, resp_status: 200 + i, latency: 2 ** 40 + i }),
  ),
)
const runner = streaming(context)
const TEXT = `import px
df = px.DataFrame('http_events', select=['time_', 'upid', 'req_path', 'latency'])
df.share = df.latency / 0.0
df.to = px.script_reference('more', 'px/ip', {'path': df.req_path})
px.display(df, 'rows')
px.display(df.head(0), 'none')`

test('is the same as that of the run, links as text', async () => {
  const { stats, ...result } = await run(runner, { text: TEXT, links: true })
  const { stats: _, ...expected } = runAtOnce({ text: TEXT }, context)
  expect(result).toEqual(expected)
  expect(stats.rowsOut).toBe(50)
  expect(result.tables[0]!.values.at(-1)![0]).toBe(linkTo('more', 'px/ip', { path: '/"49",\n\u2028é' }))
})

test('the newest rows of a table too', async () => {
  const asked = { name: 'http_events', limit: 7 }
  expect(await newestRows(runner, asked)).toEqual(readTable(asked, context))
})

test('one that is too long is refused, and no more of it is made', async () => {
  let isCancelled = false
  const endless = {
    stream: async () => ({
      warnings: [],
      body: new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
        cancel: () => {
          isCancelled = true
        },
      }),
      end: Promise.resolve(),
    }),
  }
  const asked = run(endless, { text: '' }, { mostBytes: 3 << 20 })
  await expect(asked).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('more than 3 MiB'),
  })
  expect(isCancelled).toBe(true)
})

test('what fails on the way is its error', async () => {
  await expect(run(runner, { text: 'px.nope' })).rejects.toMatchObject({ shape: { code: 'compile_error' } })
})
