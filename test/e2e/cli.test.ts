/** The commands against a running Nixie: what they print is what the API says. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pkg from '../../package.json'
import { curl } from '../support/clients'
import { type HttpRow, isRoot, Nixie, type Row, runNixie } from '../support/nixie'
import { Scope } from '../support/scope'
import { type Server, startNginx, startNode } from '../support/servers'

const COUNT = 6

describe.skipIf(!isRoot)('commands (needs root)', () => {
  const scope = new Scope('cli')
  let nixie: Nixie
  let nginx: Server
  let node: Server
  let rows: HttpRow[]
  const nixieRun = (...args: string[]) => runNixie(args, { env: { NIXIE_SERVER: nixie.url } })

  beforeAll(async () => {
    nginx = await startNginx(scope)
    node = await startNode(scope)
    nixie = await Nixie.start(scope)
    for (let i = 0; i < COUNT; i++) await curl(nginx.port, `/hello?cli-nginx-${i}`)
    await curl(node.port, '/json?cli-node')
    await nixie.waitForRows('cli-node', 1)
    rows = await nixie.waitForRows('cli-nginx-', COUNT)
  })
  afterAll(() => scope.close())

  test('run -o json: one object per row, of nginx only when asked for nginx', async () => {
    const args = ['run', 'px/http_data', '-o', 'json', '--', '--destination_filter', 'nginx']
    const { code, stdout, stderr } = await nixieRun(...args)
    expect([code, stderr]).toEqual([0, ''])
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
    expect(told.every((row) => typeof row._tableName_ === 'string' && row._tableName_ !== '')).toBe(true)
    expect(told.some((row) => String(row.req_path).includes('cli-node'))).toBe(false)
    const own = told.filter((row) => String(row.req_path).includes('cli-nginx-'))
    const byPath = (a: { req_path?: unknown }, b: { req_path?: unknown }) =>
      String(a.req_path).localeCompare(String(b.req_path))
    const fields = ({ time_, req_method, req_path, resp_status, latency, resp_body }: Row | HttpRow) => ({
      time_,
      req_method,
      req_path,
      resp_status,
      latency,
      resp_body,
    })
    expect(own.sort(byPath).map(fields)).toEqual([...rows].sort(byPath).map(fields))
  })

  test("errors speak of the shell's flags", async () => {
    const several = join(scope.dir, 'several.pxl')
    writeFileSync(
      several,
      "import px\ndf = px.DataFrame('http_events')\npx.display(df, 'a')\npx.display(df, 'b')\n",
    )
    const csv = await nixieRun('run', '-f', several, '-o', 'csv')
    expect([csv.code, csv.stderr]).toEqual([1, expect.stringContaining('Choose one by --table NAME: a, b.')])
    const since = await nixieRun('get', 'http_events', '--since', '5m', '--until', '2h')
    expect([since.code, since.stderr]).toEqual([1, expect.stringContaining('--since is after --until')])
    const empty = join(scope.dir, 'empty.pxl')
    writeFileSync(empty, '\n')
    expect((await nixieRun('run', '-f', empty)).stderr).toStartWith(`error: ${empty} is empty`)
  })

  test('a server that can not start says only why', async () => {
    const server = new URL(nixie.url).host
    for (const [flags, why] of [
      [['--data-dir', '/sys/nixie'], "is in /sys, which is the kernel's"],
      [['--data-dir', join(scope.dir, 'second'), '--listen', server], server],
    ] as const) {
      const { code, stderr } = await runNixie(['serve', '--capture', 'false', ...flags])
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error: .*\nhint: .*\n$/)
      expect(stderr).toContain(why)
    }
  })

  test('the API runs the same script', async () => {
    const path = '/api/run/px/http_data?start_time=-5m&destination_filter=nginx'
    const { tables } = await nixie.ask(path)
    const told = tables[0]!.rows.map((row) => row.req_path)
    for (const row of rows) expect(told).toContain(row.req_path)
    expect(told.some((path) => String(path).includes('cli-node'))).toBe(false)
    for (const row of tables[0]!.rows) expect(String(row.destination)).toContain('nginx')
  })

  test('run: a table in the terminal', async () => {
    const { code, stdout } = await nixieRun('run', 'px/http_data', '--', '--destination_filter', 'nginx')
    expect(code).toBe(0)
    expect(stdout).toMatch(/req_path/i)
    for (const row of rows) expect(stdout).toContain(row.req_path)
  })

  test('run -o csv: a header and a line per row', async () => {
    const args = ['run', 'px/http_data', '-o', 'csv', '--', '--destination_filter', 'nginx']
    const { code, stdout } = await nixieRun(...args)
    expect(code).toBe(0)
    expect(stdout.split(/\r?\n/)[0]!.split(',')).toContain('req_path')
    expect(stdout.match(/cli-nginx-\d/g)).toHaveLength(COUNT)
  })

  test('run -f: a script of one’s own', async () => {
    const file = join(scope.dir, 'own.pxl')
    writeFileSync(
      file,
      `import px
df = px.DataFrame(table='http_events', start_time='-5m')
df = df[df.local_port == ${nginx.port}]
df = df.groupby(['req_method']).agg(count=('latency', px.count))
px.display(df, 'counts')
`,
    )
    const { code, stdout } = await nixieRun('run', '-f', file, '-o', 'json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ _tableName_: 'counts', req_method: 'GET', count: COUNT })
  })

  test('run with --data-dir reads the store without a server', async () => {
    const first = await Nixie.start(scope)
    await curl(node.port, '/hello?cli-offline')
    await first.waitForRows('cli-offline', 1)
    await first.stop()
    const { code, stdout } = await runNixie([
      'run',
      'px/http_data',
      '-o',
      'json',
      '--data-dir',
      first.dataDir,
    ])
    expect(code).toBe(0)
    expect(stdout).toContain('/hello?cli-offline')
  })

  test('errors are words and exit codes', async () => {
    const unknown = await nixieRun('run', 'px/http_dta')
    expect([unknown.code, unknown.stdout]).toEqual([1, ''])
    expect(unknown.stderr).toContain('px/http_data')
    const nobodyThere = await runNixie(['run', 'px/http_data'], {
      env: { NIXIE_SERVER: 'http://127.0.0.1:9' },
    })
    expect(nobodyThere.code).toBe(1)
    expect(nobodyThere.stderr).toContain('127.0.0.1:9')
    expect((await nixieRun('no-such-command')).code).toBe(2)
  })

  test('version, status, check, script list', async () => {
    const { stdout: version } = await nixieRun('version')
    expect(version).toStartWith(`nixie ${pkg.version}`)
    expect(version).toMatch(/^nixie [\d.]+(\+[0-9a-f]{12})?\n$/)
    const status = await nixieRun('status')
    expect(status.code).toBe(0)
    expect(status.stdout).toContain('http_events')
    const check = await nixieRun('check')
    expect([check.code, /BTF/.test(check.stdout)]).toEqual([0, true])
    const { stdout } = await nixieRun('script', 'list')
    for (const name of ['px/http_data', 'px/http_data_filtered', 'px/http_request_stats', 'px/schemas']) {
      expect(stdout).toContain(name)
    }
  })

  test('with no tracefs mounted it starts as well as with one', async () => {
    const dataDir = join(scope.dir, 'untraced')
    mkdirSync(dataDir)
    // In a mount namespace of its own, which goes with its last process.
    const script = `for dir in /sys/kernel/debug/tracing /sys/kernel/tracing; do
      while mountpoint -q $dir; do umount $dir || exit 1; done
    done; exec "$@"`
    const under = ['unshare', '-m', 'sh', '-c', script, 'sh']
    const other = await Nixie.start(scope, { dataDir, under })
    await curl(node.port, '/hello?no-tracefs')
    await other.waitForRows('no-tracefs', 1)
    await other.stop()
  })
})
