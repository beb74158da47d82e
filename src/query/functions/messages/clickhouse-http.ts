/**
 * Queries of ClickHouse over HTTP (https://clickhouse.com/docs/interfaces/http). Which requests they are is told by the header fields that only
 * ClickHouse and its clients send (`X-ClickHouse-…`), never by a port.
 */
import { objectIn } from '../../../json'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { countOf } from './content-facts'
import { type Headers, headersOf } from './headers'

const MARK = /"x-clickhouse-/i
/** Characters of a path, and of an error's text. */
const MAX_PATH = 64 << 10
const MAX_ERROR = 1024
const MAX_NAME = 256

/** `Code: 60, e.displayText() = DB::Exception: …` up to version 20, `Code: 60. DB::Exception: …` since then. */
const EXCEPTION = /^Code: (\d{1,9})[.,] (?:e\.displayText\(\) = )?(DB::[\s\S]*)/

function clickhouseCall(
  path: string,
  requestHeaders: string,
  requestBody: string,
  headers: string,
  body: string,
) {
  // What isn't one is left as cheaply as possible.
  if (!MARK.test(headers) && !MARK.test(requestHeaders)) return ''
  const asked = headersOf(requestHeaders)
  const answered = headersOf(headers)
  const start = path.indexOf('?')
  const given = new URLSearchParams(start < 0 ? '' : path.slice(start + 1, start + MAX_PATH))
  const query = queryOf(given.get('query') ?? '', requestBody)
  if (query === '') return ''
  const summary = objectIn(answered.get('x-clickhouse-summary') ?? '') ?? {}
  const counted = (name: string): number => countOf(String(summary[name] ?? ''))
  const exception = EXCEPTION.exec(body.slice(0, MAX_ERROR))
  return JSON.stringify({
    query,
    database: named(given, asked, 'database'),
    user: given.get('user') ?? asked.get('x-clickhouse-user') ?? '',
    query_id: (given.get('query_id') ?? answered.get('x-clickhouse-query-id') ?? '').slice(0, MAX_NAME),
    format: answered.get('x-clickhouse-format') ?? named(given, asked, 'default_format'),
    read_rows: counted('read_rows'),
    read_bytes: counted('read_bytes'),
    written_rows: counted('written_rows'),
    result_rows: counted('result_rows'),
    exception_code: codeOf(answered, exception?.[1] ?? ''),
    exception: (exception?.[2] ?? '').replace(/, e\.what\(\) = DB::Exception\s*$/, '').trimEnd(),
  })
}

/** The server reads the body behind the parameter. That of an INSERT is data. */
function queryOf(parameter: string, body: string): string {
  if (parameter === '') return body.startsWith('<binary ') ? '' : body
  const isInsert = /^\s*insert\b/i.test(parameter)
  return isInsert || body === '' || body.startsWith('<binary ') ? parameter : `${parameter}\n${body}`
}

const named = (given: URLSearchParams, asked: Headers, name: 'database' | 'default_format'): string =>
  (
    given.get(name) ??
    asked.get(name === 'database' ? 'x-clickhouse-database' : 'x-clickhouse-format') ??
    ''
  ).slice(0, MAX_NAME)

const codeOf = (answered: Headers, inBody: string): number =>
  Math.max(0, countOf(answered.get('x-clickhouse-exception-code') ?? inBody))

export const CLICKHOUSE_HTTP: readonly FunctionSpec[] = [
  {
    name: 'clickhouse_call',
    description:
      'What a request and its answer say of a query of ClickHouse over HTTP, as a JSON object: query, database, user, query_id, format, read_rows, ' +
      'read_bytes, written_rows, result_rows (-1 where the answer doesn’t say them), exception_code (0 where there is none), exception. Empty for other ' +
      'requests.',
    unit: none,
    overloads: [
      scalar(
        'req_path:STRING req_headers:STRING req_body:STRING resp_headers:STRING resp_body:STRING -> STRING',
        (_, path: string, asked: string, requestBody: string, headers: string, body: string) =>
          clickhouseCall(path, asked, requestBody, headers, body),
      ),
    ],
  },
]
