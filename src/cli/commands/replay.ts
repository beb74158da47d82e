import { COUNTER_NAMES, COUNTERS, type Counters } from '../../health/counters'
import type { CollectedTable } from '../../recording/collector'
import type { Replayed } from '../../recording/replay'
import type { Table } from '../../records/table'
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

const emptyOf = (table: Table): CollectedTable => ({
  table,
  values: table.columns.map(() => []),
  rows: 0,
  all: 0,
})

function* lossLines(counters: Counters): Generator<string> {
  for (const name of COUNTER_NAMES) {
    const { loss, help, unit } = COUNTERS[name]
    if (loss !== undefined && counters[name] > 0) yield `Lost: ${counters[name]} ${unit}. ${help}`
  }
}

async function tell(io: Io, { header, tables, counters, cut }: Replayed): Promise<void> {
  const rows = tables.map(({ table, all }) => `${table.name} ${all}`)
  const losses = [...lossLines(counters)]
  const lines = [
    `Recorded at ${header.startedAt} for ${header.seconds} s by Nixie ${header.nixie}, Linux ${header.kernel}${header.ending === 'size' ? ', until the file was full' : ''}`,
    `Rows: ${rows.join(', ') || 'none'}`,
    ...(losses.length > 0 ? losses : ['Lost: nothing']),
    ...(cut ? ['Not whole: these are the rows of what comes before the place where the file was cut'] : []),
  ]
  await io.stderr.write(lines.map((line) => `${printable(line)}\n`).join(''))
}

export const replay: Command = {
  name: 'replay',
  summary: 'Make the rows of a recording again, without root and without a kernel',
  details:
    'The recorded events take the way that they take in capture, on one thread and by the recorded clock. Its rows go to standard output, their numbers and what was lost to standard error.\n\n  nixie replay slow.rec\n  nixie replay slow.rec --table conn_stats -o json | jq .bytes_sent',
  positionals: [{ name: 'FILE', required: true }],
  options: [
    OUTPUT,
    { flag: 'table', value: 'NAME', help: 'Only the rows of this table', completes: 'table' },
    LIMIT,
  ],
  run: async ({ flags, io, positionals }) => {
    const { table: only, output } = flags
    if (output === 'csv' && only === undefined)
      throw new UsageError('CSV holds one table', 'Choose it with --table NAME.')
    const maxRows = readLimit(flags.limit) ?? DEFAULT_LIMITS.rows
    const { replay: play, RECORDED } = await import('../../recording/replay')
    const table = RECORDED.find(({ name }) => name === only)
    if (only !== undefined && !table) {
      const names = RECORDED.map(({ name }) => name)
      const hint = `${didYouMean(only, names)}There are: ${names.join(', ')}.`
      throw new UsageError(`--table: '${only}' is none that a recording has rows of`, hint)
    }
    const replayed = play(positionals[0]!, { maxRows, ...(only !== undefined && { table: only }) })
    const found = replayed.tables.filter(({ table: { name } }) => only === undefined || name === only)
    // A table of nothing still says its columns.
    if (found.length === 0 && table && output === 'csv') found.push(emptyOf(table))
    if (found.length > 0) await writeTables(io, found.map(resultOf), output)
    await tell(io, replayed)
    if (replayed.cut) throw replayed.cut
    return 0
  },
}
