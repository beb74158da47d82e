/** The scratch pad: PxL typed in, run as it is. */
import type { Child } from 'hono/jsx'
import { readViewState, sortText, stateUrl, type ViewState } from '../view-state'

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
  readonly args: { readonly text: string }
}

/** Undefined when there is no text to run. */
export function readQueryState(fields: Readonly<Record<string, string>>): QueryState | undefined {
  // Forms send line ends as CR LF.
  const text = (fields.text ?? '').replaceAll('\r\n', '\n')
  return text.trim() === '' ? undefined : { ...readViewState(fields), live: 0, args: { text } }
}

/** Undefined when the text is too long for a URL. */
export function queryUrl(state: QueryState): string | undefined {
  const url = stateUrl('/query', state)
  return url.length <= LONGEST_URL ? url : undefined
}

export function QueryFragment({ state, view }: { state: QueryState; view: Child }) {
  return (
    <>
      {state.sort ? <input type="hidden" name="_sort" value={sortText(state.sort)} form="args" /> : null}
      {view}
    </>
  )
}

export function QueryView({ text, view }: { text: string | undefined; view: Child }) {
  const shown = text ?? EXAMPLE
  const rows = Math.min(24, Math.max(10, shown.split('\n').length + 1))
  return (
    <>
      <div class="title">
        <h1>Query</h1>
        <p>
          PxL over the <a href="/tables">tables</a> of this host.
        </p>
      </div>
      <form
        id="args"
        class="pad"
        action="/query"
        hx-post="/query/result"
        hx-target="#result"
        hx-swap="innerMorph"
        hx-sync="#result:replace"
        hx-indicator="#result"
      >
        <label for="text">PxL</label>
        <textarea id="text" name="text" rows={rows} spellcheck={false} autocapitalize="off">
          {`\n${shown}`}
        </textarea>
        <button type="submit" title="Ctrl+Enter">
          Run
        </button>
        <span class="help">Ctrl+Enter runs</span>
      </form>
      <div id="result" class="result">
        {view ?? <p class="empty">Nothing has run yet.</p>}
      </div>
    </>
  )
}
