/** What a URL says about a view, so that a link reopens it: arguments, order, number of rows, live refresh. */
import type { ScriptInfo } from '../src/runner/runner'

export const FIRST_ROWS = 200
export const MOST_ROWS = 5000
export const LIVE_SECONDS = [1, 2, 5, 10, 30] as const

export interface Sort {
  readonly table: string
  readonly column: string
  readonly descending: boolean
}

export interface ViewState {
  /** Arguments as given; what isn't given has its default. */
  readonly args: Readonly<Record<string, string>>
  readonly sort?: Sort
  /** Rows shown of each table. */
  readonly rows: number
  /** Seconds between refreshes; 0: off. */
  readonly live: number
}

/** Our own parameters begin with `_`, so that they never collide with a script's arguments. */
function readSort(text: string | undefined): Sort | undefined {
  const match = /^(-?)([^:]*):(.+)$/.exec(text ?? '')
  return match ? { table: match[2]!, column: match[3]!, descending: match[1] === '-' } : undefined
}

export function readViewState(query: Readonly<Record<string, string>>): ViewState {
  const args: Record<string, string> = {}
  for (const [name, value] of Object.entries(query)) if (!name.startsWith('_')) args[name] = value
  const sort = readSort(query._sort)
  const rows = Math.trunc(Number(query._rows))
  const live = Number(query._live)
  return {
    args,
    ...(sort ? { sort } : {}),
    rows: rows > 0 ? Math.min(rows, MOST_ROWS) : FIRST_ROWS,
    live: LIVE_SECONDS.some((seconds) => seconds === live) ? live : 0,
  }
}

/** The arguments without those that equal the script's defaults. */
export function givenArgs(script: ScriptInfo, args: ViewState['args']): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(args)) {
    const variable = script.variables.find((v) => v.name === name)
    if (value !== (variable ? (variable.defaultValue ?? '') : undefined)) given[name] = value
  }
  return given
}

/** Variables that have neither a default nor a value. */
export function missingArgs(script: Pick<ScriptInfo, 'variables'>, args: ViewState['args']): string[] {
  return script.variables.filter((v) => v.defaultValue === undefined && !args[v.name]).map((v) => v.name)
}

export const sortText = (sort: Sort): string => `${sort.descending ? '-' : ''}${sort.table}:${sort.column}`

/** `path` with the state as its query. */
export function stateUrl(path: string, state: ViewState): string {
  const query = new URLSearchParams(state.args)
  if (state.sort) query.set('_sort', sortText(state.sort))
  if (state.rows !== FIRST_ROWS) query.set('_rows', String(state.rows))
  if (state.live) query.set('_live', String(state.live))
  return query.size ? `${path}?${query}` : path
}

/** Prefix of the query page's fields for the view's variables, which may have any name. */
export const ARGUMENT_PREFIX = 'arg.'

/** The query page with a copy of the script, as it is shown: its arguments, order and number of rows. */
export function editUrl(script: Pick<ScriptInfo, 'name'>, state: ViewState): string {
  const args = Object.entries(state.args).map(([name, value]) => [ARGUMENT_PREFIX + name, value])
  return stateUrl('/query', {
    ...state,
    live: 0,
    args: { _script: script.name, ...Object.fromEntries(args) },
  })
}
