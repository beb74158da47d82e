import { durationWords } from '../../api/status'
import type { StoreReport } from '../../runner/runner'
import type { Command, Option } from '../command'
import { type Io, printable } from '../io'
import { writeList } from '../output'
import { RUNNER_OPTIONS, withRunner } from '../runner'
import { bytesText } from '../values'
import { BYTES, COUNT, listTable, TEXT } from './script'

const OUTPUT: Option = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'table or json',
  choices: ['table', 'json'],
  fallback: 'table',
}

const ago = (ns: string | null) =>
  ns === null ? '' : `${durationWords((Date.now() - Number(BigInt(ns) / 1_000_000n)) / 1000)} ago`

function tableOf({ tables }: StoreReport) {
  const rows = tables.map((table) => [
    table.name,
    table.rows,
    table.rows === 0 ? '' : durationWords(table.spanSeconds),
    table.bytes,
    table.rows === 0 ? '' : table.bytesPerRow.toFixed(1),
    ago(table.oldest),
    table.keepsSeconds === null ? '' : durationWords(table.keepsSeconds),
  ])
  const columns = {
    table: TEXT,
    rows: COUNT,
    span: TEXT,
    bytes: BYTES,
    'bytes/row': TEXT,
    oldest: TEXT,
    'will keep': TEXT,
  }
  return listTable('store', columns, rows)
}

async function writeSummary(io: Io, report: StoreReport): Promise<void> {
  const { fileBytes, walBytes, budgetBytes, retentionSeconds, writeAmplification } = report
  const damagedRows = report.tables.reduce((sum, table) => sum + table.damagedRows, 0)
  const budget = budgetBytes === null ? '' : ` of ${bytesText(budgetBytes)}`
  const parts = [
    `${bytesText(fileBytes)}${budget} on disk and ${bytesText(walBytes)} of log`,
    ...(retentionSeconds === null ? [] : [`rows are kept for ${durationWords(retentionSeconds)}`]),
    ...(writeAmplification === null
      ? []
      : [`${writeAmplification.toFixed(2)} bytes written for each byte appended`]),
    ...(damagedRows === 0 ? [] : [`${damagedRows} rows are damaged, and lost`]),
  ]
  await io.stdout.write(`\n${printable(parts.join('; '))}\n`)
}

export const getStore: Command = {
  name: 'get store',
  summary: 'Show what the store holds and how long it will keep it',
  details: "'will keep' is what the retention and the disk budget leave at the rate of the last 24 hours.",
  positionals: [],
  options: [OUTPUT, ...RUNNER_OPTIONS],
  run: async (invocation) => {
    const { flags, io } = invocation
    const report = await withRunner(invocation, (runner) => runner.store())
    if (flags.output === 'json') await io.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    else {
      await writeList(io, tableOf(report), 'table')
      await writeSummary(io, report)
    }
    return 0
  },
}
