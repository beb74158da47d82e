/**
 * Requests of Elasticsearch (https://www.elastic.co/docs/api/doc/elasticsearch) and OpenSearch (https://docs.opensearch.org/latest/api-reference/).
 * Which requests they are is told by header fields that servers and clients of theirs send, or by a path with one of their endpoints together with
 * an answer of their form: never by a port.
 */
import { JsonScanner, type Path } from '../../../protocols/lib/json/scanner'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { countOf } from './content-facts'
import { type Operation, operationOf } from './elasticsearch-operations'

/** Of the server (Elasticsearch 7.14 on, OpenSearch 2.12 on), of the media type, and of clients. */
const MARKS =
  /"x-elastic-product":"Elasticsearch"|"x-opensearch-version":|application\/vnd\.(?:elasticsearch|opensearch)\+|"x-elastic-client-meta":/i
const CLIENTS =
  /"user-agent":"(?:elasticsearch-(?:py|java|ruby|php|js|net|rs)|elastic-transport-|elastic-api-client|go-elasticsearch|opensearch-(?:py|java|js|ruby|php|net|rs|go))/i
/** How answers begin: `took` or `errors` first, or what only theirs has. */
const FORM =
  /^\s*\{\s*"(?:took"\s*:\s*\d+\s*,\s*"(?:timed_out|errors|responses|ignored|total|_shards|deleted)|errors"\s*:\s*(?:true|false)\s*,\s*"took|_scroll_id|_index"\s*:\s*"|error"\s*:\s*\{\s*"root_cause|acknowledged"\s*:\s*true|count"\s*:\s*\d+\s*,\s*"_shards|_shards"\s*:\s*\{\s*"total|docs"\s*:\s*\[\s*\{\s*"_index|cluster_name"\s*:\s*"[^"]{1,256}"\s*,\s*"(?:status|cluster_uuid|nodes))/
const MAX_NAMES = 16
/** Between the names of a list of JSON. */
const LIST = /"\s{0,8},\s{0,8}"/g
const MAX_TEXT = 512

const COUNTS = /^(?:hits\.total(?:\.value)?|count)$/

/** What an answer says by these names. */
class Answer {
  took = ''
  isTimedOut = false
  hasErrors = false
  hits = ''
  isLeast = false
  error = ''
  reason = ''

  wants(name: string): boolean {
    return WANTED.has(name)
  }

  value(path: Path, value: string, isText: boolean): void {
    if (path === 'took') this.took = value
    else if (path === 'timed_out') this.isTimedOut = value === 'true'
    else if (path === 'errors') this.hasErrors = value === 'true'
    else if (COUNTS.test(path)) this.hits = value
    else if (path === 'hits.total.relation') this.isLeast = value === 'gte'
    else if (path === 'error' && isText) this.reason ||= value
    else if (/^(?:error|items\.\*\.\w+\.error|responses\.\*\.error|failures\.\*\.cause)\.type$/.test(path))
      this.error ||= value
    else if (/^(?:error|items\.\*\.\w+\.error|responses\.\*\.error|failures\.\*\.cause)\.reason$/.test(path))
      this.reason ||= value
  }
}
const WANTED = new Set('took timed_out errors value total count relation error type reason'.split(' '))

function answerIn(body: string): Answer {
  const answer = new Answer()
  const scanner = new JsonScanner(answer)
  const bytes = new Uint8Array(Buffer.from(body))
  scanner.take(bytes, 0, bytes.length)
  scanner.finish(false)
  return answer
}

function elasticsearchCall(
  method: string,
  path: string,
  requestHeaders: string,
  requestBody: string,
  headers: string,
  body: string,
): string {
  const isMarked = MARKS.test(headers) || MARKS.test(requestHeaders) || CLIENTS.test(requestHeaders)
  // What isn't one is left as cheaply as possible.
  if (!isMarked && !(path.includes('/_') && FORM.test(body))) return ''
  const operation = operationOf(method, path)
  if (!operation || !(isMarked || operation.isKnown)) return ''
  const { took, hits, isLeast, isTimedOut, hasErrors, error, reason } = answerIn(body)
  const tookMs = countOf(took)
  return JSON.stringify({
    operation: operation.name,
    index: operation.index || indicesIn(operation, requestBody),
    took: tookMs < 0 ? -1 : tookMs * 1e6,
    hits: countOf(hits),
    at_least: isLeast,
    timed_out: isTimedOut,
    failed: hasErrors || error !== '' || reason !== '',
    error: [error, reason]
      .filter((text) => text !== '')
      .join(': ')
      .slice(0, MAX_TEXT),
  })
}

// ── Names in the body ────────────────────────────────────────────────────────

/** Where a request of several has an index for each. */
const NAMED: Readonly<Record<string, RegExp>> = {
  bulk: /^[ \t]{0,8}\{[ \t]{0,8}"(?:index|create|update|delete)"[ \t]{0,8}:[ \t]{0,8}\{(?:[^}\n]{0,512}?,)?[ \t]{0,8}"_index"[ \t]{0,8}:[ \t]{0,8}"([^"\n]{1,255})"/gm,
  msearch:
    /^[ \t]{0,8}\{(?:[^}\n]{0,512}?,)?[ \t]{0,8}"index"[ \t]{0,8}:[ \t]{0,8}(?:"([^"\n]{1,255})"|\[[ \t]{0,8}"([^\]\n]{1,255})"[ \t]{0,8}\])/gm,
  mget: /"_index"\s{0,8}:\s{0,8}"([^"\n]{1,255})"/g,
}

function indicesIn({ name }: Operation, body: string): string {
  const names = new Set<string>()
  for (const [, index, list] of body.matchAll(NAMED[name] ?? /(?!)/g)) {
    names.add(index ?? list!.replace(LIST, ','))
    if (names.size === MAX_NAMES) break
  }
  return [...names].join(', ')
}

export const ELASTICSEARCH: readonly FunctionSpec[] = [
  {
    name: 'elasticsearch_call',
    description:
      'What a request and its answer say of an operation of Elasticsearch or OpenSearch, as a JSON object: operation (search, bulk, indices.create, …), ' +
      'index (of bulk, msearch and mget those that the kept body names), took (nanoseconds), hits (-1 where the answer doesn’t say them; at_least: there ' +
      'may be more), timed_out, failed, error. Empty for other requests.',
    unit: none,
    overloads: [
      scalar(
        'req_method:STRING req_path:STRING req_headers:STRING req_body:STRING resp_headers:STRING resp_body:STRING -> STRING',
        (
          _,
          method: string,
          path: string,
          asked: string,
          requestBody: string,
          headers: string,
          body: string,
        ) => elasticsearchCall(method, path, asked, requestBody, headers, body),
      ),
    ],
  },
]
