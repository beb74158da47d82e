/** `/metrics` is what Prometheus' text format 0.0.4 allows, and says every counter. */
import { expect, test } from 'bun:test'
import { counterMetric, metricsText } from '../../src/api/metrics'
import { COUNTERS, type CounterName } from '../../src/health/counters'
import { testApp } from '../support/app'
import { statusOf } from '../support/status'

const NAME = '[a-z_][a-z0-9_]*'
const VALUE = '-?[0-9.]+(?:e[+-]?[0-9]+)?'
const LINE = new RegExp(
  `^(?:# HELP ${NAME} .+|# TYPE ${NAME} (?:counter|gauge)|${NAME}(?:\\{(?:${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\n"])*",?)+\\})? ${VALUE})$`,
)

test('has the type and form of the format', async () => {
  const response = await testApp().app.request('/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  expect(text).toEndWith('\n')
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(LINE)
})

test('every family has HELP and TYPE once, in front of its samples', () => {
  const seen = new Set<string>()
  let current = ''
  for (const line of metricsText(statusOf()).trimEnd().split('\n')) {
    const [, kind, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
    if (kind === 'HELP') {
      expect(seen.has(name!)).toBe(false)
      seen.add(name!)
      current = name!
    } else if (kind === 'TYPE') expect(name).toBe(current)
    else expect(line.replace(/[{ ].*/, '')).toBe(current)
  }
})

test('says every counter, in base units', () => {
  const text = metricsText(statusOf())
  for (const name of Object.keys(COUNTERS) as CounterName[]) {
    const type = 'isGauge' in COUNTERS[name] ? 'gauge' : 'counter'
    expect(text).toContain(`# TYPE ${counterMetric(name).name} ${type}\n`)
  }
  expect(text).toContain('\nnixie_events_total 42\n')
  expect(text).toContain('\nnixie_drain_seconds_total 1.5\n')
  expect(text).toContain('\nnixie_ring_lost_events_total 2\n')
  expect(text).toContain('\nnixie_table_rows{table="http_events"} 3\n')
  expect(text).toContain('\nnixie_resident_memory_bytes 67108864\n')
})

test('labels are escaped', () => {
  const kernel = '6.1 "x" \\ \n y'
  expect(metricsText(statusOf({ kernel }))).toContain('kernel="6.1 \\"x\\" \\\\ \\n y"} 1\n')
})
