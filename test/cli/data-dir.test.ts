/** `--data-dir` and the server give the same rows of the same store. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { tableFromIPC } from '@uwdata/flechette'
import { createApp } from '../../src/api/app'
import { type Served, serve } from '../../src/api/serve'
import { readConfig } from '../../src/config'
import { kafkaEvents } from '../../src/protocols/kafka/table'
import { BatchBuilder } from '../../src/records/builder'
import { probeStatus } from '../../src/records/probe-status'
import { openRunner } from '../../src/runner/client'
import type { Runner } from '../../src/runner/runner'
import { TABLES } from '../../src/sources/tables'
import { openWriter } from '../../src/store'
import { everyone } from '../support/app'
import { statusOf } from '../support/status'
import { runCli } from './run-cli'

const dir = mkdtempSync(join(tmpdir(), 'nixie-data-'))
const scripts = join(dir, 'scripts')
let runner: Runner
let server: Served

beforeAll(() => {
  writeScripts()
  const tables = { tables: [probeStatus], empty: [kafkaEvents] }
  const options = { dataDir: dir, retentionSeconds: 86_400, diskBudgetBytes: 1 << 24, ...tables }
  const writer = openWriter(options)
  const builder = new BatchBuilder(probeStatus, BigInt(Date.now()) * 1_000_000n)
  for (let i = 0; i < 5; i++) {
    builder.append({
      time_: i,
      upid: '0:1:2',
      source_connector: 'socket',
      tracepoint: `probe ${i}`,
      status: 0,
      error: '',
      info: '{}',
    })
  }
  writer.append([{ table: probeStatus, batch: builder.seal() }])
  writer.close()
  runner = openRunner({ dataDir: dir, tables: TABLES })
  server = serve(
    createApp({ access: everyone(), runner, status: () => statusOf(), config: readConfig({}, {}) }),
    '127.0.0.1:0',
  )
})
afterAll(async () => {
  await server.stop(100)
  await runner.close()
  rmSync(dir, { recursive: true })
})

/** One script with a view, one that can't be read. */
function writeScripts(): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(scripts, path)), { recursive: true })
    writeFileSync(join(scripts, path), text)
  }
  write(
    'own/probes/data.pxl',
    "import px\n\ndef probes(n: int):\n    return px.DataFrame('probe_status').head(n)\n",
  )
  write('own/probes/manifest.yaml', 'short: Probes\nlong: The probes.\n')
  const func = { name: 'probes', args: [{ name: 'n', variable: 'n' }] }
  const variables = [{ name: 'n', type: 'PX_INT64', description: 'Rows' }]
  write(
    'own/probes/vis.json',
    JSON.stringify({ variables, widgets: [{ name: 'Probes', func, displaySpec: {} }] }),
  )
  write('own/broken/broken.pxl', 'import px\npx.display(px.DataFrame("http_event"))\n')
  write('own/broken/vis.json', '{"variables": [}')
  write('own/wrong/wrong.pxl', 'import px\npx.display(px.DataFrame("http_event"))\n')
}

const QUERY =
  "import px\ndf = px.DataFrame('probe_status', start_time='-1h')\npx.display(df.head(3), 'probes')\n"

for (const argv of [
  ['get', 'probe_status', '-o', 'json', '-n', '4'],
  ['run', '-f', '-', '-o', 'json'],
  ['run', '-f', '-', '-o', 'ndjson'],
  ['run', '-f', '-', '-o', 'csv'],
  ['run', '-f', '-', '--schema'],
  ['run', '--scripts-dir', scripts, 'own/probes', '--schema'],
  ['tables', '-o', 'json'],
  ['script', 'list', '-o', 'name'],
  ['script', 'show', 'px/http_data'],
]) {
  test(argv.join(' '), async () => {
    const stored = await runCli([...argv, '--data-dir', dir], { stdin: QUERY })
    const served = await runCli([...argv, '--server', server.url], { stdin: QUERY })
    expect(stored.err).toBe('')
    expect(stored.code).toBe(0)
    expect(stored.out).not.toBe('')
    expect(served).toEqual(stored)
  })
}

test('a script whose table the store lacks, as an older Nixie may have written it, finds no rows', async () => {
  const argv = ['run', 'nixie/llm_data', '-o', 'json']
  const stored = await runCli([...argv, '--data-dir', dir])
  expect([stored.code, stored.out]).toEqual([0, ''])
  expect(stored.err).toContain('warning: http_events: nothing records it yet, it is empty')
  expect(await runCli([...argv, '--server', server.url])).toEqual(stored)
})

describe('--scripts-dir', () => {
  const own = (...argv: string[]) => runCli([...argv, '--scripts-dir', scripts])
  const from = ['--data-dir', dir]

  test("runs the view's functions with the arguments", async () => {
    const { code, out } = await own('run', 'own/probes', ...from, '-o', 'json').then(() =>
      runCli(['run', 'own/probes', '--scripts-dir', scripts, ...from, '-o', 'json', '--', '--n', '2']),
    )
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect([code, rows.length, rows[0]._tableName_]).toEqual([0, 2, 'Probes'])
  })

  test('--schema prints tables and columns, and nothing else', async () => {
    const { out } = await runCli([
      'run',
      'own/probes',
      '--scripts-dir',
      scripts,
      ...from,
      '--schema',
      '--',
      '--n=1',
    ])
    const { tables, ...rest } = JSON.parse(out)
    expect([rest, tables.length, Object.keys(tables[0])]).toEqual([{}, 1, ['name', 'columns']])
    expect(tables[0].columns[0]).toEqual({ name: 'time_', type: 'TIME64NS', semantic: 'ST_NONE' })
  })

  test('lists and shows without a server, and says what is broken', async () => {
    const { code, out, err } = await own('script', 'list', '-o', 'name')
    expect([code, out]).toEqual([0, 'own/probes\nown/wrong\n'])
    expect(err).toContain(`warning: line 1, column 16: ${join(scripts, 'own/broken')}: vis.json: `)
    expect((await own('script', 'show', 'own/probes')).out).toContain('--n  PX_INT64, required: Rows')
    expect((await own('run', '--list')).out).toContain('Probes')
  })

  test('errors name the file and the place', async () => {
    const broken = await own('run', 'own/broken', ...from)
    expect([broken.code, broken.err]).toEqual([1, expect.stringContaining('own/broken: vis.json: ')])
    const wrong = await own('run', 'own/wrong', ...from)
    expect(wrong.err).toContain('2 | px.display(px.DataFrame("http_event"))')
    expect(wrong.err).toContain(
      `error: line 2, column 25: ${join(scripts, 'own/wrong/wrong.pxl')}: There is no table`,
    )
    expect((await own('run', 'own/prob', ...from)).err).toContain("Did you mean 'own/probes'?")
    expect((await own('run', '-f', '-', ...from)).code).toBe(2)
  })
})

test('arrow goes out as bytes, and not to a terminal', async () => {
  const argv = ['run', '-f', '-', '-o', 'arrow', '--data-dir', dir]
  const { bytes } = await runCli(argv, { stdin: QUERY })
  expect(tableFromIPC(bytes).numRows).toBe(3)
  expect((await runCli(argv, { stdin: QUERY, columns: 80 })).code).toBe(2)
})

test('a query without a source warns and answers', async () => {
  const stdin = "import px\npx.display(px.DataFrame('kafka_events.beta'))\n"
  const stored = await runCli(['run', '-f', '-', '-o', 'json', '--data-dir', dir], { stdin })
  expect([stored.code, stored.out]).toEqual([0, ''])
  expect(stored.err).toStartWith('warning: kafka_events.beta: ')
  expect(await runCli(['run', '-f', '-', '-o', 'json', '--server', server.url], { stdin })).toEqual(stored)
})

test('an error on the way is one of the command', async () => {
  const stream = runner.stream
  runner.stream = async () => ({
    warnings: [],
    body: new Blob([
      '{"_tableName_":"a","n":1}\n{"error":{"code":"deadline_exceeded","message":"Too long","hint":"H"}}\n',
    ]).stream(),
    end: Promise.resolve({ rows: 1, truncated: [] }),
  })
  const ndjson = await runCli(['run', '-f', '-', '-o', 'json', '--server', server.url], { stdin: QUERY })
  let pulled = 0
  runner.stream = async () => ({
    warnings: [],
    body: new ReadableStream({
      pull: async (controller) => {
        if (pulled++ > 0) await Bun.sleep(50)
        if (pulled > 1) return controller.error(new Error('no more'))
        controller.enqueue(new TextEncoder().encode('n\r\n1\r\n'))
      },
    }),
    end: Promise.resolve({ rows: 1, truncated: [] }),
  })
  const csv = await runCli(['run', '-f', '-', '-o', 'csv', '--server', server.url], { stdin: QUERY })
  runner.stream = stream
  expect([ndjson.code, ndjson.out]).toEqual([1, '{"_tableName_":"a","n":1}\n'])
  expect(ndjson.err).toBe('error: Too long\nhint: H\n')
  expect(csv.code).toBe(1)
  expect(csv.err).toContain('error: The answer ended early')
})

test('the row limit is told', async () => {
  for (const format of ['json', 'csv']) {
    const argv = ['run', '-f', '-', '-o', format, '-n', '2', '--data-dir', dir]
    expect((await runCli(argv, { stdin: QUERY })).err).toContain('2 rows, the limit; there may be more')
  }
})

test('--explain prints the steps', async () => {
  const { code, out } = await runCli(['run', '-f', '-', '--explain', '--server', server.url], {
    stdin: QUERY,
  })
  expect(code).toBe(0)
  expect(out).toMatch(/^probes:\n {2}limit 3 rows\n {4}scan probe_status \(5 rows, /)
})

test('get store', async () => {
  const report = JSON.parse((await runCli(['get', 'store', '-o', 'json', '--data-dir', dir])).out)
  expect(report.tables.find((table: { name: string }) => table.name === 'probe_status')).toMatchObject({
    rows: 5,
    spanSeconds: expect.any(Number),
    oldest: expect.any(String),
  })
  expect(report.budgetBytes).toBe(1 << 24)
  const { out } = await runCli(['get', 'store', '--server', server.url])
  expect(out).toMatch(/^table +rows +span +bytes +bytes\/row +oldest +will keep\n/)
  expect(out).toMatch(/\nprobe_status +5 /)
  expect(out).toContain(' of 16 MiB on disk')
  expect(out).not.toContain('damaged')
})

test('get store says how many rows are damaged', async () => {
  const other = mkdtempSync(join(tmpdir(), 'nixie-data-'))
  try {
    cpSync(join(dir, 'nixie.db'), join(other, 'nixie.db'))
    const db = new Database(join(other, 'nixie.db'))
    db.run('UPDATE chunks SET level = -1')
    db.close()
    const { out } = await runCli(['get', 'store', '--data-dir', other])
    expect(out).toMatch(/\nprobe_status +0 /)
    expect(out).toContain('; 5 rows are damaged, and lost\n')
  } finally {
    rmSync(other, { recursive: true, force: true })
  }
})

test('get shows the newest rows', async () => {
  const { out } = await runCli(['get', 'probe_status', '-o', 'json', '-n', '2', '--data-dir', dir])
  const names = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).tracepoint)
  expect(names.sort()).toEqual(['probe 3', 'probe 4'])
})

test('an error of the engine comes back with its place', async () => {
  const stdin = 'import px\ndf = px.DataFrame("probe_status")\npx.display(df.nope)\n'
  const stored = await runCli(['run', '-f', '-', '--data-dir', dir], { stdin })
  const served = await runCli(['run', '-f', '-', '--server', server.url], { stdin })
  expect(stored.code).toBe(1)
  expect(stored.err).toContain('error: line 3, column ')
  expect(served).toEqual(stored)
})

test('a directory that is not there', async () => {
  const { code, err } = await runCli(['tables', '--data-dir', join(dir, 'none')])
  expect(code).toBe(1)
  expect(err).toContain('There is no directory')
})
