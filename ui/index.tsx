/** The web UI: server-rendered pages; every fragment that a page swaps in has its own URL. */

import { type Context, Hono } from 'hono'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { NixieError } from '../src/errors'
import type { ResultTable, ScriptInfo } from '../src/runner/runner'
import { assetRoutes } from './assets'
import type { UiDeps } from './deps'
import { renderError } from './error'
import { Page } from './layout'
import { HealthView } from './pages/health'
import { outcome } from './pages/outcome'
import { type Overview, OverviewFragment, OverviewView } from './pages/overview'
import { openingText, QueryView, queryUrl } from './pages/query'
import { fragmentPath, Missing, pagePath, ResultFragment, ScriptView } from './pages/script'
import { findScripts, Options, ScriptList } from './pages/scripts'
import { TableList, TableView } from './pages/tables'
import { Rates } from './rates'
import { givenArgs, missingArgs, readViewState, stateUrl, type ViewState } from './view-state'

export type { UiDeps } from './deps'
export { renderError } from './error'

/** The bytes on a page come from the wire: nothing but our own files may run or load. */
const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

const SERVICES_SCRIPT = 'px/http_request_stats'
const NEWEST_ROWS = 100
const LONGEST_QUERY = 1 << 20

async function scriptOf(deps: UiDeps, c: Context): Promise<ScriptInfo> {
  const name = `${c.req.param('ns')}/${c.req.param('name')}`
  const script = (await deps.runner.scripts()).find((s) => s.name === name)
  if (script) return script
  throw new NixieError('unknown_script', `There is no script '${name}'`, 'Find one under Scripts.')
}

/** The state with only what the URL needs to say. */
function stateOf(c: Context, script: ScriptInfo): ViewState {
  const state = readViewState(c.req.query())
  return { ...state, args: givenArgs(script, state.args) }
}

async function runView(deps: UiDeps, c: Context, script: ScriptInfo, state: ViewState) {
  if (missingArgs(script, state.args).length > 0)
    return { view: <Missing script={script} state={state} />, status: 200 }
  const place = { page: pagePath(script), fragment: fragmentPath(script), state }
  const wanted = {
    request: { script: script.name, args: state.args },
    widgets: script.widgets,
    place,
    source: script.text,
  }
  return outcome(deps.runner, wanted, c.req.raw.signal)
}

/** A result enters the history when it is another view than the one that the browser shows. */
function pushUrl(c: Context, url: string): void {
  const current = c.req.header('HX-Current-URL')
  const shown = current && URL.canParse(current) ? new URL(current) : undefined
  if (!shown || shown.pathname + shown.search !== url) c.header('HX-Push-Url', url)
}

function scriptRoutes(app: Hono, deps: UiDeps): void {
  app.get('/scripts', async (c) => {
    const query = c.req.query('q') ?? ''
    const scripts = findScripts(await deps.runner.scripts(), query)
    return page(c, deps, 'Scripts', <ScriptList scripts={scripts} query={query} />)
  })
  app.get('/scripts/search', async (c) => {
    const scripts = findScripts(await deps.runner.scripts(), c.req.query('q') ?? '')
    return c.html(<Options scripts={scripts} />)
  })
  app.get('/scripts/:ns/:name', async (c) => {
    const script = await scriptOf(deps, c)
    const state = stateOf(c, script)
    const { view, status } = await runView(deps, c, script, state)
    return page(c, deps, script.name, <ScriptView script={script} state={state} view={view} />, status)
  })
  app.get('/scripts/:ns/:name/result', async (c) => {
    const script = await scriptOf(deps, c)
    const state = stateOf(c, script)
    const { view, status } = await runView(deps, c, script, state)
    pushUrl(c, stateUrl(pagePath(script), state))
    return fragment(c, <ResultFragment script={script} state={state} view={view} />, status)
  })
}

async function runText(deps: UiDeps, c: Context, text: string) {
  if (text.length > LONGEST_QUERY)
    throw new NixieError('too_large', 'The text is over 1 MiB', 'Split it into smaller queries.')
  const state = readViewState({})
  const place = { page: '/query', fragment: '/query/result', state: { ...state, args: { text } } }
  const wanted = { request: { text }, widgets: [], place, source: text }
  return outcome(deps.runner, wanted, c.req.raw.signal)
}

function queryRoutes(app: Hono, deps: UiDeps): void {
  app.get('/query', async (c) => {
    const text = c.req.query('text')
    const copied = c.req.query('_script')
    const script = copied ? (await deps.runner.scripts()).find((s) => s.name === copied) : undefined
    const result = text ? await runText(deps, c, text) : undefined
    const view = <QueryView text={openingText(text ?? script?.text)} view={result?.view} />
    return page(c, deps, 'Query', view, result?.status)
  })
  app.post('/query/result', async (c) => {
    const { text } = await c.req.parseBody()
    if (typeof text !== 'string') throw new NixieError('bad_request', 'There is no text to run', 'Type PxL.')
    // Forms send line ends as CR LF.
    const pxl = text.replaceAll('\r\n', '\n')
    const { view, status } = await runText(deps, c, pxl)
    const url = queryUrl(pxl)
    if (url) pushUrl(c, url)
    return fragment(c, view, status)
  })
}

async function overviewOf(deps: UiDeps, rates: Rates, signal: AbortSignal): Promise<Overview> {
  const [status, scripts] = await Promise.all([deps.status(), deps.runner.scripts()])
  rates.add(status.counters, Date.now())
  const script = scripts.find((s) => s.name === SERVICES_SCRIPT)
  const services = script ? await servicesOf(deps, script, signal) : undefined
  return { status, rates, scripts, services }
}

async function servicesOf(
  deps: UiDeps,
  script: ScriptInfo,
  signal: AbortSignal,
): Promise<Overview['services']> {
  const args = script.variables.some((v) => v.name === 'start_time') ? { start_time: '-5m' } : {}
  try {
    const { tables } = await deps.runner.run({ script: script.name, args }, signal)
    return tables[0]
  } catch (cause) {
    return NixieError.from(cause).shape
  }
}

function hostRoutes(app: Hono, deps: UiDeps): void {
  const rates = new Rates()
  app.get('/', async (c) => {
    const overview = await overviewOf(deps, rates, c.req.raw.signal)
    return page(c, deps, 'Overview', <OverviewView {...overview} />)
  })
  app.get('/overview', async (c) => {
    return fragment(c, <OverviewFragment {...(await overviewOf(deps, rates, c.req.raw.signal))} />)
  })
  app.get('/health', async (c) => {
    return page(c, deps, 'Health', <HealthView status={await deps.status()} />)
  })
  app.get('/tables', async (c) => page(c, deps, 'Tables', <TableList tables={await deps.runner.tables()} />))
  app.get('/tables/:name', async (c) => {
    const name = c.req.param('name')
    const table = (await deps.runner.tables()).find((t) => t.name === name)
    if (!table) throw new NixieError('unknown_table', `There is no table '${name}'`, 'Find one under Tables.')
    const newest: ResultTable = await deps.runner.table(name, { limit: NEWEST_ROWS })
    return page(c, deps, name, <TableView table={table} newest={newest} />)
  })
}

async function page(c: Context, deps: UiDeps, title: string, view: Child, status = 200): Promise<Response> {
  const whole = (
    <Page title={title} path={c.req.path} status={await deps.status()}>
      {view}
    </Page>
  )
  return c.html(whole, status as ContentfulStatusCode)
}

const fragment = (c: Context, view: Child, status = 200): Response | Promise<Response> =>
  c.html(String(view), status as ContentfulStatusCode)

/** The pages as an app of their own, to be mounted at the root. */
export function ui(deps: UiDeps): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.header(name, value)
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
  })
  app.onError((cause, c) => {
    const error = NixieError.from(cause)
    if (error.shape.code === 'internal') console.error(cause)
    const kind = c.req.header('HX-Request') === 'true' ? 'fragment' : 'page'
    return c.html(renderError(error.shape, kind), error.status as ContentfulStatusCode)
  })
  app.route('/', assetRoutes())
  hostRoutes(app, deps)
  scriptRoutes(app, deps)
  queryRoutes(app, deps)
  return app
}
