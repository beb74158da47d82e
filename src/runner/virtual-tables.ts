/** Tables that are made when a script asks for them: px.GetTables(), px.GetSchemas(), the lists of functions. */
import { NixieError } from '../errors'
import { listBuiltins } from '../pxl/px'
import type { VirtualTable } from '../query/engine'
import { type FunctionInfo, listFunctions } from '../query/functions/registry'
import { StringTable, type Vector } from '../records/batch'
import type { TableInfo } from '../store/store'

type Rows = readonly Readonly<Record<string, string>>[]

const functionRow = ({ name, args, returns }: FunctionInfo) => ({
  name,
  return_type: returns,
  args: `[${args.map((arg) => arg.type).join(', ')}]`,
})

const functionRows = (kind: FunctionInfo['kind']) =>
  listFunctions()
    .filter((f) => f.kind === kind)
    .map(functionRow)

const MAKERS: Readonly<Record<string, (tables: readonly TableInfo[]) => Rows>> = {
  GetTables: (tables) => tables.map((t) => ({ table_name: t.name, table_desc: t.description })),
  GetSchemas: (tables) =>
    tables.flatMap((t) =>
      t.columns.map((c) => ({
        table_name: t.name,
        column_name: c.name,
        column_type: c.type,
        pattern_type: c.pattern,
        column_desc: c.description,
      })),
    ),
  GetUDFList: () => functionRows('function'),
  GetUDAList: () => functionRows('aggregate'),
  GetUDTFList: () =>
    listBuiltins().flatMap(({ name, columns }) =>
      columns
        ? [{ name, executor: 'UDTF_ONE_KELVIN', init_args: '[]', output_relation: `[${columns.join(', ')}]` }]
        : [],
    ),
}

function textColumn(texts: readonly string[]): Vector {
  return { type: 'STRING', codes: Uint32Array.from(texts, (_, i) => i), dict: StringTable.of(texts) }
}

/** The table of a function, as the tables of the store are now. */
export function virtualTable(fn: string, tables: readonly TableInfo[]): VirtualTable {
  const rows = MAKERS[fn]?.(tables)
  if (!rows) throw new NixieError('compile_error', `There is no table function '${fn}'`, '')
  const names = Object.keys(rows[0] ?? {})
  return {
    columns: names.map((name) => ({ name, type: 'STRING', semantic: 'ST_NONE' })),
    batch: { rows: rows.length, columns: names.map((name) => textColumn(rows.map((row) => row[name]!))) },
  }
}
