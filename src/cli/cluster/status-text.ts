/** `nixie status` of a cluster: a line per node. */
import { captureState, durationWords } from '../../api/status'
import { lossWords } from '../../health/counters'
import { probesOf } from '../../health/probe-status'
import { listTable, TEXT } from '../commands/script'
import { printable } from '../io'
import { tableText } from '../table'
import { bytesText } from '../values'
import type { NixiePod } from './nixie-pods'

const COLUMNS = {
  node: TEXT,
  pod: TEXT,
  state: TEXT,
  version: TEXT,
  up: TEXT,
  probes: TEXT,
  lost: TEXT,
  memory: TEXT,
}

function row({ name, node, state, status }: NixiePod): string[] {
  if (!status) return [node, name, state.doing, '', '', '', '', '']
  const probes = probesOf(status.probes)
  const attached = probes.filter((probe) => probe.attached).length
  return [
    node,
    name,
    captureState(status, false).word,
    status.version,
    durationWords(status.uptimeSeconds),
    `${attached} of ${probes.length}`,
    lossWords(status.losses).join(', '),
    bytesText(status.rss),
  ]
}

/** What is wrong with a pod: the cluster's reason, else the first that its own Nixie gives. */
function troubles({ name, state, status }: NixiePod): string[] {
  if (state.problem) return [`${name}: ${state.problem.message}`, state.problem.hint]
  if (!status) return state.ready ? [`${name} does not answer`] : []
  const failed = probesOf(status.probes).filter(({ attached }) => !attached)
  const lines = failed.map(({ name: probe, error }) => `${name}: ${probe}: ${error.split('\n', 1)[0]}`)
  const hints = [...new Set(failed.map(({ hint }) => hint))].filter((hint) => hint !== '')
  return [...(status.capture.error ? [`${name}: ${status.capture.error}`] : []), ...lines, ...hints]
}

export function* clusterText(
  where: string,
  pods: readonly NixiePod[],
  width: number | undefined,
): Generator<string> {
  const ready = pods.filter(({ status }) => status?.ready).length
  yield `${printable(where)}: ${ready} of ${pods.length} nodes capture\n\n`
  yield* tableText(listTable('nodes', COLUMNS, pods.map(row)), width, { wrap: true }).lines
  const wrong = pods.flatMap(troubles)
  if (wrong.length > 0) yield `\n${wrong.map((line) => `${printable(line)}\n`).join('')}`
}
