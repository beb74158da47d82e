/** The frame of every page: head, navigation, script picker. */
import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { captureState, type Status } from '../src/api/status'
import { CLIENT, ICON, STYLE } from './assets'
import type { NodeName } from './deps'
import { here, NodeField } from './on-node'

/** No inline scripts, no eval, nothing from other origins; htmx adds no indicator style (the style sheet has it). */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorCSS: false,
  defaultTimeout: 45_000,
  defaultSettleDelay: 0,
  morphScanLimit: 20,
  // Details that the user opened stay open when the page refreshes.
  morphIgnore: ['data-htmx-powered', 'open'],
})

const SECTIONS = [
  ['/', 'Overview'],
  ['/scripts', 'Scripts'],
  ['/query', 'Query'],
  ['/tables', 'Tables'],
  ['/health', 'Health'],
] as const

interface PageProps {
  readonly title: string
  readonly path: string
  readonly status?: Status | undefined
  /** Whether something was lost in the last minute; undefined: not known, so losses since the start count. */
  readonly losing?: boolean | undefined
  /** Path and query. */
  readonly url?: string
  readonly nodes?: readonly NodeName[]
  /** Scripts that only this page loads. */
  readonly more?: readonly string[]
  readonly children?: Child
}

function Picker() {
  return (
    <search class="picker">
      <form action="/scripts">
        <NodeField />
        <input
          id="picker"
          type="search"
          name="q"
          placeholder="Find a script"
          aria-label="Find a script (press / or Ctrl+K)"
          role="combobox"
          aria-expanded="false"
          aria-controls="picker-list"
          aria-autocomplete="list"
          autocomplete="off"
          spellcheck={false}
          hx-get={here('/scripts/search')}
          hx-trigger="input delay:80ms, focus"
          hx-sync="this:replace"
          hx-target="#picker-list"
        />
        <span class="key">/</span>
        <div id="picker-list" role="listbox" aria-label="Scripts" tabindex={-1} hidden />
      </form>
    </search>
  )
}

interface NodesProps {
  readonly nodes: readonly NodeName[]
  /** The address of the page's content. */
  readonly url: string
  /** It replaces the links that the page has: a result may belong to another view. */
  readonly again?: boolean
}

/** Links to the same view on other nodes. Empty when there is only one node. */
export function Nodes({ nodes, url, again = false }: NodesProps) {
  if (nodes.length < 2) return null
  const on = (node: string) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    searchParams.set('node', node)
    return `${pathname}?${searchParams}`
  }
  return (
    <details id="nodes" class="nodes" hx-swap-oob={again ? 'innerMorph' : undefined}>
      <summary class="own-node">Node {nodes.find(({ own }) => own)?.name}</summary>
      <nav aria-label="Nodes">
        {nodes.map(({ name, own }) => (
          <a href={on(name)} aria-current={own ? 'true' : undefined}>
            {name}
          </a>
        ))}
      </nav>
    </details>
  )
}

/** Shown on every page: tells whether data arrives, and whether any was lost. */
function State({ status, losing }: { status: Status; losing: boolean | undefined }) {
  const { word, mood } = captureState(status, losing)
  return (
    <a class={`state ${mood}`} href={here('/health')}>
      {word}
    </a>
  )
}

export function Page({
  title,
  path,
  url = path,
  nodes = [],
  status,
  losing,
  more = [],
  children,
}: PageProps) {
  return (
    <>
      {raw('<!doctype html>')}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="htmx-config" content={HTMX_CONFIG} />
          <title>{title} · Nixie</title>
          <link rel="icon" type="image/svg+xml" href={ICON.path} />
          <link rel="stylesheet" href={STYLE.path} />
          <script src={CLIENT.path} defer />
          {more.map((src) => (
            <script src={src} defer />
          ))}
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to content
          </a>
          <header class="top">
            <a class="brand" href={here('/')}>
              Nixie
            </a>
            <nav aria-label="Sections">
              {SECTIONS.map(([href, label]) => (
                <a href={here(href)} aria-current={isCurrent(href, path) ? 'page' : undefined}>
                  {label}
                </a>
              ))}
            </nav>
            <Picker />
            <Nodes nodes={nodes} url={url} />
            {status ? <State status={status} losing={losing} /> : null}
          </header>
          <main id="main" tabindex={-1}>
            {children}
          </main>
          <p id="offline" class="note" role="status" hidden>
            Nixie does not answer: what is shown is old.
          </p>
          <aside id="details" class="details" aria-label="Row details" tabindex={-1} hidden />
        </body>
      </html>
    </>
  )
}

const isCurrent = (href: string, path: string): boolean =>
  href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)
