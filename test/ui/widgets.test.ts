import { describe, expect, test } from 'bun:test'
import { newCounters } from '../../src/health/counters'
import type { Cell, ResultColumn } from '../../src/runner/runner'
import { Rates } from '../../ui/rates'
import { readViewState, stateUrl } from '../../ui/view-state'
import { histogramBars, rowBars } from '../../ui/widgets/bars'
import { ResultView } from '../../ui/widgets/result'
import { chartData, seriesSpecs, wholeBins } from '../../ui/widgets/timeseries'
import { resultTable } from '../support/literal-runner'

const TIME: ResultColumn = { name: 'time_', type: 'TIME64NS', semantic: 'ST_TIME_NS' }
const NAME: ResultColumn = { name: 'name', type: 'STRING', semantic: 'ST_NONE' }
const RATE: ResultColumn = { name: 'rate', type: 'FLOAT64', semantic: 'ST_THROUGHPUT_PER_NS' }

describe('a time series', () => {
  const spec = { values: ['rate'], series: 'name', stacked: false, area: false }

  test('is a line per series over shared, rising times', () => {
    const table = resultTable(
      't',
      [TIME, NAME, RATE],
      [
        ['2000000000', 'b', 3e-9],
        ['1000000000', 'a', 1e-9],
        ['2000000000', 'a', 2e-9],
        ['3000000000', 'a', null],
      ],
    )
    expect(chartData(table, spec)?.data).toEqual({
      unit: 'per_s',
      stacked: false,
      area: false,
      xs: [1, 2],
      series: [
        { label: 'a', ys: [1, 2] },
        { label: 'b', ys: [null, 3] },
      ],
    })
  })

  test('draws the largest twelve and says how many are left', () => {
    const rows = Array.from({ length: 20 }, (_, i): Cell[] => ['1000000000', `s${i}`, i])
    const chart = chartData(resultTable('t', [TIME, NAME, RATE], rows), spec)!
    expect(chart.data.series.map((s) => s.label)).toEqual(
      Array.from({ length: 12 }, (_, i) => `s${i + 8}`).sort(),
    )
    expect(chart.left).toBe(8)
  })

  test('values of one unit share a chart, others have their own', () => {
    const named = (name: string, semantic: ResultColumn['semantic']) =>
      ({ name, type: 'FLOAT64', semantic }) as const
    const columns = [TIME, named('p50', 'ST_DURATION_NS'), RATE, named('p99', 'ST_DURATION_NS')]
    const table = resultTable('t', columns, [['1000000000', 1, 3e-9, 9]])
    const timeseries = ['p50', 'rate', 'p99'].map((value) => ({ value }))
    const specs = seriesSpecs({ timeseries }, table)
    expect(specs.map(({ values }) => values)).toEqual([['p50', 'p99'], ['rate']])
    expect(chartData(table, specs[0]!)?.data).toMatchObject({
      unit: 'ns',
      series: [
        { label: 'p50', ys: [1] },
        { label: 'p99', ys: [9] },
      ],
    })
  })

  describe('bins that the range cuts are left out', () => {
    const xs = [100, 110, 120, 130, 140, 150]
    const data = { unit: 'none', stacked: false, area: false, xs, series: [{ label: 'a', ys: xs }] } as const

    test.each([
      ['at both ends', '-50s', 155, [110, 120, 130, 140]],
      ['only at the start', '-65s', 170, [110, 120, 130, 140, 150]],
      ['not when the range holds them', '-100s', 170, xs],
      ['only what is still filling after an absolute time', '2026-01-31', 155, [100, 110, 120, 130, 140]],
      ['never where the view has no time range', undefined, 155, xs],
    ])('%s', (_, start, now, expected) => {
      const whole = wholeBins(data, start, now * 1000)
      expect(whole.xs).toEqual(expected)
      expect(whole.series[0]!.ys).toEqual(expected)
    })

    test('times that are no bins stay', () => {
      const events = { ...data, xs: [100, 103, 111, 120, 141, 150] }
      expect(wholeBins(events, '-50s', 152_000)).toBe(events)
    })
  })

  test('lines of one namespace are called without it', () => {
    const rows = (names: string[]) => names.map((name): Cell[] => ['1000000000', name, 1])
    const labels = (names: string[]) =>
      chartData(resultTable('t', [TIME, NAME, RATE], rows(names)), spec)!.data.series.map((s) => s.label)
    expect(labels(['shop/a', 'shop/b'])).toEqual(['a', 'b'])
    expect(labels(['pay/a', 'shop/b'])).toEqual(['pay/a', 'shop/b'])
    expect(labels(['shop/a'])).toEqual(['shop/a'])
  })

  test('needs a time column, and only columns that the table has', () => {
    const table = resultTable('t', [NAME, RATE], [['a', 1]])
    expect(chartData(table, spec)).toBeUndefined()
    expect(
      seriesSpecs({ timeseries: [{ value: 'other' }, { value: 'rate', series: 'other' }] }, table),
    ).toEqual([{ values: ['rate'], stacked: false, area: false }])
    expect(seriesSpecs({ timeseries: 'no list' }, table)).toEqual([])
  })
})

describe('bars', () => {
  const LATENCY: ResultColumn = { name: 'latency', type: 'INT64', semantic: 'ST_DURATION_NS' }
  const COUNT: ResultColumn = { name: 'count', type: 'INT64', semantic: 'ST_NONE' }

  test('a histogram weighs rows by their count, in bins no narrower than the least step', () => {
    const table = resultTable(
      't',
      [LATENCY, COUNT],
      [
        [1_000_000, 5],
        [4_000_000, 7],
        [6_000_000, 1],
      ],
    )
    const histogram = { value: 'latency', prebinCount: 'count', maxbins: 10, minstep: 5_000_000 }
    expect(histogramBars(table, { histogram })).toEqual([
      { label: '0 ns – 5 ms', value: 12 },
      { label: '5 ms – 10 ms', value: 1 },
    ])
  })

  test('limits of bins are round', () => {
    const rows = [[3_520_000], [40_000_000]]
    const bars = histogramBars(resultTable('t', [LATENCY], rows), { histogram: { value: 'latency' } })!
    expect(bars.map((bar) => bar.label).slice(0, 2)).toEqual(['0 ns – 5 ms', '5 ms – 10 ms'])
    expect(bars.length).toBeLessThanOrEqual(10)
  })

  test('one value is one bar; none is none', () => {
    expect(histogramBars(resultTable('t', [COUNT], [[3]]), { histogram: { value: 'count' } })).toEqual([
      { label: '3 – 4', value: 1 },
    ])
    expect(histogramBars(resultTable('t', [COUNT], []), { histogram: { value: 'count' } })).toEqual([])
    expect(histogramBars(resultTable('t', [COUNT], []), { histogram: { value: 'other' } })).toBeUndefined()
  })

  test('a bar chart is sorted by value', () => {
    const table = resultTable(
      't',
      [NAME, COUNT],
      [
        ['a', 1],
        ['b', 3],
      ],
    )
    expect(rowBars(table, { bar: { value: 'count', label: 'name' } })?.map((b) => b.label)).toEqual([
      'b',
      'a',
    ])
  })
})

describe('a table', () => {
  const table = resultTable(
    't',
    [NAME, RATE],
    [
      ['a', 1],
      ['b', 3],
      ['c', 2],
    ],
  )
  const widget = {
    name: 'T',
    table: 't',
    position: { x: 0, y: 0, w: 12, h: 4 },
    displaySpec: { '@type': 'types.px.dev/px.vispb.Table', largestFirst: 'rate' },
  }
  const result = {
    ...{ script: 'px/t', args: {}, tables: [table], warnings: [] },
    stats: { compileMs: 0, execMs: 0, rowsRead: 3, bytesRead: 0, chunksRead: 1, rowsOut: 3 },
  }
  const shown = (query: Record<string, string>) => {
    const place = { scripts: new Set<string>(), page: '/p', fragment: '/f', state: readViewState(query) }
    const markup = String(ResultView({ result, widgets: [widget], place }))
    const names = [...markup.matchAll(/<td[^>]*>([abc])<\/td>/g)].map(([, name]) => name)
    return { names, sorted: /aria-sort="(\w+)" data-name="(\w+)"/.exec(markup)?.slice(1) }
  }

  test('is ordered by what its view says, and says so, until the reader chooses', () => {
    expect(shown({})).toEqual({ names: ['b', 'c', 'a'], sorted: ['descending', 'rate'] })
    expect(shown({ _sort: '-other:rate' }).names).toEqual(['b', 'c', 'a'])
    expect(shown({ _sort: 't:name' })).toEqual({ names: ['a', 'b', 'c'], sorted: ['ascending', 'name'] })
  })
})

describe('the state of a view', () => {
  test('is in its URL and comes back from it', () => {
    const url =
      '/scripts/px/http_data?start_time=-1h&destination_filter=a%26b&_sort=-http%3Areq%3Apath&_rows=400&_live=5'
    const state = readViewState(Object.fromEntries(new URL(url, 'http://h').searchParams))
    expect(state).toEqual({
      args: { start_time: '-1h', destination_filter: 'a&b' },
      sort: { table: 'http', column: 'req:path', descending: true },
      rows: 400,
      live: 5,
    })
    expect(stateUrl('/scripts/px/http_data', state)).toBe(url)
  })

  test.each([
    [{ _rows: '1e9' }, 5000, 0],
    [{ _rows: '-3', _live: '0.001' }, 200, 0],
    [{ _rows: 'x', _live: 'x' }, 200, 0],
  ])('%p is bounded', (query, rows, live) => {
    expect(readViewState(query as Record<string, string>)).toEqual({ args: {}, rows, live })
  })
})

test('a rate is over the last minute, and unknown from one sample', () => {
  const rates = new Rates()
  const at = (rows: number) => ({ ...newCounters(), rows })
  rates.add(at(0), 0)
  rates.add(at(1), 100)
  expect(rates.of('rows')).toBeUndefined()
  rates.add(at(100), 10_000)
  expect(rates.of('rows')).toBe(10)
  for (let s = 20; s <= 200; s += 10) rates.add(at(100 + (s - 10) * 20), s * 1000)
  expect(rates.of('rows')).toBe(20)
})
