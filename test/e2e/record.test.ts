/** Real traffic, recorded beside a running Nixie and replayed without one: the rows are those that Nixie shows. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type DnsServer, dig, startDnsmasq, startSilent } from '../support/dns'
import { AS_NOBODY, binary, isRoot, Nixie, type Row, runNixie } from '../support/nixie'
import { Scope, until } from '../support/scope'

const MARKER = `recorded-${process.pid}`

/** A recorder that captures; `end` has it write its file. */
async function startRecorder(scope: Scope, file: string, listen: string) {
  const child = spawn(binary, ['record', '--for', '5m', '-o', file, '--listen', listen], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  scope.defer(() => child.kill('SIGKILL'))
  const exited = new Promise<number | null>((done) => child.on('exit', done))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  await until('the recorder captures', () => said.includes('Recording for') || child.exitCode !== null)
  return {
    end: async () => {
      child.kill('SIGINT')
      expect(await exited, said).toBe(0)
      return said
    },
  }
}

/** What two kernels' programs say of one exchange differs by when each was called. */
const comparable = (rows: readonly Row[]) =>
  rows
    .map(({ time_: _, latency: __, ...row }) => row)
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

describe.skipIf(!isRoot)('record and replay (needs root)', () => {
  const scope = new Scope('record')
  const file = join(scope.dir, 'a.rec')
  let nixie: Nixie
  let names: DnsServer
  let web: Bun.Server<undefined>
  let said = ''

  const rowsOf = (table: string, column: string) =>
    nixie.query(`import px
df = px.DataFrame(table='${table}', start_time='-10m')
df = df[px.contains(df.${column}, '${MARKER}')]
df = df[['${TABLES[table]!.join("', '")}']]
px.display(df)
`)
  const TABLES: Readonly<Record<string, readonly string[]>> = {
    http_events:
      'time_ upid remote_upid remote_addr remote_port local_addr local_port trace_role req_headers req_method req_path req_body req_body_size resp_headers resp_status resp_message resp_body resp_body_size latency outcome'.split(
        ' ',
      ),
    dns_events:
      'time_ upid remote_upid remote_addr remote_port local_addr local_port trace_role req_header req_body resp_header resp_body latency outcome'.split(
        ' ',
      ),
  }

  async function replayed(table: string, column: string): Promise<Row[]> {
    const { code, stdout, stderr } = await runNixie(['replay', file, '--table', table, '-o', 'json'], {
      under: AS_NOBODY,
    })
    expect(code, stderr).toBe(0)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line): Row => JSON.parse(line))
    return rows
      .filter((row) => String(row[column]).includes(MARKER))
      .map((row) => Object.fromEntries(TABLES[table]!.map((name) => [name, row[name]])))
  }

  beforeAll(async () => {
    const silent = await startSilent(scope)
    names = await startDnsmasq(scope, silent.port)
    web = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: async (request) => {
        const body = await request.text()
        if (new URL(request.url).pathname.endsWith('gzip'))
          return new Response(Bun.gzipSync(`{"marker":"${MARKER}","n":1}`), {
            headers: { 'content-encoding': 'gzip' },
          })
        return new Response(`you said ${body.length} characters`.repeat(40))
      },
    })
    scope.defer(() => web.stop(true))
    nixie = await Nixie.start(scope)
    const recorder = await startRecorder(scope, file, `127.0.0.1:${nixie.port}`)
    const url = `http://127.0.0.1:${web.port}/${MARKER}`
    const secret = 'hunter2hunter2'
    const run = (...args: readonly string[]) => Bun.spawn(['curl', '-s', '-o', '/dev/null', ...args]).exited
    await run(`${url}/plain?n=1`)
    await run(`${url}/gzip`)
    await run(
      '-H',
      `Authorization: Bearer ${secret}`,
      '-d',
      `user=bob&password=${secret}`,
      `${url}/form?token=${secret}`,
    )
    for (let i = 0; i < 3; i++) await dig('127.0.0.1', names.port, `${MARKER}-${i}.any.test`)
    await until('the rows of HTTP', async () => (await rowsOf('http_events', 'req_path')).length === 3)
    await until('the rows of DNS', async () => (await rowsOf('dns_events', 'req_body')).length >= 3)
    said = await recorder.end()
  })
  afterAll(() => scope.close())

  for (const [table, column] of [
    ['http_events', 'req_path'],
    ['dns_events', 'req_body'],
  ] as const)
    test(`${table}: the same rows`, async () => {
      chmodSync(scope.dir, 0o755)
      chmodSync(file, 0o644)
      const [shown, made] = [await rowsOf(table, column), await replayed(table, column)]
      expect(comparable(made)).toEqual(comparable(shown))
      expect(shown.length).toBeGreaterThanOrEqual(3)
      const times = (rows: readonly Row[]) => rows.map(({ time_ }) => BigInt(String(time_))).sort()
      for (const [i, time] of times(made).entries())
        expect(Number(time - times(shown)[i]!) / 1e6).toBeWithin(-100, 100)
    })

  test('the file was for its owner alone, has no secret, and not what Nixie said itself', async () => {
    expect(said).toMatch(/Replaced: \d{2,} bytes of secrets/)
    const bytes = Buffer.from(await Bun.file(file).arrayBuffer())
    expect(bytes.includes('hunter2')).toBe(false)
    expect(bytes.includes('/api/query')).toBe(false)
  })

  test('nobody may not record: it says why, and leaves no file', async () => {
    const other = join(scope.dir, 'b.rec')
    const { code, stderr } = await runNixie(['record', '--for', '1s', '-o', '/tmp/nixie-nobody.rec'], {
      under: AS_NOBODY,
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: This user may not trace the machine.*\nhint: Run it with sudo\.\n$/)
    expect(() => statSync('/tmp/nixie-nobody.rec')).toThrow()
    expect(() => statSync(other)).toThrow()
  })

  test('it ends when the file is full, and says so', async () => {
    const full = join(scope.dir, 'full.rec')
    const recorder = runNixie(['record', '--for', '1m', '--max-size', '64K', '-o', full], { ms: 60_000 })
    let ended = false
    void recorder.then(() => {
      ended = true
    })
    const ask = async () => {
      await fetch(`http://127.0.0.1:${web.port}/${MARKER}/more`, { method: 'POST', body: 'a'.repeat(4000) })
      return ended
    }
    await until('the file is full', ask)
    const { code, stderr } = await recorder
    expect(code).toBe(0)
    expect(stderr).toContain('ended as it was full (--max-size)')
    expect(statSync(full).mode & 0o777).toBe(0o600)
    expect(statSync(full).size).toBeLessThan(80 << 10)
    expect((await runNixie(['replay', full, '-o', 'json'])).code).toBe(0)
  })
})
