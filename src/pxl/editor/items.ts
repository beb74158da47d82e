/** Proposals, each with its kind and a sentence of help. */
import { type FunctionInfo, listFunctions } from '../../query/functions/registry'
import type { Node, TypedColumn } from '../../query/plan'
import { METHOD_NAMES } from '../evaluate/methods'
import { CONTEXT_KEYS, contextColumn } from '../frames/context'
import type { Expression } from '../language/syntax'
import type { TableSchema } from '../values/table-schema'
import type { Module, Scope, UserFunction, Value } from '../values/values'
import type { CompletionItem } from './types'

interface MethodHelp {
  readonly params: readonly string[]
  readonly help: string
}

const METHOD_HELP: Readonly<Record<string, MethodHelp>> = {
  drop: { params: ['columns'], help: 'The dataframe without these columns.' },
  groupby: { params: ['by'], help: 'Rows with the same values in these columns; agg follows.' },
  agg: { params: [], help: "Per group, or over all rows: agg(n=('column', px.count))." },
  merge: {
    params: ['right', 'how', 'left_on', 'right_on', 'suffixes'],
    help: 'Joins two dataframes on equal keys.',
  },
  append: { params: ['objs'], help: 'The rows of both; the columns must be the same.' },
  head: { params: ['n'], help: 'The first n rows; of a table the newest.' },
  rolling: { params: ['window', 'on'], help: 'Windows of time.' },
  stream: { params: [], help: 'Rows as they come.' },
}

export const METHODS: readonly CompletionItem[] = [
  ...METHOD_NAMES.map((label): CompletionItem => {
    const { params, help } = METHOD_HELP[label] ?? { params: [], help: '' }
    return { label, kind: 'method', type: `(${params.join(', ')})`, help }
  }),
  { label: 'ctx', kind: 'method', type: "['key']", help: 'Metadata of the process: pod, service, node, ….' },
]

export const methodArguments = (method: string): CompletionItem[] =>
  (METHOD_HELP[method]?.params ?? []).map((name) => argumentItem(name))

const argumentItem = (label: string, type?: string): CompletionItem => ({
  label,
  kind: 'argument',
  insert: `${label}=`,
  help: '',
  ...(type === undefined ? {} : { type }),
})

const word = (label: string, help: string): CompletionItem => ({ label, kind: 'key', help })

export const JOIN_KINDS: readonly CompletionItem[] = [
  word('inner', 'Rows with a partner on the other side.'),
  word('left', 'All rows of the left side.'),
  word('right', 'All rows of the right side.'),
  word('outer', 'All rows of both sides.'),
]

export const TIMES: readonly CompletionItem[] = [
  word('-30s', 'Since 30 seconds ago.'),
  word('-5m', 'Since 5 minutes ago.'),
  word('-1h', 'Since an hour ago.'),
  word('-1d', 'Since a day ago.'),
]

export const tableItem = (table: TableSchema & { readonly description?: string }): CompletionItem => ({
  label: table.name,
  kind: 'table',
  type: `${table.columns.length} columns`,
  help: (table.description ?? '') + (table.recorded === false ? ' Nothing fills it yet.' : ''),
})

export function columnItem(column: TypedColumn & { readonly description?: string }): CompletionItem {
  const unit = column.semantic === 'ST_NONE' ? '' : ` ${column.semantic.slice(3)}`
  return {
    label: column.name,
    kind: 'column',
    type: column.type + unit,
    help: column.description ?? '',
  }
}

export const columnsOf = (node: Node): CompletionItem[] => node.columns.map(columnItem)

/** Keys that a column of the dataframe can answer. */
export function keysOf(node: Node): CompletionItem[] {
  return CONTEXT_KEYS.flatMap((label) => {
    try {
      const { type } = contextColumn(node, label)
      return [{ label, kind: 'key' as const, type, help: '' }]
    } catch {
      return []
    }
  })
}

/** Functions of the engine by name; those that begin with `_` are for the shipped scripts. */
const ENGINE: readonly CompletionItem[] = (() => {
  const byName = new Map<string, FunctionInfo[]>()
  for (const info of listFunctions()) byName.set(info.name, [...(byName.get(info.name) ?? []), info])
  return [...byName]
    .filter(([name]) => !name.startsWith('_'))
    .map(([label, infos]) => ({
      label,
      kind: infos[0]!.kind,
      type: signature(infos),
      help: infos[0]!.description,
    }))
})()

function signature([info, ...more]: readonly FunctionInfo[]): string {
  const args = info!.args.map(({ name, type }) => (info!.kind === 'aggregate' ? type : `${name}: ${type}`))
  return `(${args.join(', ')}) → ${info!.returns}${more.length > 0 ? `, ${more.length} more` : ''}`
}

/** With their module, for a place where no `px.` was typed. */
export const AGGREGATES: readonly CompletionItem[] = ENGINE.filter(({ kind }) => kind === 'aggregate').map(
  (item) => ({ ...item, label: `px.${item.label}` }),
)

export function membersOf(module: Module): CompletionItem[] {
  const named = [...module.members].filter(([name]) => !name.startsWith('_'))
  const own = named.map(([name, value]) => valueItem(name, value))
  return module.name === 'px' ? [...own, ...ENGINE] : own
}

export const moduleItem = (label: string): CompletionItem => ({ label, kind: 'module', help: '' })

/** Names in scope, the nearest first. */
export const namesOf = (scope: Scope): CompletionItem[] =>
  [...new Set(scope.names())].map((name) => valueItem(name, scope.get(name)!))

function valueItem(label: string, value: Value): CompletionItem {
  switch (value.kind) {
    case 'module':
      return moduleItem(label)
    case 'type':
      return { label, kind: 'type', type: value.type ?? 'a dataframe', help: '' }
    case 'builtin': {
      const { params, description } = value.builtin
      return { label, kind: 'function', type: `(${params.join(', ')})`, help: description }
    }
    case 'function': {
      const params = value.params.map(({ name, annotation }) => {
        const type = written(annotation)
        return type === undefined ? name : `${name}: ${type}`
      })
      return { label, kind: 'function', type: `(${params.join(', ')})`, help: docstring(value) }
    }
    case 'engine':
      return ENGINE.find((item) => item.label === value.name) ?? { label, kind: 'function', help: '' }
    case 'frame':
      return { label, kind: 'name', type: `${value.node.columns.length} columns`, help: '' }
    case 'column':
      return { label, kind: 'name', type: `${value.expr.type} column`, help: '' }
    case 'constant':
      return { label, kind: 'name', type: value.type, help: '' }
    default:
      return { label, kind: 'name', help: '' }
  }
}

/** Argument names of what a script calls. */
export function argumentsOf(callee: Value): CompletionItem[] {
  if (callee.kind === 'builtin') return callee.builtin.params.map((name) => argumentItem(name))
  if (callee.kind !== 'function') return []
  return callee.params.map(({ name, annotation }) => argumentItem(name, written(annotation)))
}

const written = (annotation: Expression | undefined): string | undefined =>
  annotation?.kind === 'attribute'
    ? `px.${annotation.name}`
    : annotation?.kind === 'name'
      ? annotation.name
      : undefined

/** The first paragraph of a function's own text. */
function docstring({ body }: UserFunction): string {
  const [first] = body
  if (first?.kind !== 'expression' || first.value.kind !== 'string') return ''
  return first.value.value
    .trim()
    .split(/\n\s*\n/)[0]!
    .replace(/\s+/g, ' ')
}
