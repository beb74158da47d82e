/** The pages and fragments as text, through the app that serves them. */

import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NixieError } from '../../src/errors'
import { CHARTS, CLIENT, EDITOR, FLAME, GRAPH } from '../../ui/assets'
import type { GraphData } from '../../ui/widgets/drawn'
import type { Row } from '../query/support/tables'
import { contextOf, request, run, SHELL } from '../runner/support'
import type { LiteralScript } from '../support/literal-runner'
import { NO_BUDGET } from '../support/status'
import { HOSTILE, host, status } from './fixture'

const BROWSER = { Accept: 'text/html', Host: '127.0.0.1:6494' }
const HTMX = { ...BROWSER, 'HX-Request': 'true' }

const get = (served: ReturnType<typeof host>, path: string, headers: Record<string, string> = BROWSER) =>
  served.app.request(path, { headers })

const PAGES = [
  '/',
  '/scripts',
  '/scripts?q=http',
  '/scripts/px/http_data',
  '/scripts/px/http_request_stats',
  '/scripts/px/pod',
  '/query',
  '/query?text=import%20px',
  '/tables',
  '/tables/http_events',
  '/health',
]

describe.each(PAGES)('%s', (path) => {
  test('is a page with everything from this host and nothing inline', async () => {
    const answer = await get(host(), path)
    const html = await answer.text()
    expect(answer.status).toBe(200)
    expect(html).toStartWith('<!doctype html><html lang="en">')
    expect(html.match(/<h1>/g)).toHaveLength(1)
    expect(html).not.toMatch(/\sstyle=|\son\w+="|hx-on|hx-vals|javascript:/)
    for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([^<]*)/g)) {
      expect(attributes).toContain('src="/assets/')
      expect(body).toBe('')
    }
    for (const [, url] of html.matchAll(/\s(?:src|href|action|hx-get|hx-post)="([^"]*)"/g))
      expect(url).toMatch(/^[/#]/)
  })

  test('has its policy, and its fields have labels', async () => {
    const answer = await get(host(), path)
    const policy = answer.headers.get('Content-Security-Policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const html = await answer.text()
    for (const [field, id] of html.matchAll(/<(?:input|select|textarea) id="([^"]*)"[^>]*/g))
      expect(html.includes(`for="${id}"`) || field.includes('aria-label='), field).toBe(true)
  })
})

test('assets are compressed for those who can read it', async () => {
  const packed = await get(host(), EDITOR.path, { ...BROWSER, 'Accept-Encoding': 'br, gzip' })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(packed.headers.get('vary')).toBe('Accept-Encoding')
  const plain = await get(host(), EDITOR.path)
  expect(plain.headers.get('content-encoding')).toBeNull()
  const text = await plain.text()
  expect(text).toContain('(()=>{')
  expect(new TextDecoder().decode(Bun.gunzipSync(await packed.arrayBuffer()))).toBe(text)
})

test('assets are named by their content and kept for ever', async () => {
  const served = host()
  const html = await (await get(served, '/')).text()
  const paths = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map((m) => m[1]!)
  const names = paths.map((path) => path.replace(/^\/assets\/(\w+)\..*\.(\w+)$/, '$1.$2'))
  expect([...new Set(names)].sort()).toEqual(['charts.js', 'nixie.css', 'nixie.js', 'nixie.svg'])
  for (const path of paths) {
    const answer = await get(served, path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Cache-Control')).toContain('immutable')
    expect((await answer.text()).length).toBeGreaterThan(100)
  }
  expect((await get(served, '/assets/nixie.js')).status).toBe(404)
})

describe('a script', () => {
  test('has a field per variable with its default, choices and description', async () => {
    const html = await (await get(host(), '/scripts/px/pod?pod=shop/cart')).text()
    expect(html).toContain('name="pod" value="shop/cart"')
    expect(html).toContain('<option value="service" selected="">service</option><option value="pod">')
    expect(html).toContain('aria-describedby="arg-groupby-help"')
  })

  test('asks for what it needs instead of running', async () => {
    const served = host()
    expect(await (await get(served, '/scripts/px/pod')).text()).toContain('Which pod?')
    expect(served.runner.requests).toEqual([])
  })

  test('runs with the arguments of the URL, without those that are defaults', async () => {
    const served = host()
    await get(served, '/scripts/px/http_data?start_time=-5m&destination_filter=nginx&source_filter=&_live=5')
    expect(served.runner.requests).toEqual([
      { script: 'px/http_data', args: { destination_filter: 'nginx' }, links: true },
    ])
  })

  test('shows at most 200 rows and how to get more', async () => {
    const served = host({ rows: 1000 })
    const html = await (await get(served, '/scripts/px/http_data')).text()
    expect(html.match(/<tr tabindex/g)).toHaveLength(200)
    expect(html).toContain('200 of 1,000 rows shown')
    const more = await (await get(served, '/scripts/px/http_data/result?_rows=2000')).text()
    expect(more.match(/<tr tabindex/g)).toHaveLength(1000)
    expect(more).not.toContain('show more')
  })

  test('says what is not drawn yet and shows the table', async () => {
    const html = await (await get(host(), '/scripts/px/pod?pod=a')).text()
    expect(html).toContain('VegaChart is not drawn yet')
    expect(html).toContain('<td>a</td>')
  })

  test('an undeclared argument stays in the form beside the error', async () => {
    const answer = await get(host(), '/scripts/px/http_data?colour=red')
    const html = await answer.text()
    expect(answer.status).toBe(400)
    expect(html).toContain('data-code="unknown_argument"')
    expect(html).toContain('name="colour" value="red"')
  })

  test('a refresh asks for the view that was run and brings itself along', async () => {
    const answer = await get(host(), '/scripts/px/http_data/result?start_time=-1h&_live=5', HTMX)
    const html = await answer.text()
    expect(html).toContain(
      'hx-get="/scripts/px/http_data/result?start_time=-1h&amp;_live=5" hx-trigger="every 5s"',
    )
    expect(html).not.toContain('<html')
  })

  test('is edited with the arguments, order and rows that are shown, also when these changed since', async () => {
    const state = 'start_time=-1h&destination_filter=a%26b&_sort=-http%3Alatency&_rows=50&_live=5'
    const wanted =
      '/query?_script=px%2Fhttp_data&amp;arg.start_time=-1h&amp;arg.destination_filter=a%26b&amp;_sort=-http%3Alatency&amp;_rows=50'
    const page = await (await get(host(), `/scripts/px/http_data?${state}`)).text()
    expect(page.split(`href="${wanted}"`)).toHaveLength(3)
    const part = await (await get(host(), `/scripts/px/http_data/result?${state}`, HTMX)).text()
    for (const id of ['edit', 'edit-copy']) {
      expect(part).toContain(`<a id="${id}" href="${wanted}" hx-swap-oob="outerMorph">`)
    }
    const query = await (await get(host(), wanted.replaceAll('&amp;', '&'))).text()
    expect(query).toContain('name="arg.start_time" value="-1h"')
    expect(query).toContain('name="arg.destination_filter" value="a&amp;b"')
    expect(query).toContain('name="_sort" value="-http:latency"')
    expect(query).toContain('name="_rows" value="50"')
  })

  test('other nodes show what is shown here, also when that changed since', async () => {
    const nodes = () => [
      { name: 'n1', own: true },
      { name: 'n2', own: false },
    ]
    const part = await (
      await get(host({ nodes }), '/scripts/px/http_data/result?start_time=-1h', HTMX)
    ).text()
    expect(part).toContain('<details id="nodes" class="nodes" hx-swap-oob="innerMorph">')
    expect(part).toContain('href="/scripts/px/http_data?start_time=-1h&amp;node=n2"')
  })

  test('another script that is picked keeps the time range', async () => {
    const shown = 'http://127.0.0.1:6494/scripts/px/http_data?start_time=-1h&source_filter=x'
    const search = async (current: string) =>
      (await get(host(), '/scripts/search?q=stats', { ...HTMX, 'HX-Current-URL': current })).text()
    expect(await search(shown)).toContain('href="/scripts/px/http_request_stats?start_time=-1h"')
    expect(await search('http://127.0.0.1:6494/')).toContain('href="/scripts/px/http_request_stats"')
  })

  test('enters the history only when the view changes', async () => {
    const path = '/scripts/px/http_data/result?start_time=-1h'
    const shown = 'http://127.0.0.1:6494/scripts/px/http_data'
    const changed = await get(host(), path, { ...HTMX, 'HX-Current-URL': shown })
    expect(changed.headers.get('HX-Push-Url')).toBe('/scripts/px/http_data?start_time=-1h')
    const same = await get(host(), path, { ...HTMX, 'HX-Current-URL': `${shown}?start_time=-1h` })
    expect(same.headers.get('HX-Push-Url')).toBeNull()
  })
})

describe('what comes from the wire is text', () => {
  const evil: LiteralScript = {
    name: 'px/http_data',
    short: HOSTILE,
    long: HOSTILE,
    text: HOSTILE,
    variables: [
      { name: 'a"b', type: 'PX_STRING', defaultValue: '"><b>', description: HOSTILE, validValues: [HOSTILE] },
    ],
    widgets: [],
    give: () => [
      {
        name: HOSTILE,
        columns: [
          { name: HOSTILE, type: 'STRING', semantic: 'ST_NONE' },
          { name: 'time_', type: 'TIME64NS', semantic: 'ST_TIME_NS' },
        ],
        values: [[HOSTILE], [HOSTILE]],
        rows: 1,
        truncated: false,
      },
    ],
  }
  const markup = /<script>document|<img src=x|<b>"/

  test.each(['/scripts', '/scripts/search?q=', '/scripts/px/http_data', '/query?_script=px/http_data'])(
    'in %s',
    async (path) => {
      const html = await (await get(host({ scripts: [evil] }), path)).text()
      expect(html).toContain('&lt;script&gt;')
      expect(html).not.toMatch(markup)
    },
  )

  test('in chart data, queries, searches, errors and the status', async () => {
    const served = host({
      status: () =>
        status({
          host: HOSTILE,
          capture: {
            running: false,
            error: HOSTILE,
            silentSeconds: 0,
            longestAbsenceMs: 0,
            longestAbsenceQueuedMs: 0,
            longestAbsenceBlockedMs: 0,
            budget: NO_BUDGET,
          },
        }),
    })
    const hostile = encodeURIComponent(HOSTILE)
    for (const path of [
      `/?x=${hostile}`,
      '/health',
      `/query?text=boom${hostile}`,
      `/scripts?q=${hostile}`,
      `/scripts/px/${hostile}`,
      `/tables/${hostile}`,
      `/scripts/px/http_data?start_time=${hostile}`,
      `/nowhere/${hostile}`,
    ]) {
      expect(await (await get(served, path)).text(), path).not.toMatch(markup)
    }
  })
})

describe('errors', () => {
  test('mark the line in the text that was run', async () => {
    const body = new URLSearchParams({ text: 'import px\r\n  boom\r\nx' })
    const answer = await host().app.request('/query/result', { method: 'POST', headers: HTMX, body })
    const html = await answer.text()
    expect(answer.status).toBe(400)
    expect(html).toContain('data-code="syntax_error"')
    expect(html).toMatch(/<mark>\s+2\s+boom\s*<\/mark> {9}\^/)
    expect(html).toContain('line 2, column 3')
  })

  test.each([
    ['/scripts/px/none', 'unknown_script'],
    ['/tables/none', 'unknown_table'],
    ['/nowhere', 'not_found'],
  ])('%s is a page for people and a fragment for htmx', async (path, code) => {
    const page = await get(host(), path)
    const html = await page.text()
    expect(page.status).toBe(404)
    expect(html).toStartWith('<!doctype html>')
    expect(html).toContain(`data-code="${code}"`)
    const part = await get(host(), path, HTMX)
    expect(await part.text()).toStartWith('<div class="error" role="alert"')
  })

  test('a name that is nearly right is guessed', async () => {
    expect(await (await get(host(), '/scripts/px/http_dat')).text()).toContain(
      'Did you mean &#39;px/http_data&#39;?',
    )
    expect(await (await get(host(), '/tables/http_event')).text()).toContain(
      'Did you mean &#39;http_events&#39;?',
    )
  })

  test('traffic that cannot be read leaves the rest of the overview', async () => {
    const giveText = () => {
      throw new NixieError('unavailable', 'the query thread is starting', 'Wait.')
    }
    const answer = await get(host({ giveText }), '/')
    const html = await answer.text()
    expect(answer.status).toBe(200)
    expect(html).toContain('the query thread is starting')
    expect(html).toContain('Lost ')
  })
})

describe('the overview', () => {
  const giveText = () => []

  test('says what to do when nothing was seen', async () => {
    const html = await (await get(host({ giveText, status: () => status({ tables: [] }) }), '/')).text()
    expect(html).toContain('curl http://localhost:8000/')
  })

  test('says why when nothing is captured', async () => {
    const off = () =>
      status({
        ready: false,
        capture: {
          running: false,
          error: 'no BTF in this kernel',
          silentSeconds: 0,
          longestAbsenceMs: 0,
          longestAbsenceQueuedMs: 0,
          longestAbsenceBlockedMs: 0,
          budget: NO_BUDGET,
        },
      })
    const html = await (await get(host({ giveText, status: off }), '/')).text()
    expect(html).toContain('no BTF in this kernel')
    expect(html).toContain('mount -t tracefs')
    expect(html).toContain('not capturing')
  })
})

describe('the map of a host outside of a cluster', () => {
  const row = (values: Row) => request(10, { remote_addr: '127.0.0.1', resp_status: 200, ...values })
  const giveText = (rows: Row[]) => (text: string) => run({ text }, contextOf(rows)).tables
  const drawn = (html: string) => {
    const [, data] = /data-graph="([^"]*)"/.exec(html) ?? []
    if (data === undefined) return undefined
    const { levels } = JSON.parse(data.replaceAll('&quot;', '"')) as GraphData
    return levels.map(({ nodes, edges }) => edges.map((e) => [nodes[e.from]!.label, nodes[e.to]!.label]))
  }

  test.each(['/', '/overview/map'])('%s names both ends of what stays on the host', async (path) => {
    const rows = [row({ remote_upid: SHELL }), row({ remote_addr: '192.0.2.9' })]
    const html = await (await get(host({ giveText: giveText(rows) }), path)).text()
    const edge = [['curl', 'nginx.service']]
    expect(drawn(html)).toEqual([edge, edge])
  })

  test('is not there while no process of the host is known to ask', async () => {
    const html = await (await get(host({ giveText: giveText([row({})]) }), '/')).text()
    expect(drawn(html)).toBeUndefined()
    expect(html).not.toContain('Service map')
  })

  test('is not there in a cluster, whose own part has one', async () => {
    const kubernetes = { synced: true, objects: {}, errors: {} }
    const rows = [row({ remote_upid: SHELL })]
    const served = host({ giveText: giveText(rows), status: () => status({ kubernetes }) })
    expect(await (await get(served, '/overview/map')).text()).toBe('')
  })
})

test('probes that failed for one reason stand together', async () => {
  const failed = {
    source: 'socket_tracer',
    required: false,
    attached: false,
    error: 'EPERM',
    hint: 'Run as root.',
  }
  const probes = ['sys_exit', 'socket_state'].map((name) => ({ name, purpose: 'data', ...failed }))
  const html = await (await get(host({ status: () => status({ probes }) }), '/health')).text()
  expect(html.match(/Run as root\./g)).toHaveLength(1)
  for (const { name } of probes) expect(html).toContain(`<b>${name}</b> not attached`)
})

test('a program that is not read is no probe', async () => {
  const unread = {
    source: 'tls_tracer',
    name: 'TLS of java',
    purpose: 'Data within TLS of this program',
    required: false,
    attached: false,
    error: 'Java has its own TLS',
    hint: '',
    unread: true,
  }
  const told = () => status({ probes: [...status().probes, unread] })
  expect(await (await get(host({ status: told }), '/health')).text()).toContain('<b>TLS of java</b> not read')
})

test('health shows every counter, losses first', async () => {
  const lossy = () =>
    status({ losses: { ring: 12, missed: 0, gaps: 0, parse: 0, shed: 0, gone: 0, names: 0 } })
  const html = await (await get(host({ status: lossy }), '/health')).text()
  expect(html.indexOf('Losses')).toBeLessThan(html.indexOf('Probes'))
  expect(html).toContain('<dt>ring</dt><dd>12</dd>')
  for (const name of Object.keys(status().counters)) expect(html).toContain(`data-counter="${name}"`)
})

test('health says what waits until it is sure, beside the losses', async () => {
  const unsure = () => status({ counters: { ...status().counters, unsureAnswers: 3800 } })
  const of = async (state: typeof status) => (await get(host({ status: state }), '/health')).text()
  expect(await of(unsure)).toContain('3,800 answers wait until it is sure')
  expect(await of(status)).not.toContain('answers wait until it is sure')
})

test.each([
  ['every page', CLIENT, 20],
  ['a chart', CHARTS, 30],
  ['the query page', EDITOR, 160],
  ['a graph', GRAPH, 32],
  ['a flame graph', FLAME, 4],
] as const)('%s loads a script of few KiB', (_, { gzip }, most) => {
  expect(Buffer.from(gzip, 'base64').byteLength / 1024).toBeLessThan(most)
})

test('a view of several widgets is one run, and pages are compressed', async () => {
  const served = host()
  const headers = { Host: '127.0.0.1', 'Accept-Encoding': 'gzip' }
  const answer = await served.app.request('/scripts/px/http_request_stats', { headers })
  expect(answer.headers.get('Content-Encoding')).toBe('gzip')
  const text = new TextDecoder().decode(Bun.gunzipSync(await answer.arrayBuffer()))
  expect(text.match(/<section class="widget /g)?.length).toBe(5)
  expect(served.runner.requests.length).toBe(1)
})

test('every page gives the browser less than 400 lines of ours', () => {
  const folder = join(import.meta.dir, '../../ui/client')
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .reduce((sum, name) => sum + readFileSync(join(folder, name), 'utf8').split('\n').length, 0)
  expect(lines).toBeLessThan(400)
})

describe('a typed script with a vis spec', () => {
  const VIEW = JSON.stringify({
    variables: [{ name: 'text', type: 'PX_STRING', description: 'A variable may have any name' }],
    globalFuncs: [{ outputName: 'first', func: { name: 'f', args: [{ name: 'text', variable: 'text' }] } }],
    widgets: [
      {
        name: 'Shown',
        position: { x: 0, y: 0, w: 12, h: 4 },
        globalFuncOutputName: 'first',
        displaySpec: { '@type': 'types.px.dev/px.vispb.Table' },
      },
    ],
  })
  const query = (fields: Record<string, string>) => `/query?${new URLSearchParams(fields)}`

  test('asks for its variables, then runs with them, without a script in the browser', async () => {
    const served = host()
    const asked = await (await get(served, query({ text: 'import px', view: VIEW }))).text()
    expect(asked).toContain('<strong>text</strong> and press Run')
    expect(asked).toContain('name="arg.text"')
    expect(served.runner.requests).toEqual([])
    const ran = await (await get(served, query({ text: 'import px', view: VIEW, 'arg.text': 'x' }))).text()
    expect(served.runner.requests).toEqual([
      { text: 'import px', view: VIEW, args: { text: 'x' }, links: true },
    ])
    expect(ran).toContain('<h2>Shown</h2>')
    expect(ran).toContain('name="arg.text" value="x"')
  })

  test('says where in the vis spec the error is', async () => {
    const answer = await get(host(), query({ text: 'import px', view: '{"variables": [{}]}' }))
    expect(answer.status).toBe(400)
    const html = await answer.text()
    expect(html).toContain('· vis.json')
    expect(html).toContain('role="alert"')
  })

  test("starts from a library script's own", async () => {
    const served = host()
    const scripts = (await served.runner.scripts()).map((script) => ({ ...script, viewText: VIEW }))
    served.runner.scripts = async () => scripts
    const html = await (await get(served, '/query?_script=px/http_data')).text()
    expect(html).toContain('globalFuncOutputName')
    expect(html).toContain('name="arg.destination_filter"')
  })
})

describe('a result', () => {
  test('keeps debug tables and statistics in a drawer that is closed', async () => {
    const html = await (await get(host(), '/scripts/px/pods')).text()
    const drawer = html.slice(html.indexOf('<details id="drawer"'))
    expect(drawer).toMatch(/^<details id="drawer" class="drawer"><summary>5 rows .* 1 debug table</)
    expect(drawer).toContain('<h2>_steps</h2>')
    expect(html.slice(0, html.indexOf('<details id="drawer"'))).not.toContain('_steps')
  })

  test('is there as files, with the arguments that it ran with', async () => {
    const html = await (await get(host(), '/scripts/px/http_data?destination_filter=nginx')).text()
    const link = (format: string) => `/api/run/px/http_data?destination_filter=nginx&amp;format=${format}`
    for (const format of ['json', 'ndjson', 'csv&amp;table=http', 'arrow&amp;table=http']) {
      expect(html).toContain(`href="${link(format)}"`)
    }
  })
})

test('what the API refuses behind the pages is not called compressed', async () => {
  const refused = await get(host(), '/api/query', { Host: '127.0.0.1', 'Accept-Encoding': 'gzip' })
  expect(refused.status).toBe(405)
  expect(refused.headers.get('content-encoding')).toBeNull()
  expect((await refused.json()) as object).toMatchObject({ error: { code: 'method_not_allowed' } })
})
