/** `nixie serve`: the three threads and the web server, from start to signal. */
import { existsSync } from 'node:fs'
import { assetRoutes, renderError, ui } from '../ui'
import { Access, type AccessOptions } from './access/access'
import { Accounts } from './access/accounts'
import { Owners } from './access/owner'
import { Sessions } from './access/sessions'
import { readPeerToken, readToken } from './api/access'
import { type ApiDeps, createApp, createPeerApp } from './api/app'
import { serve as listen, type Served } from './api/serve'
import type { Status } from './api/status'
import { VERSION } from './api/version'
import { type Capture, startCapture } from './capture/client'
import { type Config, SETTINGS } from './config'
import { errorLine, NixieError } from './errors'
import { type Counters, newCounters } from './health/counters'
import { whyNotTracing } from './kernel/capabilities'
import { checkMemory } from './kernel/memory'
import { forgetRunCode } from './kernel/own-code'
import { statusOf } from './node-status'
import { readPeers } from './peers/peers'
import { openRunner } from './runner/client'
import type { Bundle } from './scripts/bundle'
import { readScripts } from './scripts/folder'
import { checkPlace, openReader } from './store'
import { storeFile } from './store/database'

/** Where a pod finds the token of its service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** When the start is over; when its code is compiled, too; and how often what was run meanwhile is let go of. */
const STARTED_MS = 3500
const COMPILED_MS = 20_000
const TIDY_MS = 600_000

const CROWD_NOTE_MS = 60_000

const log = (message: string) => console.error(`nixie: ${message}`)

/** The scripts of `--scripts-dir`; what can't be read is said, and keeps nothing else from starting. */
function ownScripts({ scriptsDir }: Config): ReadonlyMap<string, Bundle> | undefined {
  if (scriptsDir === '') return undefined
  try {
    const { bundles, errors } = readScripts(scriptsDir)
    for (const error of errors) log(errorLine(error))
    return bundles
  } catch (cause) {
    log(errorLine(NixieError.from(cause)))
    return undefined
  }
}

/** The cluster's objects, when this node is part of one; loaded only then. What is in the way is said, never fatal. */
async function followCluster(config: Config, capture: Capture) {
  const inPod = process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(SERVICE_ACCOUNT)
  if (config.kubeconfig === '' && !inPod) return undefined
  try {
    const { openCluster } = await import('./kubernetes/cluster')
    const { KubernetesWatch } = await import('./kubernetes/watch')
    const past = openReader(config.dataDir)
    const watch = new KubernetesWatch({
      cluster: openCluster(config.kubeconfig),
      clusterName: config.clusterName,
      put: (entities) => capture.put(entities),
      known: (kind) => past.entities(kind),
      settled: () => {
        past.close()
        // The lists' JSON is garbage now, more than all that stays.
        Bun.gc(true)
      },
    })
    watch.start()
    return watch
  } catch (cause) {
    log(errorLine(NixieError.from(cause)))
    return undefined
  }
}

/** Tells what has been started, for people who typed `nixie` to see what it is. */
function announce({ capture, retention, dataDir, listen }: Config): void {
  const hours = `${Math.round((retention / 3600) * 10) / 10} h`
  const what = capture
    ? `records what every process of this machine says over the network, and keeps ${hours} of it in ${dataDir}`
    : `shows what is stored in ${dataDir}, and records nothing`
  log(`${what}; pages and API: http://${listen}/. Ctrl+C ends it, the data stays. Other commands: nixie help`)
}

/**
 * Whether this user may trace. Without that it goes on for what is stored, where something is.
 * @throws NixieError when there is nothing to record and nothing to show
 */
function mayTrace({ capture, dataDir }: Config): boolean {
  if (!capture) return false
  const not = whyNotTracing()
  if (!not) return true
  const { why, remedy } = not
  if (existsSync(storeFile(dataDir))) {
    log(`${why}. It shows what is stored in ${dataDir}, and records nothing`)
    return false
  }
  throw new NixieError(
    'unauthorized',
    why,
    `${remedy} In ${dataDir} is nothing to show either; data elsewhere: --data-dir DIR.`,
  )
}

/** What could not be attached: one line for all that has the same remedy; all of it is in `nixie check`. */
function missingProbes(probes: Status['probes']): string[] {
  const missing = probes.filter(({ attached }) => !attached)
  const hints = [...new Set(missing.map(({ hint }) => hint))]
  return hints.map((hint) => {
    const same = missing.filter((probe) => probe.hint === hint)
    return `${same.map(({ name }) => name).join(', ')}: ${same[0]!.error.split('\n', 1)[0]}. ${hint}`.trim()
  })
}

/** The accounts with access, besides holders of the token. Unknown accounts are logged, and give access to nobody. */
function accessOf(
  config: Config,
  { accounts, token, owners }: Omit<AccessOptions, 'sessions' | 'wayIn'>,
): Access {
  for (const name of accounts.unknown)
    log(`there is no account '${name}' on this machine: nobody is let in for it`)
  const isUsual = config.listen === SETTINGS.listen.fallback
  const wayIn = `sudo nixie ui${isUsual ? '' : ` --server http://${config.listen}`}`
  return new Access({ accounts, owners, sessions: new Sessions(), token, wayIn })
}

/** Counts connections that were closed as there were too many, and says now and then whose most were. */
function crowdNotes(counters: Counters): (clients: readonly string[]) => void {
  let saidMs = Number.NEGATIVE_INFINITY
  return (clients) => {
    counters.closedConnections += clients.length
    const now = performance.now()
    if (now - saidMs < CROWD_NOTE_MS) return
    saidMs = now
    const counts = [...Map.groupBy(clients, (client) => client)].map(([client, { length }]) => ({
      client,
      length,
    }))
    const most = counts.reduce((a, b) => (b.length > a.length ? b : a))
    log(
      `too many connections: ${clients.length} were closed, ${most.length} of them of ${most.client || 'nobody known yet'}`,
    )
  }
}

/** Runs until SIGTERM or SIGINT; the exit code. Throws a NixieError when it can't start. */
export async function serve(config: Config): Promise<number> {
  const startedMs = Date.now()
  // Whatever is made from here on is this account's alone.
  process.umask(0o077)
  const tracing = mayTrace(config)
  const memory = checkMemory()
  if (!memory.ok) log(`${memory.detail}. ${memory.hint}`)
  const accounts = new Accounts(config, {
    uid: process.getuid?.() ?? Number.NaN,
    sudoUid: process.env.SUDO_UID,
  })
  checkPlace(config.dataDir, accounts)
  const token = readToken(config)
  const peerToken = readPeerToken(config)
  const capture = await startCapture(config, log)
  const store = openReader(config.dataDir, capture.tables)
  const local = newCounters()
  const scripts = ownScripts(config)
  const { dataDir, nodeName } = config
  const runner = openRunner({
    dataDir,
    tables: capture.tables,
    nodeName,
    counters: local,
    fresh: () => capture.flush(),
    damaged: (found) => capture.markDamaged(found),
    ...(scripts && { scripts }),
  })
  const cluster = await followCluster(config, capture)
  const status = () => ({
    ...statusOf(config, capture, store, startedMs, () => local),
    ...(cluster && { kubernetes: cluster.status() }),
  })
  const change = (settings: Parameters<Capture['change']>[0]) => capture.change(settings)
  const peers = () => readPeers((kind) => store.entities(kind), nodeName)
  const nodes = () => peers().nodes
  const pages = ui({ runner, status, entities: (kind) => store.entities(kind), ...(cluster && { nodes }) })
  const owners = new Owners()
  const deps: ApiDeps = {
    runner,
    status,
    change,
    config,
    access: accessOf(config, { accounts, token, owners }),
    counters: local,
    ui: pages,
    assets: assetRoutes(),
    renderError,
    ...(cluster ? { peers } : {}),
    ...(token ? { token } : {}),
    ...(peerToken ? { peerToken } : {}),
  }
  const served = { owners, closed: crowdNotes(local) }
  const servers: Served[] = []
  const started = () => {
    Bun.gc(true)
    forgetRunCode()
  }
  const tidies = [
    setTimeout(started, STARTED_MS),
    setTimeout(forgetRunCode, COMPILED_MS),
    setInterval(forgetRunCode, TIDY_MS),
  ]
  try {
    servers.push(listen(createApp(deps), config.listen, served))
    if (config.peerListen !== '') servers.push(listen(createPeerApp(deps), config.peerListen, served))
    if (tracing || !config.capture) announce(config)
    if (tracing) for (const line of missingProbes(capture.report.probes)) log(line)
    log(`${VERSION} ${capture.report.ready ? 'captures this node' : 'does not capture'}; ${servers[0]!.url}`)
    const signal = await new Promise<string>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve(name))
    })
    log(`${signal}: storing what is under way`)
  } finally {
    for (const tidy of tidies) clearTimeout(tidy)
    await Promise.all(servers.map((server) => server.stop()))
    cluster?.stop()
    await capture.stop()
    await runner.close()
    store.close()
  }
  return 0
}
