/** What functions read out of rows of http_events: operations of Elasticsearch and OpenSearch, queries of ClickHouse. */
import type { Cases } from '../apply'

const json = JSON.stringify

/** The members of an operation, with what isn't said. */
const done = (members: Readonly<Record<string, unknown>>): string =>
  json({
    operation: '',
    index: '',
    took: -1,
    hits: -1,
    at_least: false,
    timed_out: false,
    failed: false,
    error: '',
    ...members,
  })
const PRODUCT = json({ 'X-elastic-product': 'Elasticsearch', 'content-type': 'application/json' })

/** Answered by a server that says who it is. */
const marked = (
  method: string,
  path: string,
  body: string,
  answer: string,
  members: Readonly<Record<string, unknown>>,
) => [[method, path, '{}', body, PRODUCT, answer], done(members)] as const
/** By one that doesn't, as before Elasticsearch 7.14. */
const unmarked = (method: string, path: string, answer: string) =>
  [method, path, '{}', '', '{}', answer] as const

const FOUND =
  '{"took":5,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":10000,"relation":"gte"},"max_score":1.0,"hits":[{"_index":"shop","_source":{"took":9,"errors":true,"error":{"type":"x"},"hi'

const OPERATIONS: Cases = {
  elasticsearch_call: [
    marked('POST', '/shop,logs-*/_search?size=10', '{"query":{"match_all":{}}}', FOUND, {
      operation: 'search',
      index: 'shop,logs-*',
      took: 5e6,
      hits: 10000,
      at_least: true,
    }),
    [
      [
        ...unmarked(
          'GET',
          '/shop/_search',
          '{"took":1,"timed_out":true,"_shards":{},"hits":{"total":7,"hits":[]}}',
        ),
      ],
      done({ operation: 'search', index: 'shop', took: 1e6, hits: 7, timed_out: true }),
    ],
    marked(
      'POST',
      '/_bulk',
      '{"index":{"_index":"a","_id":"1"}}\n{"_index":"not this","x":1}\n{"delete":{"_id":"2","_index":"b"}}\n{"create":{"_index":"a"}}\n{}\n',
      '{"errors":true,"took":30,"items":[{"index":{"_index":"a","status":201}},{"delete":{"_index":"b","status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue is full"}}}]}',
      {
        operation: 'bulk',
        index: 'a, b',
        took: 30e6,
        failed: true,
        error: 'es_rejected_execution_exception: queue is full',
      },
    ),
    marked('PUT', '/shop/_bulk', '{"index":{}}\n{}\n', '{"took":3,"errors":false,"items":[]}', {
      operation: 'bulk',
      index: 'shop',
      took: 3e6,
    }),
    marked(
      'POST',
      '/_msearch',
      '{"index":"a"}\n{"query":{"term":{"index":"no"}}}\n{"preference":"x","index":["b","c"]}\n{}\n',
      '{"took":2,"responses":[{"took":1,"hits":{"total":{"value":3}}}',
      { operation: 'msearch', index: 'a, b,c', took: 2e6 },
    ),
    marked('PUT', '/shop/_doc/7', '{}', '{"_index":"shop","_id":"7","result":"created"}', {
      operation: 'index',
      index: 'shop',
    }),
    marked('POST', '/shop/_doc?op_type=create', '{}', '{}', { operation: 'create', index: 'shop' }),
    marked('GET', '/shop/_doc/8', '', '{"_index":"shop","_id":"8","found":false}', {
      operation: 'get',
      index: 'shop',
    }),
    marked('HEAD', '/shop/_doc/8', '', '', { operation: 'exists', index: 'shop' }),
    marked('DELETE', '/shop/_doc/8', '', '{}', { operation: 'delete', index: 'shop' }),
    marked('POST', '/shop/_update/8', '{}', '{}', { operation: 'update', index: 'shop' }),
    marked('POST', '/_mget', '{"docs":[{"_index":"a","_id":"1"},{"_index":"b"}]}', '{"docs":[]}', {
      operation: 'mget',
      index: 'a, b',
    }),
    marked(
      'POST',
      '/_search/scroll',
      '{"scroll_id":"D"}',
      '{"_scroll_id":"D","took":4,"hits":{"total":{"value":1,"relation":"eq"}}}',
      {
        operation: 'scroll',
        took: 4e6,
        hits: 1,
      },
    ),
    marked('DELETE', '/_search/scroll', '', '{}', { operation: 'clear_scroll' }),
    marked('GET', '/shop/_count', '', '{"count":12,"_shards":{}}', {
      operation: 'count',
      index: 'shop',
      hits: 12,
    }),
    marked('PUT', '/shop', '', '{"acknowledged":true}', { operation: 'indices.create', index: 'shop' }),
    marked('DELETE', '/%3Cshop-%7Bnow%2Fd%7D%3E', '', '{"acknowledged":true}', {
      operation: 'indices.delete',
      index: '<shop-{now/d}>',
    }),
    marked('GET', '/shop/_mapping', '', '{}', { operation: 'indices.get_mapping', index: 'shop' }),
    marked('GET', '/_cat/indices/shop?v', '', 'green open shop', { operation: 'cat.indices', index: 'shop' }),
    marked('GET', '/_cluster/health?pretty', '', '{"cluster_name":"c","status":"green"}', {
      operation: 'cluster.health',
    }),
    marked('GET', '/_nodes/n1/stats/jvm', '', '{}', { operation: 'nodes.stats' }),
    marked('GET', '/', '', '{"name":"n"}', { operation: 'info' }),
    marked('HEAD', '/', '', '', { operation: 'ping' }),
    marked('GET', '/_ilm/policy/p', '', '{}', { operation: 'GET _ilm/policy' }),
    marked('PUT', '/shop/item/1', '{}', '{}', { operation: 'index', index: 'shop' }),
    marked(
      'GET',
      '/nope/_search',
      '',
      '{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no"}],"type":"index_not_found_exception","reason":"no such index [nope]"},"status":404}',
      {
        operation: 'search',
        index: 'nope',
        failed: true,
        error: 'index_not_found_exception: no such index [nope]',
      },
    ),
    // Known by the client alone: nobody has answered yet.
    [
      [
        'POST',
        '/shop/_search',
        json({ 'User-Agent': 'opensearch-py/2.4.2 (Python 3.11.2)' }),
        '{}',
        '{}',
        '',
      ],
      done({ operation: 'search', index: 'shop' }),
    ],
    // What others have under such paths.
    [[...unmarked('GET', '/db/_all_docs', '{"total_rows":3,"rows":[]}')], ''],
    [[...unmarked('POST', '/db/_search', '{"total_rows":3,"rows":[]}')], ''],
    [[...unmarked('GET', '/_next/data', '{"took":1,"errors":false}')], ''],
    [[...unmarked('GET', '/shop/items', '{"took":5,"timed_out":false}')], ''],
    [[...unmarked('GET', '/_search', 'took: 5')], ''],
  ],
}

const asked = (members: Readonly<Record<string, unknown>>): string =>
  json({
    query: '',
    database: '',
    user: '',
    query_id: '',
    format: '',
    read_rows: -1,
    read_bytes: -1,
    written_rows: -1,
    result_rows: -1,
    exception_code: 0,
    exception: '',
    ...members,
  })
const SERVER = json({ 'X-ClickHouse-Server-Display-Name': 'h' })

const QUERIES: Cases = {
  clickhouse_call: [
    [
      ['/?query=select+1&database=shop&user=bob', '{}', '', SERVER, '1\n'],
      asked({ query: 'select 1', database: 'shop', user: 'bob' }),
    ],
    [
      [
        '/',
        json({ 'X-ClickHouse-Database': 'shop', 'X-ClickHouse-User': 'eve' }),
        'select count() from t',
        json({
          'X-ClickHouse-Query-Id': 'q-1',
          'X-ClickHouse-Format': 'TabSeparated',
          'X-ClickHouse-Summary':
            '{"read_rows":"12","read_bytes":"96","written_rows":"0","written_bytes":"0","total_rows_to_read":"0","result_rows":"1","elapsed_ns":"662334"}',
        }),
        '12\n',
      ],
      asked({
        query: 'select count() from t',
        database: 'shop',
        user: 'eve',
        query_id: 'q-1',
        format: 'TabSeparated',
        read_rows: 12,
        read_bytes: 96,
        written_rows: 0,
        result_rows: 1,
      }),
    ],
    [
      ['/?query=insert%20into%20t%20format%20CSV', '{}', '1,"a"', SERVER, ''],
      asked({ query: 'insert into t format CSV' }),
    ],
    [['/?query=select', '{}', ' 1', SERVER, '1\n'], asked({ query: 'select\n 1' })],
    [['/?query=select+1', '{}', '<binary 80 bytes> ....', SERVER, '1\n'], asked({ query: 'select 1' })],
    [
      [
        '/',
        '{}',
        'select x',
        SERVER,
        'Code: 47, e.displayText() = DB::Exception: Unknown identifier: x, e.what() = DB::Exception\n',
      ],
      asked({ query: 'select x', exception_code: 47, exception: 'DB::Exception: Unknown identifier: x' }),
    ],
    [
      [
        '/',
        '{}',
        'select * from wtf',
        json({ 'X-ClickHouse-Exception-Code': '60' }),
        'Code: 60. DB::Exception: Table default.wtf does not exist. (UNKNOWN_TABLE)\n',
      ],
      asked({
        query: 'select * from wtf',
        exception_code: 60,
        exception: 'DB::Exception: Table default.wtf does not exist. (UNKNOWN_TABLE)',
      }),
    ],
    // Not answered yet, but said by a client of it.
    [
      ['/?query=select+2', json({ 'X-ClickHouse-User': 'bob' }), '', '{}', ''],
      asked({ query: 'select 2', user: 'bob' }),
    ],
    [['/ping', '{}', '', SERVER, 'Ok.\n'], ''],
    [['/?query=select+1', '{"Host":"localhost:8123"}', '', '{"Server":"x"}', '1\n'], ''],
  ],
}

export const SEARCH_AND_CLICKHOUSE: Cases = { ...OPERATIONS, ...QUERIES }
