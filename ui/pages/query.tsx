/** The scratch pad: PxL typed in, run as it is. */
import type { Child } from 'hono/jsx'

const EXAMPLE = `import px

df = px.DataFrame('http_events', start_time='-5m')
df.process = df.ctx['pod']
df = df.groupby(['process', 'req_path']).agg(
    requests=('latency', px.count),
    latency=('latency', px.mean),
)
px.display(df, 'requests')
`

/** Longer texts are not put into the URL: servers and proxies cut those. */
const LONGEST_IN_URL = 4000

export function queryUrl(text: string): string | undefined {
  const url = `/query?${new URLSearchParams({ text })}`
  return url.length <= LONGEST_IN_URL ? url : undefined
}

/** The text that the pad opens with. */
export const openingText = (given: string | undefined): string => given ?? EXAMPLE

export function QueryView({ text, view }: { text: string; view: Child }) {
  const rows = Math.min(24, Math.max(10, text.split('\n').length + 1))
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
        hx-swap="innerHTML"
        hx-sync="#result:replace"
        hx-indicator="#result"
      >
        <label for="text">PxL</label>
        <textarea id="text" name="text" rows={rows} spellcheck={false} autocapitalize="off">
          {`\n${text}`}
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
