import { durationWords } from '../../api/status'
import { NixieError } from '../../errors'
import type { TableSummary } from '../../runner/runner'
import { didYouMean } from '../../suggest'
import type { Command } from '../command'
import { writeList } from '../output'
import { RUNNER_OPTIONS, withRunner } from '../runner'
import { BYTES, COUNT, LIST_OUTPUT, listTable, SECONDS, TEXT } from './script'

function overview(tables: readonly TableSummary[], forPeople: boolean) {
  const rows = tables.map(({ name, rows, bytes, span, description }) => [
    name,
    rows,
    bytes,
    forPeople ? durationWords(span) : span,
    description,
  ])
  const columns = { name: TEXT, rows: COUNT, bytes: BYTES, span: SECONDS, description: TEXT }
  return listTable('tables', columns, rows)
}

function columnsOf(tables: readonly TableSummary[], name: string) {
  const table = tables.find((known) => known.name === name)
  if (!table) {
    const names = tables.map((known) => known.name)
    throw new NixieError(
      'unknown_table',
      `There is no table '${name}'`,
      `${didYouMean(name, names)}There are: ${names.join(', ')}.`,
    )
  }
  const rows = table.columns.map((column) => [column.name, column.type, column.semantic, column.description])
  return listTable(name, { column: TEXT, type: TEXT, semantic: TEXT, description: TEXT }, rows)
}

export const tables: Command = {
  name: 'tables',
  summary: 'List the tables, or the columns of one',
  positionals: [{ name: 'TABLE', required: false, completes: 'table' }],
  options: [LIST_OUTPUT, ...RUNNER_OPTIONS],
  run: async (invocation) => {
    const { flags, io, positionals } = invocation
    const all = await withRunner(invocation, (runner) => runner.tables())
    const [name] = positionals
    const format = flags.output ?? 'table'
    const list = name === undefined ? overview(all, format === 'table') : columnsOf(all, name)
    if (format === 'name') await io.stdout.write(list.values[0]!.map((word) => `${word}\n`).join(''))
    else await writeList(io, list, format)
    return 0
  },
}
