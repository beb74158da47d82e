/** Losses first, then probes, what is kept, and the counters of every stage. */
import type { Status } from '../../src/api/status'
import { budgetWords, shedWords } from '../../src/health/budget'
import {
  absenceWords,
  COUNTER_NAMES,
  COUNTERS,
  type CounterName,
  type Stage,
  TOO_LONG_AWAY_MS,
  unsureWords,
} from '../../src/health/counters'
import type { ProbeStatus } from '../../src/health/probe-status'
import { keysOf } from '../../src/keys'
import { here } from '../on-node'
import { bytes, count, duration, span } from '../units'
import { Listing } from '../widgets/listing'
import { Numbers } from '../widgets/numbers'

const LOSSES: Readonly<Record<keyof Status['losses'], string>> = {
  missed: 'runs of a probe that the kernel skipped: rows, or parts of them, are missing',
  ring: 'events that were dropped because the ring between kernel and Nixie was full: enlarge it with --ring-bytes',
  gaps: 'gaps in a stream that lost a message',
  parse: 'places where bytes were not a message, and messages without their other half',
  shed: 'exchanges that were only counted to keep within the CPU budget, connections that took too much, and rows that the store could not take',
  gone: 'rows that were stored and are lost: their file was removed, replaced or damaged',
  names:
    'starts and ends of processes that came too fast to be recorded: short-lived processes may lack command line and container',
}

const STAGES: readonly Stage[] = ['kernel', 'streams', 'protocols', 'store', 'query', 'api']

export function LossList({ status, explained = false }: { status: Status; explained?: boolean }) {
  const facts = keysOf(LOSSES).map((name) => ({
    name,
    value: count(status.losses[name]),
    title: LOSSES[name],
    isBad: status.losses[name] > 0,
    note: explained ? LOSSES[name] : undefined,
  }))
  return <Numbers facts={facts} explained={explained} />
}

function amount(name: CounterName, value: number): string {
  const { unit } = COUNTERS[name]
  return unit === 'bytes' ? bytes(value) : unit === 'ns' ? duration(value) : count(value)
}

function StageCounters({ stage, status }: { stage: Stage; status: Status }) {
  const names = COUNTER_NAMES.filter((name) => COUNTERS[name].stage === stage)
  return (
    <section class="widget">
      <h2>{stage}</h2>
      <Listing kind="counters">
        {names.map((name) => {
          const value = status.counters[name] ?? 0
          return (
            <tr class={'loss' in COUNTERS[name] && value > 0 ? 'bad' : undefined}>
              <th scope="row">{COUNTERS[name].help}</th>
              <td class="num" data-counter={name}>
                {amount(name, value)}
              </td>
            </tr>
          )
        })}
      </Listing>
    </section>
  )
}

/** Probes that failed for one reason stand together. */
function groups(probes: readonly ProbeStatus[]): ProbeStatus[][] {
  const byReason = new Map<string, ProbeStatus[]>()
  for (const probe of probes) {
    const reason = probe.attached ? probe.name : `${probe.error}\n${probe.hint}`
    byReason.set(reason, [...(byReason.get(reason) ?? []), probe])
  }
  return [...byReason.values()]
}

export function Probes({ probes }: { probes: readonly ProbeStatus[] }) {
  if (probes.length === 0) return <p class="empty">No probe has been tried.</p>
  return (
    <ul class="probes">
      {groups(probes).map((group) => {
        const { attached, error, hint, unread } = group[0]!
        return (
          <li>
            {group.map(({ name, purpose }) => (
              <div class={attached ? 'good' : 'bad'}>
                <b>{name}</b> {attached ? 'attached' : unread ? 'not read' : 'not attached'} · {purpose}
              </div>
            ))}
            {error ? <p class="reason">{error}</p> : null}
            {hint ? <p class="hint">{hint}</p> : null}
          </li>
        )
      })}
    </ul>
  )
}

function Kept({ status }: { status: Status }) {
  const { store } = status
  return (
    <>
      <p>
        {bytes(store.bytes)} of {bytes(store.budgetBytes)} in <code>{store.path}</code>; rows are kept for{' '}
        {span(store.retentionSeconds)} while that fits.
      </p>
      {store.unreadable ? <p class="warning">{store.unreadable}</p> : null}
      <Listing head={['table', { num: 'rows' }, { num: 'on disk' }, 'reaches back']}>
        {status.tables.map((table) => (
          <tr>
            <td>
              <a href={here(`/tables/${table.name}`)}>{table.name}</a>
            </td>
            <td class="num">{count(table.rows)}</td>
            <td class="num">{bytes(table.bytes)}</td>
            <td>{table.promise}</td>
          </tr>
        ))}
      </Listing>
    </>
  )
}

/** The known objects of the cluster, and the kinds that can't be followed. */
function Kubernetes({ status }: { status: Status }) {
  const cluster = status.kubernetes
  if (!cluster) {
    return (
      <p>
        Not part of a cluster: names are those of containers, units and commands. <code>--kubeconfig</code>{' '}
        names a cluster to follow.
      </p>
    )
  }
  const { objects, errors, synced } = cluster
  const kinds = Object.keys(objects).sort()
  return (
    <>
      <p class={synced ? 'good' : 'warn'}>
        {synced ? 'Every kind has been listed, and is followed.' : 'Not every kind has been listed yet.'}
      </p>
      {Object.keys(errors).length > 0 ? (
        <ul class="probes">
          {Object.entries(errors).map(([kind, reason]) => (
            <li>
              <div class="bad">
                <b>{kind}</b> can't be followed
              </div>
              <p class="reason">{reason}</p>
            </li>
          ))}
        </ul>
      ) : null}
      <Numbers facts={kinds.map((name) => ({ name, value: count(objects[name]!) }))} />
    </>
  )
}

/** What is wrong with capture at the moment, if anything is. */
function CaptureNow({ status }: { status: Status }) {
  const { error, longestAbsenceMs, longestAbsenceQueuedMs, longestAbsenceBlockedMs, budget } = status.capture
  return (
    <>
      {error ? <p class="note">{error}</p> : null}
      <p>
        CPU budget of capture: {budgetWords(budget)}. <code>--cpu-budget</code> sets it.
      </p>
      {shedWords(budget).map((sentence) => (
        <p class="note">{sentence}</p>
      ))}
      {longestAbsenceMs > TOO_LONG_AWAY_MS ? (
        <p class="note">
          In the last minute the capture thread was away from the ring for up to{' '}
          {absenceWords(longestAbsenceMs, longestAbsenceQueuedMs, longestAbsenceBlockedMs)}. What happens
          meanwhile waits, and is lost once the ring is full.
        </p>
      ) : null}
    </>
  )
}

export function HealthView({ status }: { status: Status }) {
  const unsure = unsureWords(status.counters.unsureAnswers)
  return (
    <>
      <h1>Health</h1>
      <p class="stats">
        Nixie {status.version} on {status.host}, Linux {status.kernel}, up {span(status.uptimeSeconds)},{' '}
        {bytes(status.rss)} resident
      </p>
      <CaptureNow status={status} />
      <h2>Losses</h2>
      <LossList status={status} explained />
      {unsure ? <p class="note">{unsure}</p> : null}
      <h2>Probes</h2>
      <Probes probes={status.probes} />
      <h2>Kubernetes</h2>
      <Kubernetes status={status} />
      <h2>Kept</h2>
      <Kept status={status} />
      <h2>Counters</h2>
      <div class="widgets">
        {STAGES.map((stage) => (
          <StageCounters stage={stage} status={status} />
        ))}
      </div>
    </>
  )
}
