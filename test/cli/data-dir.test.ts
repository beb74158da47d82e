/** `--data-dir` and the server give the same rows of the same store. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/api/app'
import { type Served, serve } from '../../src/api/serve'
import { readConfig } from '../../src/config'
import { BatchBuilder } from '../../src/records/builder'
import { probeStatus } from '../../src/records/probe-status'
import { openRunner } from '../../src/runner/client'
import type { Runner } from '../../src/runner/runner'
import { openWriter } from '../../src/store'
import { statusOf } from '../support/status'
import { runCli } from './run-cli'

const dir = mkdtempSync(join(tmpdir(), 'nixie-data-'))
let runner: Runner
let server: Served

beforeAll(() => {
  const options = { dataDir: dir, retentionSeconds: 86_400, diskBudgetBytes: 1 << 24, tables: [probeStatus] }
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
  runner = openRunner({ dataDir: dir })
  server = serve(createApp({ runner, status: () => statusOf(), config: readConfig({}, {}) }), '127.0.0.1:0')
})
afterAll(async () => {
  await server.stop(100)
  await runner.close()
  rmSync(dir, { recursive: true })
})

const QUERY =
  "import px\ndf = px.DataFrame('probe_status', start_time='-1h')\npx.display(df.head(3), 'probes')\n"

for (const argv of [
  ['get', 'probe_status', '-o', 'json', '-n', '4'],
  ['run', '-f', '-', '-o', 'json'],
  ['run', '-f', '-', '-o', 'csv'],
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
