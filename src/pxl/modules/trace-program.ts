/** The columns of a bpftrace program: one for each `name:%format` of its printf. */
import { NixieError } from '../../errors'
import type { TypedColumn } from '../../query/plan'

const PRINTF_HINT = 'Write printf("time_:%llu pid:%d comm:%s", nsecs, pid, comm).'

/** The columns that the program prints. Throws `compile_error`. */
export function printedColumns(program: string): readonly TypedColumn[] {
  let columns: readonly TypedColumn[] | undefined
  let unnamed: string | undefined
  for (const format of formats(program)) {
    if (!isRow(format)) {
      if (format.includes('%')) unnamed ??= format
      continue
    }
    const printed = columnsOf(format)
    if (columns && !sameColumns(columns, printed)) {
      throw new NixieError(
        'compile_error',
        `The program prints (${listed(columns)}) in one place and (${listed(printed)}) in another`,
        'Every printf of a program fills the same columns.',
      )
    }
    columns = printed
  }
  if (columns) return columns
  // If this is the only printf, the error is that its fields have no names.
  if (unnamed !== undefined) columnsOf(unnamed)
  throw new NixieError('compile_error', 'The program prints no columns', PRINTF_HINT)
}

export const sameColumns = (a: readonly TypedColumn[], b: readonly TypedColumn[]): boolean =>
  a.length === b.length && a.every(({ name, type }, i) => name === b[i]!.name && type === b[i]!.type)

/** For errors, which are short. */
export const listed = (columns: readonly TypedColumn[]): string =>
  columns
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ')
    .slice(0, 300)

/** Comments and texts: what may hold anything, a printf too. */
const OPAQUE = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\]|\\[\s\S])*"?/g
const PRINTF = /\bprintf\s{0,20}\(\s{0,20}$/

/** The format texts of the printf calls, without quotes. */
function formats(program: string): string[] {
  const found: string[] = []
  for (const { 0: token, index } of program.matchAll(OPAQUE)) {
    if (token[0] === '"' && PRINTF.test(program.slice(Math.max(0, index - 50), index))) {
      found.push(token.replace(/^"|"$/g, ''))
    }
  }
  return found
}

/** A conversion with the name that stands before it; `0x`, a bracket or a quote may open the value. */
const FIELD =
  /(?:\b([A-Za-z_]\w*)\s{0,8}:\s{0,8}(?:0x|[[("'])?)?%(?:%|[-+ #0]*\d*(?:\.\d+)?(?:hh|h|ll|l|j|z|t)?([A-Za-z]))?/g
const INTEGERS = 'diuxXop'

/** A text without a named field, such as a headline (`%-6s %s` of "PID" and "COMM"), is no row. */
const isRow = (format: string): boolean => [...format.matchAll(FIELD)].some(([, name]) => name !== undefined)

function columnsOf(format: string): TypedColumn[] {
  const columns: TypedColumn[] = []
  for (const [text, name, conversion] of format.matchAll(FIELD)) {
    if (text.endsWith('%%')) continue
    if (name === undefined || conversion === undefined) {
      throw new NixieError(
        'compile_error',
        `printf: '${text.slice(0, 20)}' has no name or no format`,
        PRINTF_HINT,
      )
    }
    if (columns.some((column) => column.name === name)) {
      throw new NixieError(
        'compile_error',
        `printf: '${name.slice(0, 40)}' is there twice`,
        'Give one of them another name.',
      )
    }
    const type = name === 'time_' ? 'TIME64NS' : INTEGERS.includes(conversion) ? 'INT64' : 'STRING'
    columns.push({ name, type, semantic: 'ST_NONE' })
  }
  return columns
}
