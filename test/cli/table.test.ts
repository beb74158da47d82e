/** What a terminal shows of a table that is wider than it. */
import { describe, expect, test } from 'bun:test'
import { tableText } from '../../src/cli/table'
import type { Cell, ResultColumn, ResultTable } from '../../src/runner/runner'

const HEADERS = JSON.stringify({ Host: 'localhost:8080', 'User-Agent': 'curl/8.5.0', Accept: '*/*' })
const PAGE = '<html>\n<head><title>404 Not Found</title></head>\n</html>'

const nowNs = BigInt(Date.now()) * 1_000_000n

/** The columns of px/http_data, with two rows. */
const COLUMNS: readonly (readonly [
  string,
  ResultColumn['type'],
  ResultColumn['semantic'],
  readonly Cell[],
])[] = [
  ['time_', 'TIME64NS', 'ST_TIME_NS', [String(nowNs), String(nowNs)]],
  ['source', 'STRING', 'ST_NONE', ['curl', '127.0.0.1']],
  ['destination', 'STRING', 'ST_NONE', ['nginx', 'node']],
  ['latency', 'INT64', 'ST_DURATION_NS', [349_000, 1_500_000]],
  ['major_version', 'INT64', 'ST_NONE', [1, 1]],
  ['req_path', 'STRING', 'ST_NONE', ['/api/v1/orders/4711?expand=items', '/']],
  ['req_method', 'STRING', 'ST_HTTP_REQ_METHOD', ['GET', 'POST']],
  ['req_headers', 'STRING', 'ST_NONE', [HEADERS, HEADERS]],
  ['req_body', 'STRING', 'ST_NONE', ['', '']],
  ['req_body_size', 'INT64', 'ST_BYTES', [0, 0]],
  ['resp_status', 'INT64', 'ST_HTTP_RESP_STATUS', [404, 200]],
  ['resp_message', 'STRING', 'ST_HTTP_RESP_MESSAGE', ['Not Found', 'OK']],
  ['resp_headers', 'STRING', 'ST_NONE', [HEADERS, HEADERS]],
  ['resp_body', 'STRING', 'ST_NONE', [PAGE, 'hello']],
  ['resp_body_size', 'INT64', 'ST_BYTES', [153, 5]],
]

const HTTP_DATA: ResultTable = {
  name: 'http_data',
  columns: COLUMNS.map(([name, type, semantic]) => ({ name, type, semantic })),
  values: COLUMNS.map(([, , , cells]) => cells),
  rows: 2,
  truncated: false,
}

function at(width: number | undefined, table = HTTP_DATA) {
  const { lines, omitted } = tableText(table, width)
  return { lines: [...lines].map((line) => line.slice(0, -1)), omitted }
}

describe('px/http_data', () => {
  test('80 columns: who asked whom, what, with which outcome, under a folded header', () => {
    const { lines, omitted } = at(80)
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80)
    expect(lines[1]).toMatch(/^time_ +source +destination +latency +path +method/)
    expect(lines[2]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} +curl +nginx +349 µs +\/api\/v1\S+ +GET .*404/)
    expect(omitted).toEqual(expect.arrayContaining(['major_version', 'req_headers', 'req_body', 'resp_body']))
    expect(omitted).not.toContain('resp_status')
  })

  test('60 columns: what was asked for and how it ended stay in sight', () => {
    for (const width of [50, 60, 70]) {
      const { lines, omitted } = at(width)
      for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width)
      for (const name of ['time_', 'req_path', 'resp_status', 'latency']) expect(omitted).not.toContain(name)
    }
  })

  test('bodies and headers come back with the room', () => {
    const counts = [80, 120, 160, 200, 300].map((width) => at(width).omitted.length)
    expect(counts).toEqual([...counts].sort((a, b) => b - a))
    expect(at(300).omitted).toEqual([])
  })

  test('one line of names where that fits', () => {
    expect(at(1000).lines[0]).toContain('req_body_size')
    expect(at(1000).lines).toHaveLength(3)
  })

  test('no terminal: every column, with its date', () => {
    const { lines, omitted } = at(undefined)
    expect(omitted).toEqual([])
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:/)
    expect(lines[1]).toContain(HEADERS)
  })
})

test('a time of another day keeps its date', () => {
  const values = [[String(nowNs), String(nowNs - 86_400_000_000_000n * 2n)]]
  const { lines } = at(80, { ...HTTP_DATA, columns: HTTP_DATA.columns.slice(0, 1), values })
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d /)
})

test('a wrapped table loses no word', () => {
  const text = 'Connections and bytes per process and remote end; counters only grow'
  const table: ResultTable = {
    name: 'tables',
    columns: [
      { name: 'name', type: 'STRING', semantic: 'ST_NONE' },
      { name: 'description', type: 'STRING', semantic: 'ST_NONE' },
    ],
    values: [['conn_stats'], [text]],
    rows: 1,
    truncated: false,
  }
  const lines = [...tableText(table, 40, { wrap: true }).lines]
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(41)
  expect(lines[1]).toStartWith('conn_stats  Connections')
  const words = lines.slice(1).map((line) => line.slice(12).trim())
  expect(words.join(' ')).toBe(text)
})

describe('no terminal', () => {
  const texts = (cells: readonly (readonly string[])[]): ResultTable => ({
    name: 't',
    columns: cells.map((_, i) => ({ name: `c${i}`, type: 'STRING', semantic: 'ST_NONE' })),
    values: cells,
    rows: cells[0]!.length,
    truncated: false,
  })

  test('short columns are aligned; one long cell widens no other line', () => {
    const { lines, omitted } = at(
      undefined,
      texts([
        ['a', 'bcd'],
        ['x'.repeat(90), 'y'],
        ['end', 'end'],
      ]),
    )
    expect(lines.map((line) => line.length)).toEqual([5 + 40 + 2 + 2, 5 + 90 + 2 + 3, 5 + 40 + 2 + 3])
    expect(lines[1]).toBe(`a    ${'x'.repeat(90)}  end`)
    expect(lines[2]).toBe(`bcd  ${'y'.padEnd(40)}  end`)
    expect(omitted).toEqual([])
  })

  test('what is very long is cut, and said to be', () => {
    const { lines, shortened } = tableText(texts([['a'], ['body '.repeat(200)], ['z']]), undefined)
    const [, row] = [...lines]
    expect(row!.length).toBeLessThan(100)
    expect(row).toEndWith('…  z\n')
    expect(shortened).toEqual(['c1'])
  })

  test('lists that Nixie made are whole', () => {
    const { lines, shortened } = tableText(texts([['w '.repeat(300)]]), undefined, { wrap: true })
    expect([...lines][1]!.length).toBeGreaterThan(590)
    expect(shortened).toEqual([])
  })
})
