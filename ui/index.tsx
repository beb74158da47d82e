/** The web UI: server-rendered pages; every fragment that a page swaps in has its own URL. */
import { type Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { messageOf, NixieError } from '../src/errors'
import { takeNode } from '../src/peers/gateway'
import { newestRows } from '../src/runner/result'
import type { ResultTable, ScriptInfo, ScriptSummary } from '../src/runner/runner'
import { didYouMean, unknownScript } from '../src/suggest'
import { EDITOR } from './assets'
import { clusterOf } from './cluster'
import type { UiDeps } from './deps'
import { KINDS, type Kind, kindOf, namesOf } from './entities'
import { ErrorView } from './error'
import type { KnownScripts } from './format'
import { pathOf, pushUrl, shownUrl } from './history'
import { Nodes, Page } from './layout'
import { OnNode } from './on-node'
import { ClusterFragment } from './pages/cluster'
import { HealthView } from './pages/health'
import { outcome } from './pages/outcome'
import { type Overview, OverviewFragment, OverviewView, TimelineFragment } from './pages/overview'
import {
  QueryFragment,
  type QueryState,
  QueryView,
  queryUrl,
  readQueryState,
  readScript,
  valuesOf,
} from './pages/query'
import {
  EditLinks,
  fragmentPath,
  Missing,
  pagePath,
  ResultFragment,
  ScriptView,
  Suggestions,
} from './pages/script'
import { findScripts, Options, ScriptList } from './pages/scripts'
import { ServiceMap } from './pages/service-map'
import { TableList, TableView } from './pages/tables'
import { NodeRates } from './rates'
import { type Served, servedBy } from './served'
import { clusterTraffic, hostMap, timelineOf, trafficOf } from './traffic'
import {
  ARGUMENT_PREFIX,
  givenArgs,
  missingArgs,
  readViewState,
  stateUrl,
  type ViewState,
} from './view-state'

export { assetRoutes } from './assets'
export type { UiDeps } from './deps'
export { renderError } from './error'

const NEWEST_ROWS = 100
const MOST_SUGGESTED = 50

const scriptNames = (scripts: readonly ScriptSummary[]) => new Set(scripts.map((s) => s.name))

const startOf = (script: ScriptSummary | undefined) => script?.variables.find((v) => v.name === 'start_time')

/** Links from a view keep its time range, even if the other view has another default. */
function linksFrom(all: readonly ScriptSummary[], shown: string | undefined): KnownScripts {
  const byName = new Map(all.map((s) => [s.name, s]))
  return {
    has: (name) => byName.has(name),
    carried: (name) => {
      const theirs = startOf(byName.get(name))
      return shown === undefined || !theirs || theirs.defaultValue === shown ? {} : { start_time: shown }
    },
  }
}

/** The script that the path names, and all of them. */
async function scriptOf(
  deps: Served,
  c: Context,
): Promise<{ script: ScriptInfo; all: readonly ScriptSummary[] }> {
  const name = `${c.req.param('ns')}/${c.req.param('name')}`
  const [script, all] = await Promise.all([deps.runner.script(name), deps.runner.scripts()])
  if (script) return { script, all }
  throw unknownScript(name, [...scriptNames(all)], 'Find one under Scripts.')
}

async function namesHere(deps: Served, kind: Kind, part: string): Promise<string[]> {
  const { status, entities = () => new Map() } = deps
  return namesOf(kind, part, { entities, host: (await status()).host, nowMs: Date.now() })
}

/** Asks the user for missing arguments, with known values to choose from. */
async function missingView(
  deps: Served,
  script: ScriptInfo,
  state: ViewState,
  missing: readonly string[],
): Promise<Child> {
  const [first] = missing
  const kind = kindOf(script.variables.find((v) => v.name === first)!)
  const names = kind ? await namesHere(deps, kind, '') : []
  const offered = names.map((name) => ({
    name,
    href: stateUrl(pagePath(script), { ...state, args: { ...state.args, [first!]: name } }),
  }))
  return <Missing names={missing} kind={kind} offered={offered} />
}

/** A script's view: the state from its URL, and the outcome of the run. */
async function runScript(deps: Served, c: Context) {
  const { script, all } = await scriptOf(deps, c)
  const asked = readViewState(c.req.query())
  const state = { ...asked, args: givenArgs(script, asked.args) }
  const scripts = linksFrom(all, state.args.start_time ?? startOf(script)?.defaultValue)
  const missing = missingArgs(script, state.args)
  if (missing.length > 0) {
    return { script, state, scripts, view: await missingView(deps, script, state, missing), status: 200 }
  }
  const wanted = {
    request: { script: script.name, args: state.args, links: true },
    widgets: script.widgets,
    place: {
      page: pagePath(script),
      fragment: fragmentPath(script),
      state,
      scripts,
      download: `/api/run/${script.name}`,
      start: state.args.start_time ?? startOf(script)?.defaultValue,
    },
    source: script.text,
  }
  return { script, state, scripts, ...(await outcome(deps.runner, wanted, c.req.raw.signal)) }
}

function scriptRoutes(app: Hono, of: (c: Context) => Served): void {
  app.get('/scripts', async (c) => {
    const deps = of(c)
    const query = c.req.query('q') ?? ''
    const scripts = findScripts(await deps.runner.scripts(), query)
    return page(c, deps, 'Scripts', <ScriptList scripts={scripts} query={query} />)
  })
  app.get('/scripts/search', async (c) => {
    const deps = of(c)
    const query = c.req.query('q') ?? ''
    const all = await deps.runner.scripts()
    const shown = shownUrl(c)?.searchParams
    const start = shown?.get('start_time') ?? shown?.get(`${ARGUMENT_PREFIX}start_time`) ?? undefined
    return c.html(<Options found={findScripts(all, query)} query={query} scripts={linksFrom(all, start)} />)
  })
  app.get('/entities/:kind', async (c) => {
    const deps = of(c)
    const kind = KINDS.find((one) => one === c.req.param('kind'))
    if (!kind) throw new NixieError('not_found', 'There is no such kind', `It is one of ${KINDS.join(', ')}.`)
    const given = new URL(c.req.url).searchParams
    const part = given.get(given.get('_by') ?? '') ?? ''
    const names = await namesHere(deps, kind, part)
    return fragment(c, <Suggestions names={names.slice(0, MOST_SUGGESTED)} />)
  })
  app.get('/scripts/:ns/:name', async (c) => {
    const deps = of(c)
    const { status, ...shown } = await runScript(deps, c)
    return page(c, deps, shown.script.name, <ScriptView {...shown} />, status)
  })
  app.get('/scripts/:ns/:name/result', async (c) => {
    const deps = of(c)
    const { status, ...shown } = await runScript(deps, c)
    const url = stateUrl(pagePath(shown.script), shown.state)
    pushUrl(c, url)
    const all = (
      <>
        <ResultFragment {...shown} />
        <EditLinks {...shown} />
        <Nodes nodes={deps.nodes?.() ?? []} url={url} again />
      </>
    )
    return fragment(c, all, status)
  })
}

/** The outcome of a text with its view, and the view's variables as fields. */
async function runText(deps: Served, c: Context, state: QueryState) {
  const { text, view = '' } = state
  const place = {
    page: '/query',
    fragment: '/query/result',
    download: 'text',
    form: 'args',
    state,
    scripts: scriptNames(await deps.runner.scripts()),
  }
  try {
    const { variables, widgets } = readScript(text, view)
    const args = valuesOf(variables, state)
    const missing = missingArgs({ variables }, args)
    if (missing.length > 0) return { variables, view: <Missing names={missing} />, status: 200 }
    const request = { text, links: true, ...(view === '' ? {} : { view, args }) }
    const wanted = { request, widgets, place, source: text }
    return { variables, ...(await outcome(deps.runner, wanted, c.req.raw.signal)) }
  } catch (cause) {
    const error = NixieError.from(cause)
    return { variables: [], view: <ErrorView error={error.shape} source={view} />, status: error.status }
  }
}

async function queryFragment(deps: Served, c: Context, fields: Record<string, string>): Promise<Response> {
  const state = readQueryState(fields)
  if (!state) throw new NixieError('bad_request', 'There is no text to run', 'Type PxL.')
  const { variables, view, status } = await runText(deps, c, state)
  const url = queryUrl(state)
  if (url) pushUrl(c, url)
  const all = (
    <>
      <QueryFragment state={state} variables={variables} view={view} />
      <Nodes nodes={deps.nodes?.() ?? []} url={url ?? '/query'} again />
    </>
  )
  return fragment(c, all, status)
}

/** @throws NixieError for a body that is no form */
async function readForm(c: Context): ReturnType<Context['req']['parseBody']> {
  try {
    return await c.req.parseBody()
  } catch (cause) {
    throw new NixieError('bad_request', `The body is no form: ${messageOf(cause)}`, 'Send fields.')
  }
}

function queryRoutes(app: Hono, of: (c: Context) => Served): void {
  app.get('/query', async (c) => {
    const deps = of(c)
    const asked = readViewState(c.req.query())
    const state = readQueryState(c.req.query())
    const copied = await deps.runner.script(c.req.query('_script') ?? '')
    const ran = state && (await runText(deps, c, state))
    const variables = ran?.variables ?? copied?.variables ?? []
    const shown = (
      <QueryView
        text={state?.text ?? copied?.text}
        spec={state?.view ?? copied?.viewText}
        variables={variables}
        values={valuesOf(variables, state ?? asked)}
        state={state ?? asked}
        view={ran?.view}
      />
    )
    return page(c, deps, 'Query', shown, ran?.status, [EDITOR.path])
  })
  app.get('/query/result', (c) => queryFragment(of(c), c, c.req.query()))
  app.post('/query/result', async (c) => {
    const deps = of(c)
    const fields = Object.entries(await readForm(c)).filter(([, value]) => typeof value === 'string')
    return queryFragment(deps, c, Object.fromEntries(fields) as Record<string, string>)
  })
}

async function overviewOf(deps: Served, signal: AbortSignal): Promise<Overview> {
  const [status, scripts, traffic] = await Promise.all([
    deps.status(),
    deps.runner.scripts(),
    trafficOf(deps.runner, signal),
  ])
  deps.rates.add(status.counters, Date.now())
  return { status, rates: deps.rates, scripts, traffic }
}

async function timeline(deps: Served, signal: AbortSignal) {
  const { startedMs } = await deps.status()
  return timelineOf(deps.runner, Date.now(), startedMs, signal)
}

/** The overview's part on the cluster; undefined outside of one. */
async function clusterView(
  deps: Served,
  signal: AbortSignal,
): Promise<{ name: string; view: Child } | undefined> {
  const { kubernetes, host } = await deps.status()
  if (!kubernetes || !deps.entities) return undefined
  const cluster = clusterOf(deps.entities, kubernetes, Date.now())
  const [traffic, scripts] = await Promise.all([clusterTraffic(deps.runner, signal), deps.runner.scripts()])
  const shown = { cluster, traffic, host, scripts: scriptNames(scripts) }
  return { name: cluster.name, view: <ClusterFragment {...shown} /> }
}

/** Undefined in a cluster, whose part of the overview has the map. */
async function mapOf(deps: Served, signal: AbortSignal): Promise<ResultTable | undefined> {
  const { kubernetes } = await deps.status()
  return kubernetes ? undefined : hostMap(deps.runner, signal)
}

function hostRoutes(app: Hono, of: (c: Context) => Served): void {
  app.get('/', async (c) => {
    const deps = of(c)
    const { signal } = c.req.raw
    const [overview, data, cluster, map] = await Promise.all([
      overviewOf(deps, signal),
      timeline(deps, signal),
      clusterView(deps, signal),
      mapOf(deps, signal),
    ])
    const around = { cluster: cluster?.view, name: cluster?.name ?? '', map }
    const view = <OverviewView {...overview} timeline={data} {...around} />
    return page(c, deps, 'Overview', view)
  })
  app.get('/overview/cluster', async (c) => {
    const deps = of(c)
    const cluster = await clusterView(deps, c.req.raw.signal)
    return fragment(c, cluster?.view ?? '')
  })
  app.get('/overview/map', async (c) => {
    const deps = of(c)
    const [map, scripts] = await Promise.all([mapOf(deps, c.req.raw.signal), deps.runner.scripts()])
    return fragment(c, <ServiceMap map={map} scripts={scriptNames(scripts)} />)
  })
  app.get('/overview/timeline', async (c) =>
    fragment(c, <TimelineFragment data={await timeline(of(c), c.req.raw.signal)} />),
  )
  app.get('/overview', async (c) => {
    const deps = of(c)
    return fragment(c, <OverviewFragment {...(await overviewOf(deps, c.req.raw.signal))} />)
  })
  app.get('/health', async (c) => {
    const deps = of(c)
    return page(c, deps, 'Health', <HealthView status={await deps.status()} />)
  })
  app.get('/tables', async (c) => {
    const deps = of(c)
    return page(c, deps, 'Tables', <TableList tables={await deps.runner.tables()} />)
  })
  app.get('/tables/:name', async (c) => {
    const deps = of(c)
    const name = c.req.param('name')
    const tables = await deps.runner.tables()
    const table = tables.find((t) => t.name === name)
    if (!table) {
      const guess = didYouMean(
        name,
        tables.map((t) => t.name),
      )
      throw new NixieError('unknown_table', `There is no table '${name}'`, `${guess}Find one under Tables.`)
    }
    const newest = await newestRows(deps.runner, { name, limit: NEWEST_ROWS }, { signal: c.req.raw.signal })
    return page(c, deps, name, <TableView table={table} newest={newest} />)
  })
}

async function page(
  c: Context,
  deps: Served,
  title: string,
  view: Child,
  status = 200,
  scripts: readonly string[] = [],
): Promise<Response> {
  const now = await deps.status()
  deps.rates.add(now.counters, Date.now())
  const whole = (
    <Page
      title={title}
      path={c.req.path}
      url={pathOf(c.req.url)}
      nodes={deps.nodes?.() ?? []}
      status={now}
      losing={deps.rates.losing}
      more={scripts}
    >
      {view}
    </Page>
  )
  return c.html(onShownNode(c, whole), status as ContentfulStatusCode)
}

const fragment = (c: Context, view: Child, status = 200): Response | Promise<Response> =>
  c.html(onShownNode(c, view), status as ContentfulStatusCode)

const onShownNode = (c: Context, view: Child): string =>
  String(<OnNode value={c.get('peer')?.name ?? ''}>{view}</OnNode>)

/** The pages as an app of their own, to be mounted at the root. */
export function ui(given: UiDeps): Hono {
  const rates = new NodeRates()
  const of = (c: Context) => servedBy(given, rates, c)
  const app = new Hono()
  app.use(async (c, next) => {
    const peer = c.get('peer')
    if (peer) await takeNode(c, peer.runner)
    await next()
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
  })
  // Tables of numbers shrink to a tenth, which matters through a port-forward or to a remote device.
  app.use(compress())
  hostRoutes(app, of)
  scriptRoutes(app, of)
  queryRoutes(app, of)
  return app
}
