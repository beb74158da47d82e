/** Status as Prometheus text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { sampledShare } from '../health/budget'
import { COUNTER_NAMES, COUNTERS, type CounterName } from '../health/counters'
import { probesOf } from '../health/probe-status'
import type { Status } from './status'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

const escapeHelp = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string) => escapeHelp(text).replaceAll('"', '\\"')

/** One family of the text, and of the reference. */
interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly read: (status: Status) => readonly Sample[]
}

function familyText({ name, type, help, read }: Metric, status: Status): string {
  const lines = read(status).map(([labels, value]) => {
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

const gauge = (name: string, help: string, read: (status: Status) => number): Metric => ({
  name,
  type: 'gauge',
  help,
  read: (status) => [[{}, read(status)]],
})

/** A value for each table. */
const perTable = (name: string, help: string, read: (table: Status['tables'][number]) => number): Metric => ({
  name,
  type: 'gauge',
  help,
  read: ({ tables }) => tables.map((table) => [{ table: table.name }, read(table)]),
})

function metricOf(counter: CounterName): Metric {
  const { name, scale } = counterMetric(counter)
  return {
    name,
    type: isGauge(counter) ? 'gauge' : 'counter',
    help: COUNTERS[counter].help,
    read: ({ counters }) => [[{}, (counters[counter] ?? 0) * scale]],
  }
}

const STATE: readonly Metric[] = [
  {
    name: 'nixie_build_info',
    type: 'gauge',
    help: 'Version and kernel; always 1',
    read: ({ version, kernel }) => [[{ version, kernel }, 1]],
  },
  gauge('nixie_ready', '1 while data of sockets is captured', ({ ready }) => (ready ? 1 : 0)),
  gauge(
    'nixie_capture_silent_seconds',
    'Since the capture thread last gave a sign of life, in which no row came in; 0 while it does',
    ({ capture }) => capture.silentSeconds,
  ),
  gauge(
    'nixie_capture_longest_absence_seconds',
    'Longest time of the last minute in which the capture thread did not look at the ring',
    ({ capture }) => capture.longestAbsenceMs / 1000,
  ),
  gauge(
    'nixie_capture_longest_absence_queued_seconds',
    'Of it, time in which the thread was ready to run and the machine ran other programs',
    ({ capture }) => capture.longestAbsenceQueuedMs / 1000,
  ),
  gauge(
    'nixie_capture_longest_absence_blocked_seconds',
    'Of it, time in which the thread waited for the disk, for memory, or for another thread of Nixie',
    ({ capture }) => capture.longestAbsenceBlockedMs / 1000,
  ),
  gauge(
    'nixie_cpu_budget_ratio',
    'Part of the machine that capture may take; 0: no limit',
    ({ capture }) => capture.budget.share,
  ),
  gauge(
    'nixie_cpu_allowed_ratio',
    'What it may take on average at the moment: less while others want the processors',
    ({ capture }) => capture.budget.allowed,
  ),
  gauge(
    'nixie_cpu_used_ratio',
    'What the capture thread took in the last ten seconds',
    ({ capture }) => capture.budget.used,
  ),
  gauge(
    'nixie_sampled_ratio',
    'Of the exchanges of the last ten seconds, the part that has rows; the others are counted only',
    ({ capture }) => sampledShare(capture.budget),
  ),
  gauge('nixie_store_refuses_rows', '1 while the store takes no rows', ({ store }) =>
    store.error === undefined ? 0 : 1,
  ),
  gauge(
    'nixie_store_unreadable',
    '1 while what is stored cannot be read: nothing is said of the tables then',
    ({ store }) => (store.unreadable === undefined ? 0 : 1),
  ),
  gauge('nixie_start_time_seconds', 'When Nixie started', ({ startedMs }) => startedMs / 1000),
  gauge('nixie_resident_memory_bytes', 'Resident memory', ({ rss }) => rss),
  {
    name: 'nixie_probe_attached',
    type: 'gauge',
    help: '1 for a probe that is attached',
    read: ({ probes }) =>
      probesOf(probes).map(({ source, name, attached }) => [{ source, probe: name }, attached ? 1 : 0]),
  },
]

const STORED: readonly Metric[] = [
  perTable('nixie_table_rows', 'Rows kept', ({ rows }) => rows),
  perTable('nixie_table_bytes', 'Compressed bytes on disk', ({ bytes }) => bytes),
  perTable('nixie_table_span_seconds', 'Time between the oldest and the newest row', ({ span }) => span),
  gauge('nixie_store_bytes', 'Bytes that the store takes on disk', ({ store }) => store.bytes),
  gauge('nixie_store_budget_bytes', 'Most bytes that it may take', ({ store }) => store.budgetBytes),
  gauge('nixie_store_retention_seconds', 'How long rows are kept', ({ store }) => store.retentionSeconds),
]

/** Metrics of the state of the machine and the store; the others are the counters. */
export const STATE_METRICS: readonly Metric[] = [...STATE, ...STORED]

const METRICS: readonly Metric[] = [...STATE, ...COUNTER_NAMES.map(metricOf), ...STORED]

export const metricsText = (status: Status): string =>
  METRICS.map((metric) => familyText(metric, status)).join('')
