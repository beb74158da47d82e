/** The commands against an app on a loopback port: output, streams, exit codes. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Served, serve } from '../../src/api/serve'
import { VERSION } from '../../src/api/version'
import { NixieError } from '../../src/errors'
import { testApp } from '../support/app'
import { COUNTS, HTTP_DATA, HTTP_EVENTS } from '../support/recording-runner'
import { NO_BUDGET, statusOf } from '../support/status'
import { runCli } from './run-cli'

let status = statusOf()
const { app, runner } = testApp({}, { status: () => status })
const dir = mkdtempSync(join(tmpdir(), 'nixie-cli-'))
let server: Served
beforeAll(() => {
  server = serve(app, '127.0.0.1:0')
})
afterEach(() => {
  runner.result = [HTTP_EVENTS]
  runner.failure = undefined
  runner.asked.length = 0
  runner.tableCalls.length = 0
  status = statusOf()
})
afterAll(async () => {
  rmSync(dir, { recursive: true })
  await server.stop(100)
})

const nixie = (argv: readonly string[], setting: Parameters<typeof runCli>[1] = {}) =>
  runCli(argv, { ...setting, env: { NIXIE_SERVER: server.url, ...setting.env } })

describe('run', () => {
  test("-o json gives px run's lines: _tableName_ first, nanoseconds as they are", async () => {
    const { code, out, err } = await nixie(['run', 'px/http_data', '-o', 'json'])
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toStartWith('{"_tableName_":"http_events","time_":"1790000000000000001","pod":"nginx"')
    expect(JSON.parse(lines[2]!).pod).toBe('api "v2", blue')
    expect(err).toBe('warning: Column x is not used (line 2, column 3)\n')
  })

  test('no output has a control that a terminal obeys, piped or not', async () => {
    const [table] = runner.result
    const values = table!.values.map((cells, i) =>
      i === 1 ? cells.map(() => 'a\u001b[2Jb\u009bc\td\ne') : cells,
    )
    runner.result = [{ ...table!, values }]
    for (const format of ['table', 'json', 'ndjson', 'csv']) {
      for (const setting of [{}, { columns: 120 }]) {
        const { code, out } = await nixie(['run', 'px/http_data', '-o', format], setting)
        expect(code).toBe(0)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
        const raw = out.replace(/\u001b\[[01]m/g, '').match(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/)
        expect(raw, format).toBeNull()
        expect(out).toContain('u001b[2J')
      }
    }
    const { out } = await nixie(['run', 'px/http_data', '-o', 'csv', '--excel'])
    expect(out).toContain('a\\u001b[2Jb\\u009bc\td\ne')
  })

  test('arguments follow --, with a space or with =, and may begin with a dash', async () => {
    await nixie(['run', 'px/http_data', '--', '--start_time', '-1m', '--destination_filter=a b=c'])
    expect(runner.asked[0]).toEqual({
      script: 'px/http_data',
      args: { start_time: '-1m', destination_filter: 'a b=c' },
      limits: {},
    })
  })

  test('an argument may have the name of a parameter of the API', async () => {
    const { code } = await nixie(['run', '-f', '-', '--', '--limit', '5', '--format', 'x'], {
      stdin: 'import px',
    })
    expect(code).toBe(0)
    expect(runner.asked[0]!.args).toEqual({ limit: '5', format: 'x' })
  })

  test('--links asks for links as objects', async () => {
    for (const output of ['table', 'json', 'csv'])
      await nixie(['run', 'px/http_data', '--links', '-o', output])
    expect(runner.asked.map(({ links }) => links)).toEqual([true, true, true])
  })

  test('-f reads a file, - standard input', async () => {
    const path = join(dir, 'my.pxl')
    writeFileSync(path, HTTP_DATA.text)
    await nixie(['run', '-f', path, '-n', '7'])
    await nixie(['run', '--file=-'], { stdin: 'import px\n' })
    expect(runner.asked).toEqual([
      { text: HTTP_DATA.text, args: {}, limits: { rows: 7 } },
      { text: 'import px\n', args: {}, limits: {} },
    ])
  })

  test('-o csv is RFC 4180; several tables want one named', async () => {
    const one = await nixie(['run', 'px/http_data', '-o', 'csv'])
    expect(one.out).toContain('"api ""v2"", blue"')
    runner.result = [HTTP_EVENTS, COUNTS]
    const refused = await nixie(['run', 'px/http_data', '-o', 'csv'])
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('http_events, counts')
    expect((await nixie(['run', 'px/http_data', '-o', 'csv', '--table', 'counts'])).out).toBe('n\r\n3\r\n')
  })

  test('several tables have titles; a cut one says so', async () => {
    runner.result = [HTTP_EVENTS, COUNTS]
    const { out, err } = await nixie(['run', 'px/http_data'])
    expect(out).toStartWith('http_events\n')
    expect(out).toEndWith('\n\ncounts\nn\n3\n')
    expect(err).toContain('counts: more rows than 1; --limit N shows more\n')
  })

  test('no rows says what to do', async () => {
    runner.result = [{ ...COUNTS, values: [[]], rows: 0, truncated: false }]
    const { code, out, err } = await nixie(['run', 'px/http_data'])
    expect(code).toBe(0)
    expect(out).toBe('n\n')
    expect(err).toContain('counts: no rows. Look further back')
  })

  test('an error shows where it is and what to do', async () => {
    runner.failure = new NixieError('unknown_column', "No column 'x'", 'There is: time_.', {
      line: 2,
      column: 6,
    })
    const { code, out, err } = await nixie(['run', '-f', '-'], { stdin: 'import px\ndf = x\n' })
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toBe(
      "2 | df = x\n         ^\nerror: line 2, column 6: No column 'x'\nhint: There is: time_.\n",
    )
  })

  test('a script without its namespace is guessed', async () => {
    const { code, err } = await nixie(['run', 'http_data'])
    expect(code).toBe(1)
    expect(err).toContain("Did you mean 'px/http_data'?")
  })

  test('a file that is not there', async () => {
    const { code, err } = await nixie(['run', '-f', join(dir, 'none.pxl')])
    expect(code).toBe(1)
    expect(err).toContain("error: The script can't be read")
  })

  for (const [argv, message] of [
    [['run'], 'SCRIPT is missing'],
    [['run', 'px/http_data', '-f', 'x'], 'not both'],
    [['run', 'px/http_data', 'more'], "Unexpected word 'more'"],
    [['run', 'px/http_data', '--', 'bare'], "'bare' is not an argument of a script"],
    [['run', 'px/http_data', '--', '--start_time'], '--start_time needs a value'],
    [['run', 'px/http_data', '-n', '0'], "'0' is not a whole number"],
    [['run', 'px/http_data', '-o', 'xml'], "'xml' is not one of table, json, ndjson, csv, arrow"],
    [['run', '--outptu', 'json', 'x'], "Did you mean '--output'?"],
    [['run', 'px/http_data', '--list=1'], '--list takes no value'],
    [['run', 'px/http_data', '-o'], 'needs a value'],
    [['run', 'px/http_data', '--server', 'http://x', '--data-dir', '/x'], 'exclude each other'],
    [['run', 'px/http_data', '--server', 'http://:x'], 'is not a URL'],
  ] as const) {
    test(`wrong usage: ${argv.join(' ')}`, async () => {
      const { code, out, err } = await nixie(argv)
      expect(code).toBe(2)
      expect(out).toBe('')
      expect(err).toContain(message)
      expect(runner.asked).toEqual([])
    })
  }
})

describe('a terminal', () => {
  test('is never written past its width, and says what has no room', async () => {
    for (const columns of [40, 60, 80, 100, 150]) {
      const { out, err } = await nixie(['run', 'px/http_data'], { columns })
      for (const line of out.split('\n')) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns)
      const [first, second] = out.split('\n') as [string, string]
      // A name may be folded: its head above its tail.
      const isShown = (name: string) =>
        [...name, ''].some((_, i) => first.includes(name.slice(0, i)) && second.includes(name.slice(i)))
      const omitted = /too narrow: (.*) \(-o json has all\)\n/.exec(err)?.[1]?.split(', ') ?? []
      for (const { name } of HTTP_EVENTS.columns) expect(isShown(name)).toBe(!omitted.includes(name))
    }
  })

  test('obeys nothing that was captured, in any format', async () => {
    for (const format of ['table', 'json', 'csv']) {
      const { out } = await nixie(['run', 'px/http_data', '-o', format], {
        columns: 200,
        env: { NO_COLOR: '1' },
      })
      expect(out.replace(/\r?\n/g, '')).not.toMatch(
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
      )
      expect(out).toContain('red')
    }
  })

  test('an error of a server is not obeyed either', async () => {
    runner.failure = new NixieError('bad_request', 'a\u001b[2Jb', 'c\u009bd')
    const { err } = await nixie(['run', 'px/http_data'])
    expect(err).toBe('error: a\\u001b[2Jb\nhint: c\\u009bd\n')
  })
})

test('script list and show', async () => {
  expect((await nixie(['script', 'list', '-o', 'name'])).out).toBe('px/http_data\n')
  expect((await nixie(['run', '--list'])).out).toContain(
    'px/http_data  start_time, destination_filter  HTTP requests',
  )
  const shown = await nixie(['script', 'show', 'px/http_data'])
  expect(shown.out).toContain("--start_time  PX_STRING, default '-5m': From when on")
  expect(shown.out).toEndWith(HTTP_DATA.text)
  expect((await nixie(['script', 'show', 'px/http_data', '-o', 'pxl'])).out).toBe(HTTP_DATA.text)
  expect((await nixie(['script', 'show', 'px/nope'])).code).toBe(1)
})

test('get: since is a time ago; the newest rows by default', async () => {
  expect((await nixie(['get', 'http_events', '--since', '5m', '-n', '3', '-o', 'json'])).code).toBe(0)
  await nixie(['get', 'http_events', '--since', '-1h', '--until', '2026-01-02'])
  expect(runner.tableCalls).toEqual([
    { name: 'http_events', startTime: '-5m', limit: 3 },
    { name: 'http_events', startTime: '-1h', endTime: '2026-01-02', limit: 20 },
  ])
  const unknown = await nixie(['get', 'nope'])
  expect(unknown.code).toBe(1)
  expect(unknown.err).toContain("There is no table 'nope'")
})

test('tables: all, or the columns of one', async () => {
  expect((await nixie(['tables'])).out).toContain(
    'http_events     3  120 B   1 s  HTTP requests with their responses',
  )
  expect(JSON.parse((await nixie(['tables', '-o', 'json'])).out)).toEqual({
    _tableName_: 'tables',
    name: 'http_events',
    rows: 3,
    bytes: 120,
    span: 1,
    description: 'HTTP requests with their responses',
  })
  expect((await nixie(['tables', 'http_events'])).out).toContain('time_   TIME64NS  ST_NONE   When')
  expect((await nixie(['tables', 'http_event'])).err).toContain("Did you mean 'http_events'?")
})

describe('status', () => {
  test('of a node that captures', async () => {
    expect((await nixie(['status'])).out).toBe(
      `Nixie ${VERSION} on edge-1 (Linux 6.18.0), up 1 h 2 m
Capture  running
Probes   1 of 1 attached
Budget   no limit on the processor; 0 % used
Lost     2 events that found the ring full (ring)
         3 holes in streams (gaps)
         5 messages or places that could not be read (parse)
         6 exchanges, rows or connections that were only counted (shed)
Store    4 KiB of 1 GiB, rows kept for 1 d, in /var/lib/nixie/nixie.db
Memory   64 MiB

table        rows   size  reaches back
http_events     3  120 B  17 h 20 m kept of 1 d: the disk budget is full
`,
    )
  })

  test('says why nothing is captured', async () => {
    status = statusOf({
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
      probes: [
        {
          source: 'socket_tracer',
          name: 'socket',
          purpose: 'data of sockets',
          required: true,
          attached: false,
          error: 'EPERM\nlibbpf: long story',
          hint: 'Run as root.',
        },
        {
          source: 'socket_tracer',
          name: 'state',
          purpose: 'opening',
          required: true,
          attached: false,
          error: 'EPERM',
          hint: 'Run as root.',
        },
      ],
    })
    const { out } = await nixie(['status'])
    expect(out).toContain('Capture  not running: no BTF\nProbes   0 of 2 attached\n')
    expect(out).toContain(
      `         socket (data of sockets): EPERM
         state (opening): EPERM
         Run as root.
         'nixie check' says what is missing, in words.
`,
    )
  })

  test('-o json is what the server says', async () => {
    expect(JSON.parse((await nixie(['status', '-o', 'json'])).out)).toEqual(
      JSON.parse(JSON.stringify(status)),
    )
  })
})

describe('a server that is not there', () => {
  test('says what to do', async () => {
    const { code, err } = await runCli(['run', 'px/http_data', '--server', 'http://127.0.0.1:1'])
    expect(code).toBe(1)
    expect(err).toContain('error: No Nixie answers at http://127.0.0.1:1')
    expect(err).toContain('nixie serve')
    expect(err).toContain('--data-dir')
  })

  test('or goes away before it answers', async () => {
    const other = createServer((socket) => socket.once('data', () => socket.end()))
    await once(other.listen(0, '127.0.0.1'), 'listening')
    const { port } = other.address() as AddressInfo
    const { code, err } = await runCli(['status', '--server', `127.0.0.1:${port}`])
    other.close()
    expect(code).toBe(1)
    expect(err).toContain(`error: http://127.0.0.1:${port} ended the connection before it answered`)
  })

  test('or is another program', async () => {
    const other = serve({ fetch: () => new Response('hello', { status: 404 }) }, '127.0.0.1:0')
    const { code, err } = await runCli(['status', '--server', `127.0.0.1:${other.port}`])
    expect(code).toBe(1)
    expect(err).toContain('answers, but not as Nixie does (status 404)')
    await other.stop(100)
  })

  test("is not looked for behind the environment's proxy", async () => {
    const proxy = 'http://127.0.0.1:1'
    const program =
      "import { main } from './src/cli'; process.exit(await main(['tables'], { serve: async () => 0 }))"
    for (const none of [{}, { NO_PROXY: 'example.com' }, { no_proxy: 'example.com' }]) {
      const ran = Bun.spawn([process.execPath, '-e', program], {
        cwd: join(import.meta.dir, '../..'),
        env: { NIXIE_SERVER: server.url, HTTP_PROXY: proxy, http_proxy: proxy, ...none },
        stderr: 'pipe',
      })
      expect(await ran.stderr.text()).toBe('')
      expect(await ran.stdout.text()).toContain('http_events')
      expect(await ran.exited).toBe(0)
    }
  })

  test('asks for a token: --token-file gives it', async () => {
    const guarded = serve(testApp({}, { token: 'right' }).app, '127.0.0.1:0')
    const path = join(dir, 'token')
    writeFileSync(path, 'right\n')
    const asked = await runCli(['tables', '--server', guarded.url])
    expect(asked.code).toBe(1)
    expect(asked.err).toContain('asks for a token')
    expect((await runCli(['tables', '--server', guarded.url, '--token-file', path])).code).toBe(0)
    const byEnv = { NIXIE_SERVER: guarded.url, NIXIE_TOKEN_FILE: path }
    expect((await runCli(['tables'], { env: byEnv })).code).toBe(0)
    await guarded.stop(100)
  })
})
