import { durationWords, type Status } from '../../api/status'
import { budgetWords, sampledWords, shedWords } from '../../health/budget'
import { absenceWords, lossWords, TOO_LONG_AWAY_MS, unsureWords } from '../../health/counters'
import { type ProbeStatus, probesOf, unreadOf } from '../../health/probe-status'
import { CLUSTER_OPTIONS, namesCluster } from '../cluster/options'
import type { Command, Given, Option } from '../command'
import { printable } from '../io'
import { localServer } from '../local-server'
import { DEFAULT_SERVER, readStatus, SERVER_OPTIONS, serverClient } from '../server'
import { tableText } from '../table'
import { bytesText } from '../values'
import { BYTES, COUNT, listTable, TEXT } from './script'

export const TEXT_OUTPUT: Option = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'text or json',
  choices: ['text', 'json'],
  fallback: 'text',
}

function captureText(status: Status): string {
  const { longestAbsenceMs, longestAbsenceQueuedMs, longestAbsenceBlockedMs } = status.capture
  const away =
    longestAbsenceMs > TOO_LONG_AWAY_MS
      ? `, away for up to ${absenceWords(longestAbsenceMs, longestAbsenceQueuedMs, longestAbsenceBlockedMs)}`
      : ''
  const sampled = sampledWords(status.capture.budget)
  if (status.ready) return `running${away}${sampled ? `, ${sampled}` : ''}`
  if (!status.config.capture) return 'switched off; what is stored can be read'
  return `not running${status.capture.error ? `: ${printable(status.capture.error)}` : ''}`
}

/** Only the first line of the reason; `nixie check` shows the rest. */
function* probeLines({ probes: all, config }: Status): Generator<string> {
  const probes = probesOf(all)
  const missing = probes.filter((probe) => !probe.attached)
  yield `Probes   ${probes.length - missing.length} of ${probes.length} attached\n`
  if (!config.capture) return
  yield* reasonLines(missing)
  if (missing.length > 0) yield `${INDENT}'nixie check' says what is missing, in words.\n`
  const unread = unreadOf(all)
  if (unread.length > 0) yield `Unread   ${unread.length} ${unread.length === 1 ? 'program' : 'programs'}\n`
  yield* reasonLines(unread)
}

const INDENT = ' '.repeat('Probes   '.length)

function* reasonLines(missing: readonly ProbeStatus[]): Generator<string> {
  for (const [i, { name, purpose, error, hint }] of missing.entries()) {
    yield `${INDENT}${printable(name)} (${printable(purpose)}): ${printable(error.split('\n', 1)[0]!)}\n`
    if (hint !== '' && hint !== missing[i + 1]?.hint) yield `${INDENT}${printable(hint)}\n`
  }
}

const COLUMNS = { table: TEXT, rows: COUNT, size: BYTES, 'reaches back': TEXT }

function* tableLines({ tables }: Status, width: number | undefined): Generator<string> {
  const rows = tables.map((table) => [table.name, table.rows, table.bytes, table.promise])
  yield '\n'
  yield* tableText(listTable('tables', COLUMNS, rows), width).lines
}

export function* statusText(status: Status, width: number | undefined): Generator<string> {
  const { store } = status
  yield printable(
    `Nixie ${status.version} on ${status.host} (Linux ${status.kernel}), up ${durationWords(status.uptimeSeconds)}`,
  )
  yield '\n'
  yield `Capture  ${captureText(status)}\n`
  yield* probeLines(status)
  yield `Budget   ${budgetWords(status.capture.budget)}\n`
  for (const sentence of shedWords(status.capture.budget)) yield `         ${sentence}\n`
  yield `Lost     ${lossWords(status.losses).join('\n         ')}\n`
  const unsure = unsureWords(status.counters.unsureAnswers)
  if (unsure) yield `Unsure   ${unsure}\n`
  yield `Store    ${bytesText(store.bytes)} of ${bytesText(store.budgetBytes)}, rows kept for ${durationWords(store.retentionSeconds)}, in ${printable(store.path)}\n`
  yield `Memory   ${bytesText(status.rss)}\n`
  if (status.tables.length > 0) yield* tableLines(status, width)
}

/** The options name a cluster, or no Nixie answers on this host and there is a kubeconfig. */
async function meansCluster({ flags, io }: Given): Promise<boolean> {
  if (flags.server !== undefined || io.env.NIXIE_SERVER !== undefined) return false
  if (namesCluster({ flags })) return true
  const { hasKubeconfig } = await import('../cluster/target')
  return hasKubeconfig({ io }) && !(await localServer(DEFAULT_SERVER))
}

export const status: Command = {
  name: 'status',
  summary: 'Show what the running Nixie captures, keeps and loses; in a cluster, on every node',
  details: 'Without an option: this host, when a Nixie answers here, else the cluster of the kubeconfig.',
  positionals: [],
  options: [TEXT_OUTPUT, ...SERVER_OPTIONS, ...CLUSTER_OPTIONS],
  run: async ({ flags, io }) => {
    if (await meansCluster({ flags, io }))
      return (await import('../cluster/status')).clusterStatus({ flags, io })
    const answer = await readStatus(serverClient({ flags, io }))
    const json = flags.output === 'json'
    await io.stdout.write(
      json ? `${JSON.stringify(answer, null, 2)}\n` : [...statusText(answer, io.stdout.columns)].join(''),
    )
    return 0
  },
}
