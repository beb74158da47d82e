/** Query threads over a real store: results, errors, cancellation, deadlines, threads that hang or die. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NixieError } from '../../src/errors'
import { newCounters } from '../../src/health/counters'
import { BatchBuilder } from '../../src/records/builder'
import { asClient } from '../../src/runner/asker'
import { openRunner, type RunnerOptions } from '../../src/runner/client'
import { newestRows, run } from '../../src/runner/result'
import type { Runner, RunRequest } from '../../src/runner/runner'
import { TABLES } from '../../src/sources/tables'
import { openWriter } from '../../src/store'
import type { Damage } from '../../src/store/store'
import { Pace } from '../support/pace'
import { until } from '../support/scope'

const http = TABLES.find((table) => table.name === 'http_events')!
const ROWS = 3000
let dataDir: string
const runners: Runner[] = []

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'nixie-runner-'))
  const writer = openWriter({ dataDir, retentionSeconds: 86_400, diskBudgetBytes: 1 << 28, tables: TABLES })
  const builder = new BatchBuilder(http, BigInt(Date.now() - 60_000) * 1_000_000n)
  for (let i = 0; i < ROWS; i++) {
    const record: Record<string, unknown> = Object.fromEntries(
      http.columns.map(({ name, type }) => [
        name,
        type === 'STRING' || type === 'UINT128' ? '' : type === 'BOOLEAN' ? false : 0,
      ]),
    )
    builder.append({
      ...record,
      time_: i * 1_000_000,
      upid: '1:42:7',
      req_path: `/${i}`,
      trace_role: 2,
    } as never)
  }
  writer.append([{ table: http, batch: builder.seal() }])
  writer.close()
})

afterAll(async () => {
  for (const runner of runners) await runner.close()
  rmSync(dataDir, { recursive: true, force: true })
})

let anyRunner: Runner | undefined
/** Where nothing depends on which threads there are, one runner answers: a thread needs 150 ms of processor time to begin. */
const shared = () => (anyRunner ??= open())

function open(options: Partial<RunnerOptions> = {}): Runner {
  const runner = openRunner({ dataDir, tables: [], ...options })
  runners.push(runner)
  return runner
}

const hanging = (options: Partial<RunnerOptions> = {}) => {
  let threads = 0
  const spawn = () => {
    threads++
    return new Worker(new URL('./endless-worker.ts', import.meta.url).href)
  }
  return { runner: open({ spawn, ...options }), threads: () => threads }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (cause) {
    return cause instanceof NixieError ? cause.shape.code : String(cause)
  }
  return 'no error'
}

/** Nine million pairs, three times over. */
const SLOW: RunRequest = {
  text: `import px
df = px.DataFrame('http_events', select=['req_path'])
pairs = df.merge(df, left_on=[], right_on=[])
more = pairs.merge(df, left_on=[], right_on=[])
px.display(more.agg(n=('req_path', px.count)))`,
}

describe('over a store', () => {
  test('runs scripts, counts queries', async () => {
    const counters = newCounters()
    const runner = open({ counters })
    const result = await run(runner, { script: 'px/http_data', args: { max_num_records: '2' } })
    const paths = result.tables[0]!.values[result.tables[0]!.columns.findIndex((c) => c.name === 'req_path')]
    expect(paths).toEqual([`/${ROWS - 1}`, `/${ROWS - 2}`])
    expect(await codeOf(run(runner, { script: 'px/nothing' }))).toBe('unknown_script')
    expect([counters.queries, counters.queryErrors]).toEqual([2, 1])
    expect(counters.queryNs).toBeGreaterThan(0)
  })

  test('errors cross the thread whole', async () => {
    const failing = run(shared(), { text: 'import px\nx = px.nope' })
    await expect(failing).rejects.toMatchObject({
      shape: { code: 'compile_error', line: 2, column: 8, message: "px has no function 'nope'" },
    })
  })

  test('scripts, tables, rows', async () => {
    const runner = shared()
    expect((await runner.scripts()).map((s) => s.name)).toContain('px/http_data')
    expect((await runner.tables())[0]).toMatchObject({ name: 'http_events', rows: ROWS })
    const table = await newestRows(runner, { name: 'http_events', limit: 3, startTime: '-5m' })
    expect([table.rows, table.truncated]).toEqual([3, false])
    expect(await codeOf(newestRows(runner, { name: 'nope', limit: 1 }))).toBe('unknown_table')
  })

  test('chunks that a query found damaged are told before its answer, by a run, a table and a stream', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nixie-runner-'))
    cpSync(dataDir, dir, { recursive: true })
    const db = new Database(join(dir, 'nixie.db'))
    db.run("UPDATE columns SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE id >= 1024")
    db.close()
    const told: Damage[][] = []
    const runner = open({ dataDir: dir, threads: 1, damaged: (found) => told.push([...found]) })
    const { warnings } = await run(runner, { text: 'import px\npx.display(px.DataFrame("http_events"))' })
    expect(warnings[0]?.message).toContain('1 damaged chunk of the store left out')
    expect(told).toHaveLength(1)
    expect(told[0]![0]).toMatchObject({ table: 'http_events', chunk: 1, rows: ROWS })
    await newestRows(runner, { name: 'http_events', limit: 3, startTime: '-5m' })
    expect(told).toHaveLength(2)
    const rowsOf = { name: 'http_events', limit: 3, startTime: '-5m' }
    const stream = await runner.stream({ rowsOf }, { format: 'ndjson' })
    await new Response(stream.body).text()
    expect(told).toHaveLength(3)
    rmSync(dir, { recursive: true, force: true })
  })

  test('a directory that has no store is said, and what would fill it', async () => {
    const runner = open({ dataDir: join(dataDir, 'none') })
    const error = await run(runner, { script: 'px/http_data' }).catch((cause: NixieError) => cause)
    const { code, hint } = (error as NixieError).shape
    expect(code).toBe('unknown_table')
    expect(hint).toContain('Nothing is stored in the data directory')
    expect(await runner.tables()).toEqual([])
  })

  test('aborting cancels, and the thread goes on with the next', async () => {
    const runner = open({ threads: 1 })
    const controller = new AbortController()
    const slow = run(runner, SLOW, controller)
    setTimeout(() => controller.abort(), 50)
    expect(await codeOf(slow)).toBe('cancelled')
    expect((await run(runner, { script: 'px/schemas' })).tables.length).toBe(2)
    expect(await codeOf(run(runner, SLOW, controller))).toBe('cancelled')
  })

  test('a deadline ends a run', async () => {
    const runner = shared()
    expect(await codeOf(run(runner, { ...SLOW, limits: { deadlineMs: 50 } }))).toBe('deadline_exceeded')
    expect((await run(runner, { script: 'px/schemas' })).tables.length).toBe(2)
  })

  test('a short query need not wait for a long one', async () => {
    const runner = open({ threads: 2 })
    const controller = new AbortController()
    const order: string[] = []
    const slow = run(runner, SLOW, controller).catch(() => order.push('slow'))
    await run(runner, { script: 'px/schemas' }).then(() => order.push('short'))
    controller.abort()
    await slow
    expect(order).toEqual(['short', 'slow'])
  })

  test('closing fails what is under way', async () => {
    const runner = open()
    const slow = codeOf(run(runner, SLOW))
    await runner.close()
    expect(await slow).toBe('unavailable')
    expect(await codeOf(runner.tables())).toBe('unavailable')
  })
})

describe('several clients', () => {
  test('who asks once need not wait for another one’s many', async () => {
    const { runner, threads } = hanging({ threads: 2 })
    const many = Array.from({ length: 64 + 2 }, () =>
      asClient('a', () => codeOf(run(runner, { text: 'hang' }))),
    )
    expect(await asClient('b', () => run(runner, { text: 'once' }))).toMatchObject({ script: 'once' })
    expect(threads()).toBe(3)
    await runner.close()
    // The newest of the many gave way, or was refused.
    expect((await Promise.all(many)).every((code) => code === 'unavailable')).toBe(true)
  })
})

describe('streams', () => {
  const PATHS: RunRequest = {
    text: "import px\npx.display(px.DataFrame('http_events', select=['req_path']))",
  }
  /** 36 MB of lines: more than may wait. */
  const MUCH: RunRequest = {
    text: `import px
df = px.DataFrame('http_events', select=['req_path'])
px.display(df.merge(df.head(300), left_on=[], right_on=[], suffixes=['', '_b']))`,
    limits: { rows: 1_000_000 },
  }

  test('rows as they come, counted, with the scripts of the user', async () => {
    const counters = newCounters()
    const own = {
      name: 'px/http_data',
      short: '',
      long: '',
      file: 'a.pxl',
      view: undefined,
      text: PATHS.text!,
    }
    const runner = open({ counters, scripts: new Map([['px/http_data', own]]) })
    const { body, end } = await runner.stream({ script: 'px/http_data' }, { format: 'csv' })
    expect((await new Response(body).text()).split('\r\n')).toHaveLength(ROWS + 2)
    expect(await end).toEqual({ rows: ROWS, truncated: [] })
    expect([counters.queries, counters.queryErrors]).toEqual([1, 0])
    const scripts = await runner.scripts()
    expect(scripts.find(({ name }) => name === 'px/http_data')!.origin).toBe('override')
    expect(scripts.find(({ name }) => name === 'px/schemas')!.origin).toBeUndefined()
  })

  test('an error before the first byte rejects', async () => {
    const runner = shared()
    expect(await codeOf(runner.stream({ text: 'import px\npx.nope' }, { format: 'csv' }))).toBe(
      'compile_error',
    )
    const slow = { ...SLOW, limits: { deadlineMs: 50 } }
    expect(await codeOf(runner.stream(slow, { format: 'ndjson' }))).toBe('deadline_exceeded')
    const controller = new AbortController()
    const cancelled = runner.stream(SLOW, { format: 'ndjson' }, controller.signal)
    setTimeout(() => controller.abort(), 20)
    expect(await codeOf(cancelled)).toBe('cancelled')
  })

  test('a reader that stops holds the query, and others still run; one that goes ends it', async () => {
    const runner = open({ threads: 2 })
    const { body, end } = await runner.stream(MUCH, { format: 'ndjson' })
    const reader = body.getReader()
    await reader.read()
    let ended = false
    const ends = codeOf(end.finally(() => (ended = true)))
    const waiting = runner.stream(PATHS, { format: 'csv' })
    expect((await run(runner, { script: 'px/schemas' })).tables.length).toBe(2)
    expect(ended).toBe(false)
    await reader.cancel()
    expect(await ends).toBe('cancelled')
    expect(await new Response((await waiting).body).text()).toContain('/2999')
  })

  test('a stream waits for its turn for a bounded time, and takes it where one ends', async () => {
    const runner = open({ threads: 2, patienceMs: 300 })
    const of = (client: string) => asClient(client, () => runner.stream(MUCH, { format: 'ndjson' }))
    const begun = await Promise.all(['a', 'b', 'c'].map(of))
    const started = performance.now()
    const refused = await of('d').catch((cause) => cause)
    expect(refused).toMatchObject({ shape: { code: 'too_many_requests' } })
    expect(refused.message).toContain('none ended within 0.3 s')
    expect(performance.now() - started).toBeGreaterThan(250)
    const ends = begun.map(({ end }) => codeOf(end))
    const waiting = of('d')
    await begun[0]!.body.cancel()
    const { body, end } = await waiting
    await body.cancel()
    expect(await codeOf(end)).toBe('cancelled')
    await runner.close()
    await Promise.all(ends)
  })

  test('streams that nobody reads hold up no short answer, read or not', async () => {
    const runner = open({ threads: 2 })
    const streams = [1, 2, 3].map(() => runner.stream(MUCH, { format: 'ndjson' }))
    await streams[0]
    /** 1.14 MB: more than waits of a stream, its last chunk included. */
    const all: RunRequest = { text: "import px\npx.display(px.DataFrame('http_events'))" }
    const unread = []
    for (let i = 0; i < 3; i++) unread.push(await runner.stream(all, { format: 'json' }))
    const { body } = await runner.stream(PATHS, { format: 'json' })
    expect(await new Response(body).text()).toContain('/2999')
    for (const stream of unread)
      expect((await new Response(stream.body).text()).length).toBeGreaterThan((1 << 20) + (64 << 10))
    const ends = streams.map((stream) => codeOf(stream.then(({ end }) => end)))
    await runner.close()
    await Promise.all(ends)
  })

  test('large answers that one client does not read hold up no other client, nor each other for long', async () => {
    const runner = open({ threads: 2 })
    /** 18 MB in 3,000 rows. */
    const text = `import px
df = px.DataFrame('http_events', select=['req_path'])
df.more = '${'x'.repeat(6000)}'
px.display(df)`
    const large = () => asClient('a', () => runner.stream({ text }, { format: 'json' }))
    const unread = Array.from({ length: 6 }, large)
    const ends = unread.map((stream) => codeOf(stream.then(({ end }) => end)))
    await Promise.all(unread.slice(0, 2))
    const pace = new Pace()
    const { body } = await asClient('b', () => runner.stream(PATHS, { format: 'json' }))
    expect(await new Response(body).text()).toContain('/2999')
    expect(pace.ms()).toBeLessThan(1500)
    expect(await Promise.race(ends)).toBe('cancelled')
    await runner.close()
    await Promise.all(ends)
  })

  test("time in which nobody reads is not the query's", async () => {
    const runner = shared()
    // 8 MB: more than may wait, and little work, so that a busy machine takes less than the deadline for it.
    const text = MUCH.text!.replace('300', '60')
    const limited = { text, limits: { rows: 1_000_000, deadlineMs: 2000 } }
    const { body } = await runner.stream(limited, { format: 'ndjson' })
    const reader = body.getReader()
    await reader.read()
    const read = performance.now()
    await until('the deadline has passed', () => performance.now() - read > 2000)
    for (;;) if ((await reader.read()).done) break
  })

  test('closing ends what is under way', async () => {
    const runner = open()
    const { body, end } = await runner.stream(MUCH, { format: 'ndjson' })
    await runner.close()
    expect(await codeOf(end)).toBe('unavailable')
    expect((await new Response(body).text()).trimEnd().split('\n').at(-1)).toContain(
      '{"error":{"code":"unavail',
    )
  })
})

test('explain, check, complete', async () => {
  const runner = shared()
  const explained = await runner.explain({ script: 'px/http_data' })
  expect(explained.text).toContain('http_events')
  const wrong = await runner.check('import px\nx = px.nope', undefined)
  expect(wrong).toMatchObject([{ severity: 'error', line: 2, column: 8 }])
  const text = "import px\npx.DataFrame('http_e"
  const { items } = await runner.complete(text, text.length)
  expect(items.map((item) => item.label)).toContain('http_events')
  expect(await codeOf(runner.complete(text, 99))).toBe('bad_request')
  const gone = AbortSignal.abort()
  expect(await codeOf(runner.tables(gone))).toBe('cancelled')
  expect(await codeOf(newestRows(runner, { name: 'http_events', limit: 1 }, { signal: gone }))).toBe(
    'cancelled',
  )
})

describe('threads that fail', () => {
  test('one that hangs past its deadline is replaced', async () => {
    const { runner, threads } = hanging({ threads: 1 })
    const stuck = codeOf(run(runner, { text: 'spin', limits: { deadlineMs: 10 } }))
    const next = run(runner, { text: 'next' })
    expect(await stuck).toBe('deadline_exceeded')
    expect((await next).script).toBe('next')
    expect(threads()).toBe(2)
  })

  test('one that does not heed its cancellation is replaced', async () => {
    const { runner, threads } = hanging({ threads: 1 })
    const controller = new AbortController()
    const stuck = codeOf(run(runner, { text: 'hang' }, controller))
    const next = run(runner, { text: 'next' })
    // Until it has a thread.
    await Bun.sleep(0)
    controller.abort()
    expect(await stuck).toBe('cancelled')
    expect((await next).script).toBe('next')
    expect(threads()).toBe(2)
  })

  test('one that dies fails its run only', async () => {
    const { runner, threads } = hanging({ threads: 1 })
    const [crash, next] = [codeOf(run(runner, { text: 'crash' })), run(runner, { text: 'next' })]
    expect(await crash).toBe('internal')
    expect((await next).script).toBe('next')
    expect(threads()).toBe(2)
  })

  test('a run that waits can be cancelled, and waiting is bounded', async () => {
    const { runner } = hanging({ threads: 1 })
    const holding = codeOf(run(runner, { text: 'hang' }))
    const controller = new AbortController()
    const waiting = codeOf(run(runner, { text: 'later' }, controller))
    controller.abort()
    expect(await waiting).toBe('cancelled')
    const queue = Array.from({ length: 65 }, () => codeOf(run(runner, { text: 'later' })))
    expect(await queue[64]).toBe('unavailable')
    await runner.close()
    expect(await holding).toBe('unavailable')
    expect(new Set(await Promise.all(queue))).toEqual(new Set(['unavailable']))
  })
})
