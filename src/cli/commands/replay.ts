import { COUNTER_NAMES, COUNTERS, type Counters } from '../../health/counters'
import type { CollectedTable } from '../../recording/collector'
import type { Replayed } from '../../recording/replay'
import type { ResultTable } from '../../runner/runner'
import { DEFAULT_LIMITS } from '../../runner/runner'
import { didYouMean } from '../../suggest'
import { type Command, UsageError } from '../command'
import { type Io, printable } from '../io'
import { OUTPUT, writeTables } from '../output'
import { LIMIT, readLimit } from './run'

const resultOf = ({ table, values, rows, all }: CollectedTable): ResultTable => ({
  name: table.name,
  columns: table.columns.map(({ name, type, semantic }) => ({ name, type, semantic })),
  values,
  rows,
  truncated: rows < all,
})

function* lossLines(counters: Counters): Generator<string> {
  for (const name of COUNTER_NAMES) {
    const { loss, help, unit } = COUNTERS[name]
    if (loss !== undefined && counters[name] > 0) yield `Lost: ${counters[name]} ${unit}. ${help}`
  }
}

async function tell(io: Io, { header, tables, counters }: Replayed): Promise<void> {
  const rows = tables.map(({ table, all }) => `${table.name} ${all}`)
  const losses = [...lossLines(counters)]
  const lines = [
    `Recorded at ${header.startedAt} for ${header.seconds} s by Nixie ${header.nixie}, Linux ${header.kernel}${header.ending === 'size' ? ', until the file was full' : ''}`,
    `Rows: ${rows.join(', ') || 'none'}`,
    ...(losses.length > 0 ? losses : ['Lost: nothing']),
  ]
  await io.stderr.write(lines.map((line) => `${printable(line)}\n`).join(''))
}

export const replay: Command = {
  name: 'replay',
  summary: 'Make the rows of a recording again, without root and without a kernel',
  details:
    'The recorded events take the way that they take in capture, on one thread and by the recorded clock. Its rows go to standard output, their numbers and what was lost to standard error.\n\n  nixie replay slow.rec\n  nixie replay slow.rec --table http_events -o json | jq .latency',
  positionals: [{ name: 'FILE', required: true }],
  options: [OUTPUT, { flag: 'table', value: 'NAME', help: 'Only the rows of this table' }, LIMIT],
  run: async ({ flags, io, positionals }) => {
    const { table } = flags
    const maxRows = readLimit(flags.limit) ?? DEFAULT_LIMITS.rows
    const { replay: play, TABLE_NAMES } = await import('../../recording/replay')
    if (table !== undefined && !TABLE_NAMES.includes(table)) {
      const hint = `${didYouMean(table, TABLE_NAMES)}There are: ${TABLE_NAMES.join(', ')}.`
      throw new UsageError(`--table: '${table}' is none that a recording has rows of`, hint)
    }
    const replayed = play(positionals[0]!, { maxRows, ...(table !== undefined && { table }) })
    const tables = replayed.tables.filter(({ table: { name } }) => table === undefined || name === table)
    if (tables.length > 0) await writeTables(io, tables.map(resultOf), flags.output)
    await tell(io, replayed)
    return 0
  },
}
