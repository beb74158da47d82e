/** The query page: PxL and a vis spec, typed in or opened, run as they are. */
import type { Child } from 'hono/jsx'
import { infoOf } from '../../src/runner/results'
import type { ScriptInfo, ScriptVariable } from '../../src/runner/runner'
import { readBundle } from '../../src/scripts/bundle'
import { here, NodeField } from '../on-node'
import { ARGUMENT_PREFIX, FIRST_ROWS, readViewState, sortText, stateUrl, type ViewState } from '../view-state'
import { Field } from './script'

const EXAMPLE = `import px

df = px.DataFrame('http_events', start_time='-5m')
df.process = df.ctx['pod']
df = df.groupby(['process', 'req_method', 'resp_status']).agg(
    requests=('latency', px.count),
    latency=('latency', px.mean),
)
px.display(df, 'requests')
`

/** Longer texts are not put into the URL: servers and proxies cut those. */
const LONGEST_URL = 4000

export interface QueryState extends ViewState {
  readonly text: string
  /** The text of vis.json. */
  readonly view?: string
}

/** Undefined when there is no text to run. */
export function readQueryState(fields: Readonly<Record<string, string>>): QueryState | undefined {
  // Forms send line ends as CR LF.
  const plain = (name: string) => (fields[name] ?? '').replaceAll('\r\n', '\n')
  const [text, view] = [plain('text'), plain('view')]
  if (text.trim() === '') return undefined
  const given = view.trim() === '' ? {} : { view }
  const values = Object.entries(fields).filter(([name]) => name.startsWith(ARGUMENT_PREFIX))
  const args = { text, ...given, ...Object.fromEntries(values) }
  return { ...readViewState(fields), live: 0, args, text, ...given }
}

/** Variables and widgets of a text with its view. Throws `bad_request` for a view that is none. */
export const readScript = (text: string, view: string): ScriptInfo =>
  infoOf(readBundle('query', { 'query.pxl': text, ...(view === '' ? {} : { 'vis.json': view }) }))

/** The fields' values for these variables. Fields of another view are left out. */
export function valuesOf(variables: readonly ScriptVariable[], { args }: ViewState): Record<string, string> {
  const values = variables.map(({ name }) => [name, args[ARGUMENT_PREFIX + name]] as const)
  return Object.fromEntries(values.filter((pair): pair is readonly [string, string] => pair[1] !== undefined))
}

/** Undefined when the text is too long for a URL. */
export function queryUrl(state: QueryState): string | undefined {
  const url = stateUrl('/query', state)
  return url.length <= LONGEST_URL ? url : undefined
}

interface VariablesProps {
  readonly variables: readonly ScriptVariable[]
  readonly values: Readonly<Record<string, string>>
}

const Variables = ({ variables, values }: VariablesProps) => (
  <>
    {variables.map((variable) => (
      <Field variable={variable} value={values[variable.name]} prefix={ARGUMENT_PREFIX} />
    ))}
  </>
)

/** State that the next run keeps. */
const Kept = ({ state: { sort, rows } }: { state: Pick<ViewState, 'sort' | 'rows'> }) => (
  <>
    {sort ? <input type="hidden" name="_sort" value={sortText(sort)} form="args" /> : null}
    {rows === FIRST_ROWS ? null : <input type="hidden" name="_rows" value={String(rows)} form="args" />}
  </>
)

interface FragmentProps {
  readonly state: QueryState
  readonly variables: readonly ScriptVariable[]
  readonly view: Child
}

/** The result, and beside it the fields of the view that gave it. */
export function QueryFragment({ state, variables, view }: FragmentProps) {
  return (
    <>
      <Kept state={state} />
      {view}
      <div id="variables" class="args" hx-swap-oob="innerMorph">
        <Variables variables={variables} values={valuesOf(variables, state)} />
      </div>
    </>
  )
}

interface QueryProps extends VariablesProps {
  readonly text: string | undefined
  readonly spec: string | undefined
  readonly state: Pick<ViewState, 'sort' | 'rows'>
  readonly view: Child
}

export function QueryView({ text, spec = '', variables, values, state, view }: QueryProps) {
  const shown = text ?? EXAMPLE
  const rows = Math.min(24, Math.max(10, shown.split('\n').length + 1))
  return (
    <>
      <div class="title">
        <h1>Query</h1>
        <p>
          PxL over the <a href={here('/tables')}>tables</a> of this host.
        </p>
      </div>
      <form
        id="args"
        class="pad"
        action="/query"
        hx-post={here('/query/result')}
        hx-target="#result"
        hx-swap="innerMorph"
        hx-sync="#result:replace"
        hx-indicator="#result"
        data-given={text === undefined ? undefined : ''}
      >
        <NodeField />
        <div id="part-pxl" data-tab="PxL">
          <label for="text">PxL</label>
          <textarea id="text" name="text" rows={rows} spellcheck={false} autocapitalize="off">
            {`\n${shown}`}
          </textarea>
        </div>
        <details id="part-view" data-tab="Vis spec" open={spec !== ''}>
          <summary>Vis spec</summary>
          <label for="view">Vis spec</label>
          <textarea id="view" name="view" rows={10} spellcheck={false} autocapitalize="off">
            {`\n${spec}`}
          </textarea>
        </details>
        <div id="variables" class="args">
          <Variables variables={variables} values={values} />
        </div>
        <div class="actions">
          <button type="submit" title="Ctrl+Enter">
            Run
          </button>
          <span class="help">Ctrl+Enter runs</span>
        </div>
      </form>
      <div id="result" class="result">
        <Kept state={state} />
        {view ?? <p class="empty">Nothing has run yet.</p>}
      </div>
    </>
  )
}
