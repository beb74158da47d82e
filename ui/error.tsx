/** An error as a fragment: message, code, its line of the script, and the hint. */
import type { ErrorShape } from '../src/errors'
import { Page } from './layout'
import { here, OnNode } from './on-node'

const CONTEXT_LINES = 2

/** The lines around the wrong one, which is marked. */
function SourceLines({ text, line, column }: { text: string; line: number; column: number | undefined }) {
  const lines = text.split('\n')
  const first = Math.max(0, line - 1 - CONTEXT_LINES)
  return (
    <pre class="source">
      {lines.slice(first, line + CONTEXT_LINES).map((content, i) => {
        const at = first + i + 1
        if (at !== line) return <Line at={at} content={content} />
        return (
          <>
            <mark>
              <Line at={at} content={content} />
            </mark>
            {column === undefined ? null : `${' '.repeat(6 + Math.min(column, 200))}^\n`}
          </>
        )
      })}
    </pre>
  )
}

function Line({ at, content }: { at: number; content: string }) {
  return (
    <>
      {`${String(at).padStart(4)}  `} {content.slice(0, 400)}
      {'\n'}
    </>
  )
}

export function ErrorView({ error, source }: { error: ErrorShape; source?: string | undefined }) {
  const { code, message, hint, line, column, file } = error
  return (
    <div class="error" role="alert" data-code={code}>
      <p>
        <strong>{message}</strong>
      </p>
      {hint ? <p class="hint">{hint}</p> : null}
      {source && line !== undefined ? <SourceLines text={source} line={line} column={column} /> : null}
      <p class="where">
        <code>{code}</code>
        {file === undefined ? null : ` · ${file}`}
        {line === undefined ? null : ` · line ${line}${column === undefined ? '' : `, column ${column}`}`}
      </p>
    </div>
  )
}

const WaysOn = () => (
  <>
    <a href={here('/')}>Overview</a> · <a href={here('/scripts')}>Scripts</a>
  </>
)

/**
 * An error as a fragment to swap in or as a whole page; safe markup.
 * @param node the other node that was asked
 * @param path the request's path. A refused link from another site is shown again here, so that the user can open it.
 */
export function renderError(error: ErrorShape, kind: 'fragment' | 'page', path = '/', node = ''): string {
  if (kind === 'fragment') return String(<ErrorView error={error} />)
  return String(
    <OnNode value={node}>
      <Page title={error.message} path="">
        <h1>That did not work</h1>
        <ErrorView error={error} />
        <p>{error.code === 'forbidden_site' ? <a href={path}>Open this page</a> : <WaysOn />}</p>
      </Page>
    </OnNode>,
  )
}
