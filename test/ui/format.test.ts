import { describe, expect, test } from 'bun:test'
import type { Cell, ResultColumn } from '../../src/runner/runner'
import { compare, isoTime, show } from '../../ui/format'
import { bytes, duration, inUnit, span } from '../../ui/units'

const column = (
  type: ResultColumn['type'],
  semantic: ResultColumn['semantic'] = 'ST_NONE',
): ResultColumn => ({
  name: 'c',
  type,
  semantic,
})

test.each([
  [0, '0 ns'],
  [0.25, '0.25 ns'],
  [999, '999 ns'],
  [1234, '1.23 µs'],
  [9_345_965, '9.35 ms'],
  [1.5e9, '1.50 s'],
  [125e9, '2 m 5 s'],
  [-2e6, '-2 ms'],
])('%p ns is %p', (ns, text) => expect(duration(ns)).toBe(text))

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1_234_567, '1.18 MiB'],
])('%p bytes are %p', (value, text) => expect(bytes(value)).toBe(text))

test.each([
  [59, '59 s'],
  [60, '1 m'],
  [62_400, '17 h 20 m'],
  [86_400, '1 d'],
])('%p seconds are %p', (value, text) => expect(span(value)).toBe(text))

test('rates and ratios', () => {
  expect(inUnit('per_s', 6e-8 * 1e9)).toBe('60/s')
  expect(inUnit('per_s', 1234)).toBe('1.23 k/s')
  expect(inUnit('ratio', 0.0123)).toBe('1.23 %')
  expect(inUnit('bytes/s', 2048)).toBe('2 KiB/s')
})

describe('a cell', () => {
  test.each<[string, Cell, ResultColumn, string]>([
    ['a duration', 1_530_000, column('INT64', 'ST_DURATION_NS'), '1.53 ms'],
    ['a throughput per ns as per second', 1.2e-7, column('FLOAT64', 'ST_THROUGHPUT_PER_NS'), '120/s'],
    ['bytes per ns as per second', 1.024e-6, column('FLOAT64', 'ST_THROUGHPUT_BYTES_PER_NS'), '1 KiB/s'],
    ['a percentage from a ratio', 0.5, column('FLOAT64', 'ST_PERCENT'), '50 %'],
    ['a plain number ungrouped', 52_341, column('INT64', 'ST_PORT'), '52341'],
    ['an integer beyond doubles', '9223372036854775807', column('INT64'), '9223372036854775807'],
    ['nothing', null, column('STRING'), '–'],
    ['false', false, column('BOOLEAN'), 'false'],
    [
      'quantiles',
      '{"p50":1000,"p90":2000,"p99":3e6}',
      column('STRING', 'ST_DURATION_NS_QUANTILES'),
      '1 µs · 2 µs · 3 ms',
    ],
    ['quantiles that are none', '{oops', column('STRING', 'ST_QUANTILES'), '{oops'],
  ])('%s', (_, value, col, text) => expect(show(value, col).text).toBe(text))

  test('a time keeps its milliseconds and its exact nanoseconds', () => {
    const shown = show('1790000000123456789', column('TIME64NS', 'ST_TIME_NS'))
    expect(shown.time).toBe('2026-09-21T14:13:20.123Z')
    expect(shown.text).toBe('14:13:20.123 Z')
    expect(shown.exact).toBe('1790000000123456789')
  })

  test('a time out of range is text', () => {
    expect(isoTime('99999999999999999999')).toBeUndefined()
    expect(show('soon', column('TIME64NS')).text).toBe('soon')
  })

  test('statuses carry the class of their hundred', () => {
    expect(show(503, column('INT64', 'ST_HTTP_RESP_STATUS')).kind).toContain('s5')
  })
})

describe('links', () => {
  const reference = column('STRING', 'ST_SCRIPT_REFERENCE')
  const known = new Set(['px/pod', 'px/http_data'])

  test('a script reference leads to the view with its arguments', () => {
    const cell = JSON.stringify({ label: 'web', script: 'px/pod', args: { pod: 'a&b', start_time: '-5m' } })
    expect(show(cell, reference, known)).toEqual({
      kind: 'name',
      text: 'web',
      href: '/scripts/px/pod?pod=a%26b&start_time=-5m',
    })
  })

  test.each(['px/none', 'javascript:alert(1)', '//evil.example/x', '../../etc'])('none to %p', (script) => {
    const shown = show(JSON.stringify({ label: 'web', script, args: {} }), reference, known)
    expect(shown).toEqual({ text: 'web' })
  })

  test('a service leads to the first view of services that there is', () => {
    const service = column('STRING', 'ST_SERVICE_NAME')
    expect(show('shop/cart', service, known).href).toBe(
      '/scripts/px/http_data?destination_filter=shop%2Fcart',
    )
    expect(show('shop/cart', service, new Set(['px/service'])).href).toBe(
      '/scripts/px/service?service=shop%2Fcart',
    )
    expect(show('shop/cart', service).href).toBeUndefined()
    expect(show('', service, known).href).toBeUndefined()
  })
})

describe('time ranges', () => {
  const scripts = { has: () => true, carried: () => ({ start_time: '-1h' }) }
  const text = (semantic: ResultColumn['semantic']) => column('STRING', semantic)

  test('go along with links to other views, but for what a link says itself', () => {
    expect(show('shop/cart', text('ST_POD_NAME'), scripts).href).toBe(
      '/scripts/px/pod?start_time=-1h&pod=shop%2Fcart',
    )
    const own = JSON.stringify({ label: 'a', script: 'px/pod', args: { start_time: '-5m' } })
    expect(show(own, text('ST_SCRIPT_REFERENCE'), scripts).href).toBe('/scripts/px/pod?start_time=-5m')
  })

  test('an address leads to its view, an end that is not known to none', () => {
    expect(show('10.0.0.1', text('ST_IP_ADDRESS'), scripts).href).toContain('/scripts/px/ip?')
    expect(show('-', text('ST_IP_ADDRESS'), scripts).href).toBeUndefined()
  })

  test('bytes to and from disks are rates also where the view gives no unit', () => {
    const disk = { name: 'total_disk_read_throughput', type: 'FLOAT64', semantic: 'ST_NONE' } as const
    expect(show(0.000015, disk).text).toBe('14.6 KiB/s')
    expect(show(0.000015, { ...disk, name: 'throughput' }).text).toBe('0.000015')
  })

  test('a time of 0 is none', () => {
    expect(show('0', column('TIME64NS', 'ST_TIME_NS')).text).toBe('–')
  })
})

describe('order', () => {
  test('integers that are text sort by size', () => {
    const sorted = ['9007199254740995', 7, '-9007199254740995', '9007199254740993'].sort((a, b) =>
      compare(a, b, column('INT64')),
    )
    expect(sorted).toEqual(['-9007199254740995', 7, '9007199254740993', '9007199254740995'])
  })

  test('nothing comes before everything, texts by code', () => {
    expect(['b', null, 'a'].sort((a, b) => compare(a, b, column('STRING')))).toEqual([null, 'a', 'b'])
  })

  test('quantiles by their p99', () => {
    const quantiles = column('STRING', 'ST_QUANTILES')
    expect(compare('{"p99":9}', '{"p99":10}', quantiles)).toBeLessThan(0)
  })
})
