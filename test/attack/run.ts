/**
 * Replays attacks on a Nixie under its shipped memory limit, beside an innocent client whose every request must have its row,
 * and prints what each did. Needs root and the built binary.
 *
 *     bun run attack                          all of them, 8 seconds each
 *     bun run attack bombs churn --seconds 4  those
 *     bun run attack --busy                   beside a loop on each processor
 */
import { parseArgs } from 'node:util'
import { absenceWords } from '../../src/health/counters'
import { Scope } from '../support/scope'
import { ATTACKS } from './attacks'
import { keepBusy } from './busy'
import { line, Stage } from './stage'

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '8' }, busy: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const names = ATTACKS.map(({ name }) => name)
const unknown = positionals.find((name) => !names.includes(name))
if (unknown !== undefined) {
  console.error(`There is no attack '${unknown}'; there are ${names.join(', ')}.`)
  process.exit(2)
}

const scope = new Scope('attack')
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void scope.close().then(() => process.exit(1)))
let failed = 0
try {
  const stage = await Stage.open(scope)
  if (values.busy) keepBusy(scope)
  console.log(
    `${'attack'.padEnd(22)}      rows   delay     peak own/blocked/all away runtime+disk cores   what Nixie says that it dropped (what was done)`,
  )
  for (const name of positionals.length > 0 ? positionals : names) {
    const figures = await stage.suffer(name, Number(values.seconds) * 1000)
    console.log(line(figures))
    if (figures.missing.length > 0) failed++
  }
  const { peakMiB, oomKills } = stage.cgroup
  console.log(
    `cgroup: at most ${peakMiB.toFixed(0)} MiB with the page cache, killed for memory ${oomKills} times`,
  )
  const { losses, counters, capture } = await stage.nixie.status()
  console.log(
    `losses: ${JSON.stringify(losses)}; drain ${(counters.drainNs / 1e9).toFixed(1)} s; longest absence of the last minute: ${absenceWords(capture.longestAbsenceMs, capture.longestAbsenceQueuedMs, capture.longestAbsenceBlockedMs)}`,
  )
} finally {
  await scope.close()
}
process.exit(failed === 0 ? 0 : 1)
