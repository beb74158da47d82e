/**
 * What capture costs, of this tree's binary beside one of before, in interleaved pairs on the same machine.
 *
 *     bun run bench capture                            all sections but `attack`
 *     bun run bench capture saturation bpf             those
 *     bun run bench capture idle --against v1.2.0      beside another commit, which is built, or a built binary
 *     bun run bench capture table                      what was found so far of these two binaries
 *
 * Each section takes less than 150 s and keeps its figures, so that the table of all can be put together from several runs.
 * BENCH_PAIRS and BENCH_SECONDS override how often and how long each measures. Needs root and the built binary.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../support/nixie'
import { Scope } from '../support/scope'
import * as against from './capture/against'
import { Figures, type Found, row } from './capture/figures'
import { Others } from './capture/others'
import { programNames } from './capture/programs'
import type { Section, Terms } from './capture/section'
import { APPLICATIONS } from './capture/sections/applications'
import { ATTACK } from './capture/sections/attack'
import { BPF } from './capture/sections/bpf'
import { CALLS } from './capture/sections/calls'
import { IDLE } from './capture/sections/idle'
import { LOADS } from './capture/sections/loads'
import { SEEN } from './capture/sections/seen'

const SECTIONS: readonly Section[] = [...LOADS, BPF, CALLS, IDLE, APPLICATIONS, SEEN, ATTACK]

const { values, positionals } = parseArgs({
  options: {
    against: { type: 'string' },
    json: { type: 'string', default: join(root, 'dist/bench-capture.json') },
  },
  allowPositionals: true,
})
const names = SECTIONS.map(({ name }) => name)
const unknown = positionals.find((name) => name !== 'table' && !names.includes(name))
if (unknown !== undefined) {
  console.error(`capture has no section '${unknown}'; there are ${names.join(', ')}, and table.`)
  process.exit(2)
}

/** What the kernel and the system do anyway takes less. */
const CALM_PERCENT = 5

/** Why the figures are not what they would be on a machine where nothing else runs. */
function disturbances(captured: boolean, percent: number): string[] {
  const notes = captured ? ['another Nixie captured meanwhile'] : []
  if (percent > CALM_PERCENT) notes.push(`disturbed: other processes took ${percent.toFixed(0)} % of a core`)
  return notes
}

/** Another agent is attached: then nothing is measured without one. */
function isCaptured(): boolean {
  const ours = new Set(['socket_state', 'process_exec', 'read_processes'])
  return [...programNames().values()].some((name) => ours.has(name))
}

/** All that the section opens is closed again, also when it fails or this process is told to end. */
async function measure(section: Section, terms: Omit<Terms, 'scope'>): Promise<Found> {
  const scope = new Scope('bench')
  const end = async () => {
    await scope.close()
    // What was being opened meanwhile.
    await scope.close()
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  try {
    return await section.measure({ scope, ...terms })
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
    await scope.close()
  }
}

async function run(section: Section, figures: Figures): Promise<void> {
  const pairs = Number(process.env.BENCH_PAIRS ?? section.pairs)
  const seconds = Number(process.env.BENCH_SECONDS ?? section.seconds)
  console.log(`\n${section.name}: ${section.measures} (${pairs} × ${seconds} s)`)
  const [captured, others, from] = [isCaptured(), new Others(), performance.now()]
  const found = await measure(section, { before, now, pairs, seconds })
  const notes = [...disturbances(captured, others.percent()), ...(found.notes ?? [])]
  figures.add({ ...found, notes, name: section.name, measured: new Date().toISOString(), pairs, seconds })
  for (const figure of found.figures) console.log(row(figure))
  for (const note of notes) console.log(`- ${note}`)
  console.log(`(took ${((performance.now() - from) / 1000).toFixed(0)} s)`)
}

const before = against.before(values.against)
const now = against.now()
const figures = new Figures(values.json, before, now)
console.log(`before: ${before.version}, ${before.program}\nnow: ${now.version}, ${now.program}`)
const wanted = SECTIONS.filter(({ name, apart }) =>
  positionals.length > 0 ? positionals.includes(name) : !apart,
)
for (const section of wanted) await run(section, figures)
console.log(`\n${figures.table(names)}`)
