import { didYouMean } from '../../api/nearest'
import { durationWords } from '../../api/status'
import { NixieError } from '../../errors'
import type { TableSummary } from '../../runner/runner'
import { BACKEND_OPTIONS, openBackend } from '../backend'
import type { Command } from '../command'
import { writeTables } from '../output'
import { bytesText } from '../values'
import { LIST_OUTPUT, textTable } from './script'

function overview(tables: readonly TableSummary[]) {
  const rows = tables.map((table) => [
    table.name,
    String(table.rows),
    bytesText(table.bytes),
    durationWords(table.span),
    table.description,
  ])
  return textTable('tables', ['name', 'rows', 'size', 'span', 'description'], rows)
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
  return textTable(name, ['column', 'type', 'semantic', 'description'], rows)
}

export const tables: Command = {
  name: 'tables',
  summary: 'List the tables, or the columns of one',
  positionals: [{ name: 'TABLE', required: false, completes: 'table' }],
  options: [LIST_OUTPUT, ...BACKEND_OPTIONS],
  run: async (invocation) => {
    const { flags, io, positionals } = invocation
    const backend = await openBackend(invocation)
    try {
      const all = await backend.tables()
      const [name] = positionals
      const list = name === undefined ? overview(all) : columnsOf(all, name)
      if (flags.output === 'name') await io.stdout.write(list.values[0]!.map((word) => `${word}\n`).join(''))
      else await writeTables(io, [list], flags.output)
    } finally {
      await backend.close()
    }
    return 0
  },
}
