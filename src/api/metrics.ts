/** Status as Prometheus text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { sampledShare } from '../health/budget'
import { COUNTER_NAMES, COUNTERS, type CounterName } from '../health/counters'
import type { Status } from './status'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

const escapeHelp = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string) => escapeHelp(text).replaceAll('"', '\\"')

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  })
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

const isGauge = (name: CounterName) => 'isGauge' in COUNTERS[name]

/** A counter's name in Prometheus' manner, with base units: `drainNs` is `nixie_drain_seconds_total`. */
export function counterMetric(name: CounterName): { name: string; scale: number } {
  const inSeconds = COUNTERS[name].unit === 'ns'
  const base = inSeconds ? `${name.replace(/Ns$/, '')}Seconds` : name
  const snake = base.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return { name: `nixie_${snake}${isGauge(name) ? '' : '_total'}`, scale: inSeconds ? 1e-9 : 1 }
}

const one = (value: number): readonly Sample[] => [[{}, value]]

export function metricsText(status: Status): string {
  const counters = COUNTER_NAMES.map((counter) => {
    const { name, scale } = counterMetric(counter)
    return family(
      name,
      isGauge(counter) ? 'gauge' : 'counter',
      COUNTERS[counter].help,
      one((status.counters[counter] ?? 0) * scale),
    )
  })
  const perTable = (value: (table: Status['tables'][number]) => number) =>
    status.tables.map((table): Sample => [{ table: table.name }, value(table)])
  const { store, capture } = status
  return [
    family('nixie_build_info', 'gauge', 'Version and kernel; always 1', [
      [{ version: status.version, kernel: status.kernel }, 1],
    ]),
    family('nixie_ready', 'gauge', '1 while data of sockets is captured', one(status.ready ? 1 : 0)),
    family(
      'nixie_capture_silent_seconds',
      'gauge',
      'Since the capture thread last gave a sign of life, in which no row came in; 0 while it does',
      one(capture.silentSeconds),
    ),
    family(
      'nixie_capture_longest_absence_seconds',
      'gauge',
      'Longest time of the last minute in which the capture thread did not look at the ring',
      one(capture.longestAbsenceMs / 1000),
    ),
    family(
      'nixie_capture_longest_absence_queued_seconds',
      'gauge',
      'Of it, time in which the thread was ready to run and the machine ran other programs',
      one(capture.longestAbsenceQueuedMs / 1000),
    ),
    family(
      'nixie_capture_longest_absence_blocked_seconds',
      'gauge',
      'Of it, time in which the thread waited for the disk, for memory, or for another thread of Nixie',
      one(capture.longestAbsenceBlockedMs / 1000),
    ),
    family(
      'nixie_cpu_budget_ratio',
      'gauge',
      'Part of the machine that capture may take; 0: no limit',
      one(capture.budget.share),
    ),
    family(
      'nixie_cpu_allowed_ratio',
      'gauge',
      'What it may take on average at the moment: less while others want the processors',
      one(capture.budget.allowed),
    ),
    family(
      'nixie_cpu_used_ratio',
      'gauge',
      'What the capture thread took in the last ten seconds',
      one(capture.budget.used),
    ),
    family(
      'nixie_sampled_ratio',
      'gauge',
      'Of the exchanges of the last ten seconds, the part that has rows; the others are counted only',
      one(sampledShare(capture.budget)),
    ),
    family(
      'nixie_store_refuses_rows',
      'gauge',
      '1 while the store takes no rows',
      one(store.error === undefined ? 0 : 1),
    ),
    family(
      'nixie_store_unreadable',
      'gauge',
      '1 while what is stored cannot be read: nothing is said of the tables then',
      one(store.unreadable === undefined ? 0 : 1),
    ),
    family('nixie_start_time_seconds', 'gauge', 'When Nixie started', one(status.startedMs / 1000)),
    family('nixie_resident_memory_bytes', 'gauge', 'Resident memory', one(status.rss)),
    family(
      'nixie_probe_attached',
      'gauge',
      '1 for a probe that is attached',
      status.probes.map(({ source, name, attached }) => [{ source, probe: name }, attached ? 1 : 0]),
    ),
    ...counters,
    family(
      'nixie_table_rows',
      'gauge',
      'Rows kept',
      perTable((table) => table.rows),
    ),
    family(
      'nixie_table_bytes',
      'gauge',
      'Compressed bytes on disk',
      perTable((table) => table.bytes),
    ),
    family(
      'nixie_table_span_seconds',
      'gauge',
      'Time between the oldest and the newest row',
      perTable((table) => table.span),
    ),
    family('nixie_store_bytes', 'gauge', 'Bytes that the store takes on disk', one(store.bytes)),
    family('nixie_store_budget_bytes', 'gauge', 'Most bytes that it may take', one(store.budgetBytes)),
    family('nixie_store_retention_seconds', 'gauge', 'How long rows are kept', one(store.retentionSeconds)),
  ].join('')
}
