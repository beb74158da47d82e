/** The binary over a store that is there: scripts of the user's own, every form of an answer, Arrow read by others. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { BatchBuilder } from '../../src/records/builder'
import { TABLES } from '../../src/sources/tables'
import { openWriter } from '../../src/store'
import { Nixie, runNixie } from '../support/nixie'
import { Scope, until } from '../support/scope'

const ROWS = 120_000
const SCRIPT = `import px

def newest(start_time: str, status: int):
    df = px.DataFrame('http_events', start_time=start_time)
    df = df[df.resp_status == status]
    return df[['time_', 'upid', 'req_path', 'latency']]
`
const func = {
  name: 'newest',
  args: [
    { name: 'start_time', variable: 'start_time' },
    { name: 'status', variable: 'status' },
  ],
}
const VIEW = {
  variables: [
    { name: 'start_time', type: 'PX_STRING', defaultValue: '-1h' },
    { name: 'status', type: 'PX_INT64' },
  ],
  globalFuncs: [{ outputName: 'newest', func }],
  widgets: [{ name: 'Newest', globalFuncOutputName: 'newest', displaySpec: {} }],
}

/** What pyarrow reads, and DuckDB over it. */
/** Processor time of a process in ticks of 10 ms (proc(5): utime and stime). */
const ticksOf = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ')
    .slice(11, 13)
    .reduce((sum, ticks) => sum + Number(ticks), 0)

/** Whether it takes less than a fifth of a processor: a query that runs takes a whole one. */
async function isAtRest(pid: number): Promise<boolean> {
  const before = ticksOf(pid)
  const from = performance.now()
  await until('a fifth of a second', () => performance.now() - from >= 200)
  return ticksOf(pid) - before < 4
}

const READER = `import json, sys
import duckdb, pyarrow as pa
with pa.OSFile(sys.argv[1]) as f:
    rows = pa.ipc.open_stream(f).read_all()
rows.validate(full=True)
question = "select count(*), min(epoch_ns(time_)), count(distinct req_path) from rows"
[(total, lowest, paths)] = duckdb.sql(question).fetchall()
print(json.dumps({
    "types": {field.name: str(field.type) for field in rows.schema},
    "unit": rows.schema.field("latency").metadata[b"semantic_type"].decode(),
    "rows": rows.num_rows, "total": total, "lowest": str(lowest), "paths": paths,
    "first": rows.slice(0, 1).column("req_path")[0].as_py(),
}))
`

describe('results of a stored day', () => {
  const scope = new Scope('results')
  const scripts = join(scope.dir, 'scripts')
  let nixie: Nixie
  const startNs = BigInt(Date.now() - 600_000) * 1_000_000n
  const run = (...args: string[]) =>
    runNixie(['run', '--scripts-dir', scripts, ...args], { env: { NIXIE_SERVER: nixie.url } })

  beforeAll(async () => {
    const http = TABLES.find((table) => table.name === 'http_events')!
    const dataDir = join(scope.dir, 'data')
    mkdirSync(dataDir)
    const writer = openWriter({ dataDir, retentionSeconds: 86_400, diskBudgetBytes: 1 << 30, tables: TABLES })
    const empty = http.columns.map(({ name, type }) => [
      name,
      type === 'STRING' || type === 'UINT128' ? '' : type === 'BOOLEAN' ? false : 0,
    ])
    for (let at = 0; at < ROWS; at += 40_000) {
      const builder = new BatchBuilder(http, startNs)
      for (let i = at; i < at + 40_000; i++) {
        const known = {
          time_: i * 1_000_000,
          upid: '1:42:7',
          req_path: `/é/${i % 1000}?${i}`,
          resp_status: 200 + (i % 2),
        }
        builder.append({ ...Object.fromEntries(empty), ...known, latency: i } as never)
      }
      writer.append([{ table: http, batch: builder.seal() }])
    }
    writer.close()
    const folder = join(scripts, 'own/newest')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'newest.pxl'), SCRIPT)
    writeFileSync(join(folder, 'vis.json'), JSON.stringify(VIEW))
    writeFileSync(join(folder, 'manifest.yaml'), 'short: The newest\nlong: >\n  The newest of a status.\n')
    mkdirSync(join(scripts, 'own/broken'))
    writeFileSync(join(scripts, 'own/broken/broken.pxl'), 'import px')
    writeFileSync(join(scripts, 'own/broken/vis.json'), '{"widgets": [}')
    const flags = ['--capture', 'false', '--scripts-dir', scripts]
    nixie = await Nixie.start(scope, { dataDir, flags, until: 'up' })
  })
  afterAll(() => scope.close())

  test('a script of a folder, from the shell', async () => {
    const { code, stdout, stderr } = await run(
      'own/newest',
      '-o',
      'json',
      '--limit',
      '3',
      '--',
      '--status=201',
    )
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(rows.map((row) => row.latency)).toEqual([ROWS - 1, ROWS - 3, ROWS - 5])
    expect(rows[0]._tableName_).toBe('newest')
    expect(stderr).toContain('3 rows, the limit')
  })

  test('a script of a folder that the server lists, and what it says of a broken one', async () => {
    const list = await (await fetch(`${nixie.url}/api/scripts`)).json()
    const { scripts: all } = list as { scripts: { name: string; origin?: string; short: string }[] }
    expect(all.find(({ name }) => name === 'own/newest')).toMatchObject({
      origin: 'own',
      short: 'The newest',
    })
    const { tables } = await nixie.ask('/api/run/own/newest?status=200&limit=2')
    expect(tables[0]!.rows.map((row) => row.latency)).toEqual([ROWS - 2, ROWS - 4])
    expect(nixie.output).toContain('own/broken: vis.json: ')
  })

  test('columns and plan without a run', async () => {
    const schema = await run('own/newest', '--schema')
    expect(JSON.parse(schema.stdout)).toEqual({
      tables: [
        {
          name: 'newest',
          columns: [
            { name: 'time_', type: 'TIME64NS', semantic: 'ST_NONE' },
            { name: 'upid', type: 'UINT128', semantic: 'ST_UPID' },
            { name: 'req_path', type: 'STRING', semantic: 'ST_NONE' },
            { name: 'latency', type: 'INT64', semantic: 'ST_DURATION_NS' },
          ],
        },
      ],
    })
    expect((await run('own/newest', '--explain', '--', '--status=200')).stdout).toContain('scan http_events')
  })

  test('Arrow, read by pyarrow and DuckDB', async () => {
    const venv = join(scope.dir, 'venv')
    const python = join(venv, 'bin/python')
    const must = (command: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 150_000 })
      if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
      return stdout
    }
    must('python3', '-m', 'venv', venv)
    must(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'pyarrow', 'duckdb')
    const response = await fetch(`${nixie.url}/api/run/own/newest?status=201&format=arrow&limit=1000000`)
    const path = join(scope.dir, 'rows.arrow')
    await Bun.write(path, response)
    expect(JSON.parse(must(python, '-c', READER, path))).toEqual({
      types: { time_: 'timestamp[ns, tz=UTC]', upid: 'string', req_path: 'string', latency: 'int64' },
      unit: 'ST_DURATION_NS',
      rows: ROWS / 2,
      total: ROWS / 2,
      lowest: String(startNs + 1_000_000n),
      paths: ROWS / 2,
      first: `/é/999?${ROWS - 1}`,
    })
  })

  test('a reader that stops costs no memory, and its going ends the query', async () => {
    const text = `import px
df = px.DataFrame('http_events', select=['req_path'])
px.display(df.merge(df.head(100), left_on=[], right_on=[], suffixes=['', '_b']))`
    const socket = connect(nixie.port, '127.0.0.1')
    scope.defer(() => socket.destroy())
    const head = `POST /api/query?format=ndjson&limit=1000000 HTTP/1.1\r\nHost: 127.0.0.1:${nixie.port}`
    socket.write(`${head}\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    const queries = async () => (await nixie.status()).counters.queries
    const before = await queries()
    const held = (await nixie.status()).rss
    await until('the query waits for its reader', () => isAtRest(nixie.pid))
    expect(await queries()).toBe(before)
    expect((await nixie.status()).rss - held).toBeLessThan(32 << 20)
    socket.destroy()
    await until('the query has ended', async () => (await queries()) === before + 1)
  })
})
