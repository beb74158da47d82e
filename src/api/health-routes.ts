/** Nixie's own health: for people, for Prometheus, for orchestrators. */
import { probesOf } from '../health/probe-status'
import { METRICS_TYPE, metricsText } from './metrics'
import type { Route, RouteDeps } from './route'
import { boolean, component, object, string } from './schema'
import { STATUS, type Status } from './status'

const Health = component('Health', object({ ready: boolean(), reason: string('Why not; empty when ready') }))

export const readStatus: Route = {
  method: 'get',
  path: '/api/status',
  id: 'readStatus',
  summary: 'What is captured, kept and lost',
  parameters: {},
  answers: { 'application/json': STATUS },
  handle: async (c, _query, deps) => c.json(await deps.status()),
}

export const readMetrics: Route = {
  method: 'get',
  path: '/metrics',
  id: 'readMetrics',
  summary: "Nixie's own counters for Prometheus",
  parameters: {},
  answers: { [METRICS_TYPE]: 'text' },
  handle: async (c, _query, deps) =>
    c.body(metricsText(await deps.status()), 200, { 'Content-Type': METRICS_TYPE }),
}

/** Why nothing is captured, in words; empty when all is well. */
export function notReadyReason(status: Status): string {
  if (status.ready) return ''
  if (!status.config.capture) return 'Capture is switched off'
  if (status.capture.error) return status.capture.error
  if (status.store.unreadable) return status.store.unreadable
  const failures = probesOf(status.probes).filter((probe) => !probe.attached)
  const failed = failures.find((probe) => probe.required) ?? failures[0]
  if (failed) return `${failed.name}: ${failed.error}. ${failed.hint}`.trim()
  return 'Capture is still starting'
}

/** Anybody may ask, over and over, and the whole status takes a look at every chunk: so long it is not made anew. */
const HEALTH_MS = 100

interface KnownHealth {
  readonly health: Promise<{ readonly ready: boolean; readonly reason: string }>
  readonly untilMs: number
}

const known = new WeakMap<RouteDeps['status'], KnownHealth>()

function healthOf({ status }: Pick<RouteDeps, 'status'>): KnownHealth['health'] {
  const before = known.get(status)
  if (before && performance.now() < before.untilMs) return before.health
  const look = async () => {
    const now = await status()
    return { ready: now.ready, reason: notReadyReason(now) }
  }
  const health = look()
  known.set(status, { health, untilMs: performance.now() + HEALTH_MS })
  return health
}

export const healthz: Route = {
  method: 'get',
  path: '/healthz',
  open: true,
  id: 'readHealth',
  summary: 'Whether Nixie answers, and whether it captures; answered to everyone',
  parameters: {},
  answers: { 'application/json': Health },
  handle: async (c, _query, deps) => c.json(await healthOf(deps)),
}

export const readyz: Route = {
  method: 'get',
  path: '/readyz',
  open: true,
  id: 'readReadiness',
  summary: 'Whether Nixie captures, by the status; answered to everyone',
  parameters: {},
  answers: { 'application/json': Health },
  alsoAnswers: { 503: 'Nothing is captured, or not yet' },
  handle: async (c, _query, deps) => {
    const health = await healthOf(deps)
    return c.json(health, health.ready ? 200 : 503)
  },
}
