/** The routes: what each format and shape looks like, and what reaches the runner. */

import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { createApp } from '../../src/api/app'
import { readConfig } from '../../src/config'
import { newCounters } from '../../src/health/counters'
import { everyone } from '../support/app'
import { json } from '../support/json'
import { COUNTS, HTTP_DATA, HTTP_EVENTS, RecordingRunner } from '../support/recording-runner'
import { NO_BUDGET, statusOf } from '../support/status'

function setUp() {
  const runner = new RecordingRunner()
  const counters = newCounters()
  const ui = new Hono().get('/', (c) => c.html('<h1>Nixie</h1>'))
  const app = createApp({
    access: everyone(),
    runner,
    counters,
    status: () => statusOf(),
    config: readConfig({}, {}),
    ui,
  })
  return { runner, app, counters }
}

describe('GET /api/run', () => {
  test('rows are objects; times and integers beyond a double are strings', async () => {
    const { app } = setUp()
    const response = await app.request('/api/run/px/http_data?start_time=-1m')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    const body = await json(response)
    expect(Object.keys(body)).toEqual(['script', 'args', 'tables', 'warnings', 'stats'])
    expect(body.script).toBe('px/http_data')
    expect(body.args).toEqual({ start_time: '-1m' })
    expect(body.tables[0]!.columns).toEqual([...HTTP_EVENTS.columns])
    expect(body.tables[0]!.rows[0]).toEqual({
      time_: '1790000000000000001',
      pod: 'nginx',
      req_path: '/',
      resp_status: 200,
      resp_body_size: 34,
      latency: 1_250_000,
      big: '9007199254740993',
      ok: true,
      share: 0.5,
    })
    expect(body.tables[0]!.rows[1]!.share).toBeNull()
    expect(body.stats.rowsRead).toBe(30)
    expect(body.warnings).toEqual([{ message: 'Column x is not used', line: 2, column: 3 }])
  })

  test('shape=columns gives one array per column', async () => {
    const { app } = setUp()
    const body = await json(await app.request('/api/run/px/http_data?shape=columns'))
    expect(body.tables[0]!.count).toBe(3)
    expect(body.tables[0]!.values[3]).toEqual([200, 404, 500])
    expect(body.tables[0]!.values[8]).toEqual([0.5, null, 1])
    expect(body.tables[0]!.rows).toBeUndefined()
  })

  test('ndjson: one object per line, _tableName_ first', async () => {
    const { app } = setUp()
    const response = await app.request('/api/run/px/http_data?format=ndjson')
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = (await response.text()).trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toStartWith('{"_tableName_":"http_events","time_":')
    expect(JSON.parse(lines[2]!).pod).toBe('api "v2", blue')
  })

  test('csv quotes as RFC 4180 says', async () => {
    const { app } = setUp()
    const response = await app.request('/api/run/px/http_data', { headers: { accept: 'text/csv' } })
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    const text = await response.text()
    expect(text).toStartWith(
      'time_,pod,req_path,resp_status,resp_body_size,latency,big,ok,share\r\n1790000000000000001,nginx,/,200,34,1250000,9007199254740993,true,0.5\r\n',
    )
    expect(text).toContain(',"/a,b\r\n<script>alert(1)</script>",404,')
    expect(text).toContain('"api ""v2"", blue"')
  })

  test('csv for a spreadsheet has no formula in it; numbers stay, and so does what is not asked for', async () => {
    const { app, runner } = setUp()
    const text = ['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', '\n=1', 'a=1', '"=1', '', ' =1']
    runner.result = [
      {
        name: 't',
        columns: [
          { name: '=name', type: 'STRING', semantic: 'ST_NONE' },
          { name: 'n', type: 'INT64', semantic: 'ST_NONE' },
        ],
        values: [text, text.map(() => -5)],
        rows: text.length,
        truncated: false,
      },
    ]
    const csv = async (query: string) =>
      (await app.request(`/api/run/px/http_data?format=csv${query}`)).text()
    expect(await csv('&excel=1')).toBe(
      `'=name,n\r\n'=1+1,-5\r\n'+1,-5\r\n'-1,-5\r\n'@x,-5\r\n'\t=1,-5\r\n"'\r=1",-5\r\n"'\n=1",-5\r\na=1,-5\r\n"""=1",-5\r\n,-5\r\n =1,-5\r\n`,
    )
    expect(await csv('')).toStartWith('=name,n\r\n=1+1,-5\r\n')
    const table = await app.request('/api/tables/http_events?format=csv&excel=1')
    expect(table.status).toBe(200)
  })

  test('csv of several tables wants one named', async () => {
    const { app, runner } = setUp()
    runner.result = [HTTP_EVENTS, COUNTS]
    const refused = await app.request('/api/run/px/http_data?format=csv')
    expect(refused.status).toBe(400)
    expect((await json(refused)).error.hint).toContain('http_events, counts')
    const chosen = await app.request('/api/run/px/http_data?format=csv&table=counts')
    expect(await chosen.text()).toBe('n\r\n3\r\n')
    expect((await app.request('/api/run/px/http_data?table=nope')).status).toBe(404)
  })

  test('what is not a parameter is an argument; the prefix arg. frees taken names', async () => {
    const { app, runner } = setUp()
    await app.request('/api/run/px/http_data?start_time=-1m&destination_filter=a%20b&limit=7')
    expect(runner.asked[0]).toEqual({
      script: 'px/http_data',
      args: { start_time: '-1m', destination_filter: 'a b' },
      limits: { rows: 7 },
    })
    await app.request('/api/query?arg.limit=9&arg.x=1', { method: 'POST', body: 'import px' })
    expect(runner.asked[1]).toEqual({ text: 'import px', args: { limit: '9', x: '1' }, limits: {} })
  })

  test('HEAD answers without a body', async () => {
    const { app } = setUp()
    const response = await app.request('/api/run/px/http_data', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  test('a large result is streamed and whole', async () => {
    const { app, runner } = setUp()
    const rows = 50_000
    const text = Array.from({ length: rows }, (_, i) => `row ${i} é`)
    runner.result = [
      {
        name: 'large',
        columns: [{ name: 'text', type: 'STRING', semantic: 'ST_NONE' }],
        values: [text],
        rows,
        truncated: false,
      },
    ]
    const byColumn = await json(await app.request('/api/run/px/http_data?shape=columns'))
    expect(byColumn.tables[0]!.values).toEqual([text])
    const response = await app.request('/api/run/px/http_data')
    let chunks = 0
    const parts: Uint8Array[] = []
    for await (const part of response.body!) {
      chunks++
      parts.push(part)
    }
    expect(chunks).toBeGreaterThan(5)
    const body = JSON.parse(Buffer.concat(parts).toString())
    expect(body.tables[0]!.rows).toHaveLength(rows)
    expect(body.tables[0]!.rows[rows - 1]).toEqual({ text: `row ${rows - 1} é` })
  })
})

describe('POST /api/query', () => {
  test("takes text as curl's --data-binary sends it", async () => {
    const { app, runner } = setUp()
    const response = await app.request('/api/query', {
      method: 'POST',
      body: HTTP_DATA.text,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(response.status).toBe(200)
    expect(runner.asked[0]!.text).toBe(HTTP_DATA.text)
  })

  test('takes JSON; its arguments win over those of the query string', async () => {
    const { app, runner } = setUp()
    await app.request('/api/query?a=1&b=2', {
      method: 'POST',
      body: JSON.stringify({ query: 'import px', args: { b: 3, c: true } }),
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
    expect(runner.asked[0]).toEqual({ text: 'import px', args: { a: '1', b: '3', c: 'true' }, limits: {} })
  })
})

describe('schema, explain, views, editors', () => {
  const post = (body: unknown) => ({
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })

  test('schema=1 gives columns and runs nothing', async () => {
    const { app, runner } = setUp()
    const body = await json(await app.request('/api/run/px/http_data?schema=1&start_time=-1m'))
    const { name, columns } = HTTP_EVENTS
    expect(body).toEqual({
      tables: [{ name, columns: [...columns] }],
      warnings: [{ message: 'Column x is not used', line: 2, column: 3 }],
    } as never)
    expect(runner.asked).toEqual([{ script: 'px/http_data', args: { start_time: '-1m' } }])
    expect((await app.request('/api/run/px/http_data?schema=yes')).status).toBe(400)
  })

  test('links=1 asks for links as objects, in rows and in the columns', async () => {
    const { app, runner } = setUp()
    for (const query of ['links=1', 'links=1&schema=1', 'links=0', 'format=ndjson&links=1']) {
      expect((await app.request(`/api/run/px/http_data?${query}`)).status).toBe(200)
    }
    expect(runner.asked.map(({ links }) => links)).toEqual([true, true, undefined, true])
  })

  test('explain=1 gives the plan', async () => {
    const { app } = setUp()
    const body = await json(await app.request('/api/query?explain=1', { method: 'POST', body: 'import px' }))
    expect((body as unknown as { text: string }).text).toContain('scan http_events')
  })

  test('a text may come with its view, as text or as it is, and with a name', async () => {
    const { app, runner } = setUp()
    for (const view of ['{"widgets":[]}', { widgets: [] }]) {
      await app.request('/api/query', post({ query: 'import px', view, name: 'px/own' }))
    }
    const asked = { text: 'import px', view: '{"widgets":[]}', name: 'px/own', args: {}, limits: {} }
    expect(runner.asked).toEqual([asked, asked])
    for (const wrong of [{ view: 3 }, { name: {} }, { vew: '' }]) {
      expect((await app.request('/api/query', post({ query: 'import px', ...wrong }))).status).toBe(400)
    }
  })

  test('check and complete hand on what is asked', async () => {
    const { app, runner } = setUp()
    const text = 'import px\npx.\n'
    const checked = (await (await app.request('/api/pxl/check', post({ text, view: {} }))).json()) as {
      diagnostics: unknown[]
    }
    expect(checked.diagnostics).toMatchObject([{ severity: 'error', line: 2 }])
    for (const at of [{ offset: 13 }, { line: 2, column: 4 }, { line: 2, column: 40 }]) {
      expect((await app.request('/api/pxl/complete', post({ text, ...at }))).status).toBe(200)
    }
    expect(runner.edited).toEqual([{ text, view: '{}' }, ...Array(3).fill({ text, offset: 13 })])
  })

  test.each([
    ['check', {}],
    ['check', { text: 1 }],
    ['check', { text: '', line: 1 }],
    ['check', []],
    ['complete', { text: 'x' }],
    ['complete', { text: 'x', offset: 2 }],
    ['complete', { text: 'x', offset: -1 }],
    ['complete', { text: 'x', offset: 0.5 }],
    ['complete', { text: 'x', offset: 0, line: 1 }],
    ['complete', { text: 'x', line: 2, column: 1 }],
    ['complete', { text: 'x', line: 1 }],
    ['complete', { text: 'x', line: 0, column: 1 }],
  ] as [string, unknown][])('%s refuses %j', async (route, body) => {
    const { app, runner } = setUp()
    const response = await app.request(`/api/pxl/${route}`, post(body))
    expect([response.status, (await json(response)).error.code]).toEqual([400, 'bad_request'])
    expect(runner.edited).toEqual([])
  })
})

test('warnings are a header where the body has no room for them', async () => {
  const { app } = setUp()
  const header = (await app.request('/api/run/px/http_data?format=csv')).headers.get('nixie-warnings')!
  expect(JSON.parse(header)).toEqual([{ message: 'Column x is not used', line: 2, column: 3 }])
  expect((await app.request('/api/run/px/http_data')).headers.get('nixie-warnings')).toBeNull()
})

test('a stream may have more rows than a document', async () => {
  const { app, runner } = setUp()
  expect((await app.request('/api/run/px/http_data?limit=1000001')).status).toBe(400)
  expect((await app.request('/api/run/px/http_data?limit=8640000&format=csv')).status).toBe(200)
  expect(runner.asked[0]!.limits).toEqual({ rows: 8_640_000 })
})

test('HEAD ends the run', async () => {
  const { app, runner } = setUp()
  let cancelled = false
  runner.stream = async () => ({
    warnings: [],
    body: new ReadableStream({
      cancel: () => {
        cancelled = true
      },
    }),
    end: Promise.resolve({ rows: 0, truncated: [] }),
  })
  await app.request('/api/run/px/http_data', { method: 'HEAD' })
  expect(cancelled).toBe(true)
})

test('tables: schemas, and the newest rows of one', async () => {
  const { app, runner } = setUp()
  const all = await json(await app.request('/api/tables'))
  expect(all.tables[0]!.name).toBe('http_events')
  const rows = await app.request('/api/tables/http_events?start_time=-30s&limit=2')
  expect((await json(rows)).tables[0]!.rows).toHaveLength(3)
  await app.request('/api/tables/http_events?end_time=-1s&format=csv')
  expect(runner.tableCalls).toEqual([
    { name: 'http_events', startTime: '-30s', limit: 2 },
    { name: 'http_events', endTime: '-1s', limit: 100 },
  ])
})

test('scripts: the list has no texts, one has all', async () => {
  const { app } = setUp()
  const list = await json(await app.request('/api/scripts'))
  expect(list.scripts[0]).toEqual({
    name: 'px/http_data',
    short: HTTP_DATA.short,
    long: HTTP_DATA.long,
    variables: HTTP_DATA.variables,
  })
  expect(await json(await app.request('/api/scripts/px/http_data'))).toEqual(
    JSON.parse(JSON.stringify(HTTP_DATA)),
  )
})

test('the UI stands behind the API', async () => {
  const { app } = setUp()
  expect(await (await app.request('/')).text()).toBe('<h1>Nixie</h1>')
})

test('requests are counted', async () => {
  const { app, counters } = setUp()
  await app.request('/api/tables')
  await app.request('/nothing')
  expect(counters.requests).toBe(2)
})

describe('/healthz', () => {
  const health = async (changes: Parameters<typeof statusOf>[0]) => {
    const app = createApp({
      access: everyone(),
      runner: new RecordingRunner(),
      status: () => statusOf(changes),
      config: readConfig({}, {}),
    })
    const response = await app.request('/healthz')
    expect(response.status).toBe(200)
    return json(response)
  }

  test('says ready', async () => {
    expect(await health({})).toMatchObject({ ready: true, reason: '' })
  })

  test('says why not', async () => {
    expect(
      (
        await health({
          ready: false,
          capture: {
            running: false,
            error: 'no BTF',
            silentSeconds: 0,
            longestAbsenceMs: 0,
            longestAbsenceQueuedMs: 0,
            longestAbsenceBlockedMs: 0,
            budget: NO_BUDGET,
          },
        })
      ).reason,
    ).toBe('no BTF')
    const probe = {
      source: 'socket_tracer',
      name: 'socket',
      purpose: 'data',
      required: true,
      attached: false,
      error: 'EPERM',
      hint: 'Run as root.',
    }
    expect((await health({ ready: false, probes: [probe] })).reason).toBe('socket: EPERM. Run as root.')
    const optional = { ...probe, name: 'state', required: false }
    expect((await health({ ready: false, probes: [optional, probe] })).reason).toStartWith('socket')
    const off = readConfig({ capture: 'false' }, {})
    expect((await health({ ready: false, config: off })).reason).toBe('Capture is switched off')
  })
})
