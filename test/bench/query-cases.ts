/** The queries of the figures: as scripts, and as SQL of the same answer where another engine is asked too. */
import { RARE_WORD } from './query-data'

/** The addresses that serve stand for the services: the rows have no orchestrator to name them. */
const GROUP = `import px
df = px.DataFrame('http_events')
df.service = df.local_addr
df.error = df.resp_status >= 400
df = df.groupby(['service', 'req_path']).agg(
    n=('latency', px.count), mean=('latency', px.mean), errors=('error', px.sum), q=('latency', px.quantiles))
df.p99 = px.pluck_float64(df.q, 'p99')
px.display(df[['service', 'req_path', 'n', 'mean', 'errors', 'p99']])
`

const SEARCH = `import px
df = px.DataFrame('http_events')
df = df[px.contains(df.resp_body, '${RARE_WORD}') and df.resp_status >= 400]
px.display(df[['time_', 'req_path', 'resp_status', 'resp_body']])
`

export type CaseName = 'group' | 'search' | 'http_data' | 'service_stats'

export const CASES: Readonly<Record<CaseName, { readonly request: object; readonly title: string }>> = {
  group: { request: { text: GROUP }, title: 'group by (service, path): count, mean, errors, p99; all rows' },
  search: { request: { text: SEARCH }, title: 'resp_body contains a rare word and status >= 400; all rows' },
  http_data: {
    request: { script: 'px/http_data', args: { source_filter: '10.244.' } },
    title: 'px/http_data, 5 minutes, with a filter',
  },
  service_stats: {
    request: { script: 'px/service_stats', args: { start_time: '-24h' } },
    title: 'px/service_stats, 24 hours',
  },
}

type Engine = 'approx' | 'exact' | 'sqlite' | 'sqlite-without'

const P99: Readonly<Record<Engine, string>> = {
  approx: 'approx_quantile(latency, 0.99)',
  exact: 'quantile_cont(latency, 0.99)',
  sqlite: 'max(CASE WHEN place = 1 + CAST(0.99 * (of - 1) AS INTEGER) THEN latency END)',
  'sqlite-without': '0',
}

/** SQLite has no quantiles: rows are numbered within their group. */
const NUMBERED = `(SELECT local_addr, req_path, latency, resp_status,
  row_number() OVER (PARTITION BY local_addr, req_path ORDER BY latency) AS place,
  count(*) OVER (PARTITION BY local_addr, req_path) AS of FROM http_events)`

/** Of the groups one row of sums; p99 by a sketch, exactly, or not at all. */
export function sqlOf(name: CaseName, engine: Engine): string | undefined {
  if (name === 'group')
    return `SELECT count(*) AS g, sum(n) AS n, sum(mean) AS m, sum(errors) AS e, sum(p99) AS p FROM (
      SELECT local_addr, req_path, count(*) AS n, avg(latency) AS mean,
        sum(CASE WHEN resp_status >= 400 THEN 1 ELSE 0 END) AS errors, ${P99[engine]} AS p99
      FROM ${engine === 'sqlite' ? NUMBERED : 'http_events'} GROUP BY local_addr, req_path)`
  if (name === 'search')
    return `SELECT time_, req_path, resp_status, resp_body FROM http_events
      WHERE contains(resp_body, '${RARE_WORD}') AND resp_status >= 400`
  return undefined
}
