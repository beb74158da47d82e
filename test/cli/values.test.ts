/** Cells as people read them. */
import { expect, test } from 'bun:test'
import { bytesText, cellText, durationText, timeText } from '../../src/cli/values'
import type { DataType, SemanticType } from '../../src/records/types'

const text = (cell: string | number | boolean | null, type: DataType, semantic: SemanticType = 'ST_NONE') =>
  cellText(cell, { type, semantic })

test('durations', () => {
  const cases: [number, string][] = [
    [0, '0 ns'],
    [999, '999 ns'],
    [1500, '1.50 µs'],
    [1_250_000, '1.25 ms'],
    [12_340_000, '12.3 ms'],
    [999_600_000, '1000 ms'],
    [3e9, '3 s'],
    [90e9, '1.5 min'],
    [5400e9, '1.5 h'],
    [2.5 * 86400e9, '2.5 d'],
    [-1500, '-1.50 µs'],
  ]
  for (const [ns, words] of cases) expect(durationText(ns)).toBe(words)
})

test('bytes', () => {
  expect([0, 1023, 1024, 1536, 5e6, 3 * 2 ** 50].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1 KiB',
    '1.50 KiB',
    '4.77 MiB',
    '3072 TiB',
  ])
})

test('times are local, to the millisecond', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 6)
  const ns = BigInt(at.getTime()) * 1_000_000n + 999n
  expect(timeText(ns)).toBe('2026-01-02 03:04:05.006')
  expect(text(String(ns), 'TIME64NS')).toBe('2026-01-02 03:04:05.006')
  expect(text(Number(ns), 'INT64', 'ST_TIME_NS')).toStartWith('2026-01-02 03:04:05.')
  expect([text('0', 'TIME64NS'), text(0, 'TIME64NS'), text(0, 'INT64', 'ST_TIME_NS')]).toEqual(['', '', ''])
  expect(text('9'.repeat(30), 'TIME64NS')).toBe('9'.repeat(30))
})

test('by meaning', () => {
  expect(text(null, 'INT64')).toBe('')
  expect(text(true, 'BOOLEAN')).toBe('true')
  expect(text(0.12345, 'FLOAT64', 'ST_PERCENT')).toBe('12.35 %')
  expect(text(2e-6, 'FLOAT64', 'ST_THROUGHPUT_PER_NS')).toBe('2000 /s')
  expect(text(2.048e-6, 'FLOAT64', 'ST_THROUGHPUT_BYTES_PER_NS')).toBe('2 KiB/s')
  expect(text(1 / 3, 'FLOAT64')).toBe('0.333333')
  expect(text('9007199254740993', 'INT64')).toBe('9007199254740993')
  expect(text('{"p50":1500,"p99":2000000}', 'STRING', 'ST_DURATION_NS_QUANTILES')).toBe(
    'p50 1.50 µs  p99 2 ms',
  )
  expect(text('not \u001b JSON', 'STRING', 'ST_QUANTILES')).toBe('not \\u001b JSON')
})
