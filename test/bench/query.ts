/**
 * The engine alone: one million rows of an http_events shape from memory, grouped and filtered. Prints medians.
 * `bun test/bench/query.ts`
 */
import { execute } from '../../src/query/engine'
import type { Node } from '../../src/query/plan'
import type { Batch, Vector } from '../../src/records/batch'
import { StringTable } from '../../src/records/batch'
import {
  aggregate,
  call,
  column,
  contextOf,
  filter,
  limit,
  literal,
  MemorySource,
  project,
  random,
  scan,
  typed,
} from '../query/support/tables'

const ROWS = 1_000_000
const CHUNK = 65_536
const next = random(1)
const columns = [
  typed('time_', 'TIME64NS'),
  typed('upid', 'UINT128', 'ST_UPID'),
  typed('req_path', 'STRING'),
  typed('resp_status', 'INT64'),
  typed('latency', 'INT64', 'ST_DURATION_NS'),
  typed('resp_body', 'STRING'),
]
const upids = Array.from({ length: 40 }, (_, i) => `1:${1000 + i}:77`)
const paths = Array.from({ length: 200 }, (_, i) => `/api/v1/items/${i}`)
const statuses = [200, 200, 200, 200, 200, 201, 304, 404, 500]

function texts(type: 'STRING' | 'UINT128', values: readonly string[], rows: number): Vector {
  const codes = Uint32Array.from({ length: rows }, () => next() * values.length)
  return { type, codes, dict: StringTable.of(values) }
}

const body = () => `{"id":${Math.floor(next() * 1e9)},"name":"item","tags":["a","b"],"price":${next()}}`

function chunk(start: number, rows: number): Batch {
  return {
    rows,
    columns: [
      {
        type: 'TIME64NS',
        base: 1_800_000_000_000_000_000n,
        values: Float64Array.from({ length: rows }, (_, i) => (start + i) * 1e6),
      },
      texts('UINT128', upids, rows),
      texts('STRING', paths, rows),
      {
        type: 'INT64',
        base: 0n,
        values: Float64Array.from({ length: rows }, () => statuses[Math.floor(next() * 9)]!),
      },
      {
        type: 'INT64',
        base: 0n,
        values: Float64Array.from({ length: rows }, () => Math.floor(Math.exp(10 + next() * 8))),
      },
      texts('STRING', Array.from({ length: 20_000 }, body), rows),
    ],
  }
}

const batches = Array.from({ length: Math.ceil(ROWS / CHUNK) }, (_, i) =>
  chunk(i * CHUNK, Math.min(CHUNK, ROWS - i * CHUNK)),
)
const source = new MemorySource({ http_events: { columns, batches } })
const http = scan('http_events', columns)
const stats = (fns: readonly string[]) => fns.map((fn) => ({ name: fn, fn, column: 'latency' }))
const failed = call('greaterThanEqual', column(http, 'resp_status'), literal('INT64', 400n))
const binned = project(http, {
  window: call('bin', column(http, 'time_'), literal('INT64', 10_000_000_000n)),
  pod: call('upid_to_pod_name', column(http, 'upid')),
  failure: failed,
  latency: column(http, 'latency'),
})

const CASES: Record<string, Node> = {
  'group by (upid, req_path): count, mean': aggregate(http, ['upid', 'req_path'], stats(['count', 'mean'])),
  'group by (upid, req_path): count, mean, quantiles': aggregate(
    http,
    ['upid', 'req_path'],
    stats(['count', 'mean', 'quantiles']),
  ),
  'group by (bin(time_), pod): count, sum(failure), max': aggregate(
    binned,
    ['window', 'pod'],
    [...stats(['count', 'max']), { name: 'errors', fn: 'sum', column: 'failure' }],
  ),
  'contains(resp_body) and status >= 400, head 100': limit(
    filter(
      http,
      call('logicalAnd', call('contains', column(http, 'resp_body'), literal('STRING', '99999')), failed),
    ),
    100,
  ),
  'contains(resp_body), all': aggregate(
    filter(http, call('contains', column(http, 'resp_body'), literal('STRING', '99999'))),
    ['resp_status'],
    stats(['count']),
  ),
  'regex_match(resp_body)': aggregate(
    filter(http, call('regex_match', literal('STRING', '.*"id":12[0-9]+,.*'), column(http, 'resp_body'))),
    ['resp_status'],
    stats(['count']),
  ),
  'pluck_float64(resp_body)': aggregate(
    project(http, {
      s: column(http, 'resp_status'),
      price: call('pluck_float64', column(http, 'resp_body'), literal('STRING', 'price')),
    }),
    ['s'],
    [{ name: 'price', fn: 'mean', column: 'price' }],
  ),
}

for (const [name, node] of Object.entries(CASES)) {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now()
    execute({ outputs: [{ name, node }] }, contextOf(source))
    return performance.now() - start
  }).sort((a, b) => a - b)
  console.log(`${name.padEnd(56)} ${times[3]!.toFixed(1)} ms (first ${times[6]!.toFixed(1)})`)
}
