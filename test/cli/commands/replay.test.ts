/** nixie replay: rows on one stream, their numbers and what was lost on the other. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scope } from '../../support/scope'
import { runCli } from '../run-cli'

const scope = new Scope('replay')
afterAll(() => scope.close())
const FIXTURE = join(import.meta.dir, '../../recording/fixtures/http-dns.rec')

test('json has a line for each row of each table, and only rows', async () => {
  const { code, out, err } = await runCli(['replay', FIXTURE, '-o', 'json'])
  expect(code).toBe(0)
  const rows = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const names = new Set(rows.map((row) => row._tableName_))
  expect([...names]).toEqual(['http_events', 'dns_events', 'conn_stats'])
  expect(rows.filter((row) => row._tableName_ === 'http_events')).toHaveLength(8)
  expect(err).toContain('Rows: http_events 8, dns_events 4, conn_stats')
  expect(err).toContain('Lost: nothing')
})

test('one table as csv', async () => {
  const { code, out } = await runCli(['replay', FIXTURE, '--table', 'dns_events', '-o', 'csv'])
  expect(code).toBe(0)
  expect(out).toStartWith('time_,upid,remote_addr,')
  expect(out.match(/fixture\.test/g)!.length).toBeGreaterThan(3)
})

test('as tables with their names', async () => {
  const { out } = await runCli(['replay', FIXTURE])
  for (const name of ['http_events', 'dns_events', 'conn_stats'])
    expect(out).toMatch(new RegExp(`^${name}$`, 'm'))
})

test('of a table without rows there are its columns', async () => {
  const { code, out, err } = await runCli(['replay', FIXTURE, '--table', 'nats_events.beta', '-o', 'csv'])
  expect(code).toBe(0)
  expect(out).toStartWith('time_,')
  expect(err).toContain('Rows: http_events 8')
})

test('rows beyond the limit are said', async () => {
  const { out, err } = await runCli([
    'replay',
    FIXTURE,
    '--table',
    'http_events',
    '-o',
    'json',
    '--limit',
    '3',
  ])
  expect(out.trimEnd().split('\n')).toHaveLength(3)
  expect(err).toContain('http_events: more rows than 3; --limit N shows more')
})

test('a file that was cut: the rows of what is before, what is missing, and a failure', async () => {
  const whole = readFileSync(FIXTURE)
  const file = join(scope.dir, 'cut.rec')
  writeFileSync(file, whole.subarray(0, whole.length - 9))
  const { code, out, err } = await runCli(['replay', file, '--table', 'http_events', '-o', 'json'])
  expect(code).toBe(1)
  expect(out.trimEnd().split('\n')).toHaveLength(8)
  expect(err).toContain('Not whole: ')
  expect(err).toMatch(/error: .*the file ends within .*it was cut, at byte \d+/)
  writeFileSync(file, whole.subarray(0, whole.length >> 1))
  const half = await runCli(['replay', file, '-o', 'json'])
  expect(half.code).toBe(1)
  expect(half.out.trimEnd().split('\n').length).toBeGreaterThan(2)
})

describe('refused', () => {
  const cases: Readonly<Record<string, readonly [argv: readonly string[], code: number, said: string]>> = {
    'without a file': [[], 2, 'FILE is missing'],
    'a file that is none': [['/nowhere/x.rec'], 1, "can't be read"],
    'another file': [[join(import.meta.dir, '../run-cli.ts')], 1, 'is no recording of Nixie, at byte 0'],
    'an unknown table': [[FIXTURE, '--table', 'http_event'], 2, "Did you mean 'http_events'?"],
    'no number of rows': [[FIXTURE, '--limit', 'x'], 2, 'whole number'],
    'csv of several tables': [[FIXTURE, '-o', 'csv'], 2, '--table NAME'],
  }
  for (const [name, [argv, code, said]] of Object.entries(cases))
    test(name, async () => {
      const ran = await runCli(['replay', ...argv])
      expect(ran.code).toBe(code)
      expect(ran.err).toContain(said)
      expect(ran.err).toContain('hint: ')
    })
})
