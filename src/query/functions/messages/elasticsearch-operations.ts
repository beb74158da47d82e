/** Names of the operations of Elasticsearch and OpenSearch by method and path, as their specifications have them (rest-api-spec). */

const MAX_PATH = 4096
const MAX_INDEX = 512

export interface Operation {
  readonly name: string
  /** As the path names it: a list and patterns too; '' for none. */
  readonly index: string
  /** The path has an endpoint that only these servers have. */
  readonly isKnown: boolean
}

/** By endpoint: of each method, of any other under `*`. */
type Methods = Readonly<Record<string, string>>

const DOCUMENT: Methods = { GET: 'get', HEAD: 'exists', DELETE: 'delete', PUT: 'index', POST: 'index' }
const put = (of: string): Methods => ({
  GET: `get_${of}`,
  HEAD: `exists_${of}`,
  PUT: `put_${of}`,
  POST: `put_${of}`,
  DELETE: `delete_${of}`,
})
const indices = (methods: Methods): Methods =>
  Object.fromEntries(Object.entries(methods).map(([method, name]) => [method, `indices.${name}`]))

/** Those with one operation: endpoint and name. */
const WITH_ONE = `
  _create create
  _update update
  _bulk bulk
  _mget mget
  _search search
  _search/template search_template
  _msearch msearch
  _msearch/template msearch_template
  _count count
  _explain explain
  _termvectors termvectors
  _mtermvectors mtermvectors
  _field_caps field_caps
  _terms_enum terms_enum
  _rank_eval rank_eval
  _delete_by_query delete_by_query
  _update_by_query update_by_query
  _reindex reindex
  _sql sql.query
  _query esql.query
  _analyze indices.analyze
  _validate/query indices.validate_query
  _refresh indices.refresh
  _flush indices.flush
  _forcemerge indices.forcemerge
  _cache/clear indices.clear_cache
  _open indices.open
  _close indices.close
  _stats indices.stats
  _segments indices.segments
  _recovery indices.recovery
  _rollover indices.rollover
  _shrink indices.shrink
  _split indices.split
  _clone indices.clone
  _cluster/health cluster.health
  _cluster/state cluster.state
  _cluster/stats cluster.stats
  _cluster/pending_tasks cluster.pending_tasks
  _cluster/reroute cluster.reroute
  _cluster/allocation cluster.allocation_explain
  _nodes nodes.info
  _tasks tasks.list
`
const withOne = WITH_ONE.trim()
  .split('\n')
  .map((line) => line.trim().split(' '))
  .map(([endpoint, name]) => [endpoint, { '*': name! }] as const)

const ENDPOINTS: Readonly<Record<string, Methods>> = {
  ...Object.fromEntries(withOne),
  _doc: DOCUMENT,
  _source: { GET: 'get_source', HEAD: 'exists_source' },
  '_search/scroll': { DELETE: 'clear_scroll', '*': 'scroll' },
  '_search/point_in_time': { DELETE: 'delete_pit', GET: 'get_all_pits', '*': 'create_pit' },
  _async_search: { GET: 'async_search.get', DELETE: 'async_search.delete', '*': 'async_search.submit' },
  _pit: { DELETE: 'close_point_in_time', '*': 'open_point_in_time' },
  _scripts: { GET: 'get_script', DELETE: 'delete_script', '*': 'put_script' },
  _mapping: indices(put('mapping')),
  _mappings: indices(put('mapping')),
  _settings: indices(put('settings')),
  _alias: indices(put('alias')),
  _aliases: { GET: 'indices.get_alias', '*': 'indices.update_aliases' },
  _template: indices(put('template')),
  _index_template: indices(put('index_template')),
  _component_template: {
    GET: 'cluster.get_component_template',
    DELETE: 'cluster.delete_component_template',
    '*': 'cluster.put_component_template',
  },
  _data_stream: {
    GET: 'indices.get_data_stream',
    PUT: 'indices.create_data_stream',
    DELETE: 'indices.delete_data_stream',
  },
  '_cluster/settings': { GET: 'cluster.get_settings', '*': 'cluster.put_settings' },
  '_ingest/pipeline': {
    GET: 'ingest.get_pipeline',
    DELETE: 'ingest.delete_pipeline',
    '*': 'ingest.put_pipeline',
  },
}

/** What a path without an endpoint does to the index that it names. */
const OF_INDEX: Methods = indices({ GET: 'get', HEAD: 'exists', PUT: 'create', DELETE: 'delete' })
/** Document of a type, as up to version 6. */
const OF_TYPE = 3

/** Undefined where the path is none of theirs. */
export function operationOf(method: string, path: string): Operation | undefined {
  const [place = '', parameters = ''] = path.slice(0, MAX_PATH).split('?', 2)
  const names = place.split('/').filter((name) => name !== '')
  const at = names.findIndex((name) => name.startsWith('_') && name !== '_all')
  const index = at === 0 ? '' : unescaped(names[0] ?? '')
  if (at >= 0) return endpointOf(method, names.slice(at), index, parameters)
  if (names.length === 0) return { name: method === 'HEAD' ? 'ping' : 'info', index: '', isKnown: false }
  const known = names.length >= OF_TYPE - 1 ? DOCUMENT[method] : OF_INDEX[method]
  return known && names.length <= OF_TYPE ? { name: known, index, isKnown: false } : undefined
}

function endpointOf(method: string, names: readonly string[], index: string, parameters: string): Operation {
  const [first = '', second = ''] = names
  if (first === '_cat')
    return { name: second === '' ? 'cat.help' : `cat.${second}`, index: names[2] ?? '', isKnown: true }
  if (first === '_nodes') return { name: nodesOperation(names), index: '', isKnown: true }
  const methods = ENDPOINTS[`${first}/${second}`] ?? ENDPOINTS[first]
  const name = methods?.[method] ?? methods?.['*']
  // One of a plugin, or a newer one.
  if (!name) return { name: `${method} ${[first, second].filter(Boolean).join('/')}`, index, isKnown: false }
  const isCreation = name === 'index' && /(?:^|&)op_type=create(?:&|$)/.test(parameters)
  return { name: isCreation ? 'create' : name, index, isKnown: true }
}

function nodesOperation(names: readonly string[]): string {
  const what = names
    .slice(1)
    .find((name) => ['stats', 'hot_threads', 'usage', 'reload_secure_settings'].includes(name))
  return `nodes.${what ?? 'info'}`
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name).slice(0, MAX_INDEX)
  } catch {
    return name.slice(0, MAX_INDEX)
  }
}
