/** The library: a list with search, and the options of the picker. */
import type { ScriptSummary } from '../../src/runner/runner'
import { type KnownScripts, viewUrl } from '../format'
import { here, NodeField } from '../on-node'

const MOST_OPTIONS = 12

/** Scripts whose name or sentence has every word of the query; names that begin with it first. */
export function findScripts(scripts: readonly ScriptSummary[], query: string): ScriptSummary[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const rank = ({ name }: ScriptSummary): number => {
    const lower = name.toLowerCase()
    const first = words[0] ?? ''
    if (lower === first || lower.endsWith(`/${first}`)) return 0
    if (lower.startsWith(first) || lower.includes(`/${first}`)) return 1
    return lower.includes(first) ? 2 : 3
  }
  return scripts
    .filter(({ name, short }) => {
      const text = `${name} ${short}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

interface OptionsProps {
  readonly found: readonly ScriptSummary[]
  readonly scripts: KnownScripts
  /** The typed text that these options answer. The picker ignores keys for the options of another text. */
  readonly query: string
}

export function Options({ found, scripts, query }: OptionsProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: options are no form fields
    <div role="group" aria-label="Found" data-query={query}>
      {found.length === 0 ? <p class="empty">No script has these words.</p> : null}
      {found.slice(0, MOST_OPTIONS).map(({ name, short }, i) => (
        <a
          id={`pick-${i}`}
          href={viewUrl(name, {}, scripts)}
          role="option"
          aria-selected="false"
          tabindex={-1}
        >
          <b>{name}</b> <span>{short}</span>
        </a>
      ))}
      {found.length > MOST_OPTIONS ? <p>{found.length - MOST_OPTIONS} more: type on.</p> : null}
    </div>
  )
}

export function ScriptList({ scripts, query }: { scripts: readonly ScriptSummary[]; query: string }) {
  return (
    <>
      <div class="title">
        <h1>Scripts</h1>
        <p>Each is a question to the last hours of traffic; its arguments are in the URL.</p>
      </div>
      <form class="args" action="/scripts">
        <NodeField />
        <div class="field">
          <label for="q">Search</label>
          <input
            id="q"
            type="search"
            name="q"
            value={query}
            autocomplete="off"
            hx-get={here('/scripts')}
            hx-trigger="input delay:80ms"
            hx-target="#scripts"
            hx-select="#scripts"
            hx-swap="outerMorph"
            hx-replace-url="true"
          />
        </div>
      </form>
      <ul id="scripts" class="scripts">
        {scripts.map(({ name, short }) => (
          <li>
            <a href={here(`/scripts/${name}`)}>{name}</a> <span>{short}</span>
          </li>
        ))}
        {scripts.length === 0 ? <li class="empty">No script has these words.</li> : null}
      </ul>
    </>
  )
}
