/** PxL text → plans. For any text, these functions return or throw a NixieError with line, column and a hint. */
import { NixieError } from '../errors'
import { faultOf } from '../query/fault'
import type { Node } from '../query/plan'
import type { DataType } from '../records/types'
import { nameHint } from '../suggest'
import { Evaluator } from './evaluate/evaluator'
import { shown } from './frames/frames'
import { parse } from './language/parse'
import { SourceText } from './language/source-text'
import { located } from './values/arguments'
import type { TableSchema } from './values/table-schema'
import { parseTime } from './values/time'
import { upidOf } from './values/upid'
import { constant, describe, type Scope, type TypeValue, type Value } from './values/values'

export interface CompileOptions {
  readonly tables: readonly TableSchema[]
  /** The time of the run, in epoch nanoseconds: relative times count from it. */
  readonly nowNs: bigint
}

/** Something that a script asks for and doesn't get, although it runs. */
export interface Warning {
  readonly message: string
  /** Absent where it is about no place of the text. */
  readonly line?: number
  readonly column?: number
}

export interface Display {
  readonly name: string
  readonly node: Node
}

/** A script whose module level has run: what it displays, and the functions that a view may call. */
export interface CompiledModule {
  /** The tables of px.display and px.debug so far. Calls of functions add to them. */
  readonly displays: readonly Display[]
  /** Warnings so far, without repetition. Calls of functions add to them. */
  readonly warnings: readonly Warning[]
  /** Whether the script has asked for more than tables, as a tracepoint. Such a script need not show any. */
  acts(): boolean
  readonly functions: readonly {
    readonly name: string
    readonly params: readonly string[]
  }[]
}

/** Most results that one script may show. */
const MAX_DISPLAYS = 200
/** Most warnings that are kept. */
const MAX_WARNINGS = 100

interface Internals {
  readonly source: SourceText
  readonly evaluator: Evaluator
  readonly scope: Scope
  readonly nowNs: bigint
}

const internals = new WeakMap<CompiledModule, Internals>()

/** Reads the script and runs its module level. */
export function compile(text: string, { tables, nowNs }: CompileOptions): CompiledModule {
  // A byte order mark is no part of a script, but editors write one.
  const source = new SourceText('script', text.replace(/^\ufeff/, ''))
  return guarded(source, () => {
    const displays: Display[] = []
    const warnings: Warning[] = []
    let acts = false
    const evaluator = new Evaluator(source, {
      nowNs,
      tables: new Map(tables.map((table) => [table.name, table])),
      display: (name, node) => addDisplay(displays, name, node),
      warn: (message, position) => addWarning(warnings, { message, ...position }),
      act: () => {
        acts = true
      },
    })
    const statements = parse(source)
    const scope = evaluator.globals()
    const [first] = statements
    if (first?.kind === 'expression' && first.value.kind === 'string')
      scope.set('__doc__', constant('STRING', first.value.value.trim()))
    evaluator.run(statements, scope)
    const functions = statements.flatMap((statement) =>
      statement.kind === 'function'
        ? [{ name: statement.name, params: statement.params.map((p) => p.name) }]
        : [],
    )
    const module = { displays, warnings, functions, acts: () => acts }
    internals.set(module, { source, evaluator, scope, nowNs })
    return module
  })
}

/** A second table of the same name is kept under a name of its own. */
function addDisplay(displays: Display[], name: string, node: Node): void {
  if (displays.length >= MAX_DISPLAYS) {
    throw new NixieError('limit_exceeded', 'The script shows too many tables', `Keep it to ${MAX_DISPLAYS}.`)
  }
  const taken = new Set(displays.map((d) => d.name))
  let free = name
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`
  displays.push({ name: free, node: shown(node) })
}

function addWarning(warnings: Warning[], warning: Warning): void {
  const same = ({ message, line, column }: Warning) =>
    message === warning.message && line === warning.line && column === warning.column
  if (warnings.length < MAX_WARNINGS && !warnings.some(same)) warnings.push(warning)
}

/** An argument of a view: its text is read as the parameter's annotation says, without one as `type`. */
export interface ArgumentText {
  readonly text: string
  /** STRING when absent. */
  readonly type?: DataType
}

/**
 * Calls a function of the module with arguments by name: one dataframe, or several when it returns a list.
 * Throws `unknown_argument` for one that it doesn't take, `bad_request` for a text that is no value of its type.
 */
export function callFunction(
  module: CompiledModule,
  name: string,
  args: Readonly<Record<string, ArgumentText>> = {},
): readonly Node[] {
  const { source, evaluator, scope, nowNs } = internals.get(module)!
  return guarded(source, () => {
    const fn = scope.get(name)
    if (fn?.kind !== 'function') {
      const known = module.functions.map((f) => f.name)
      throw new NixieError(
        'compile_error',
        `The script has no function '${name}'`,
        nameHint(name, known, 'functions'),
      )
    }
    const names = fn.params.map((param) => param.name)
    const unknown = Object.keys(args).find((arg) => !names.includes(arg))
    if (unknown !== undefined) {
      throw new NixieError(
        'unknown_argument',
        `${name} has no argument '${unknown}'`,
        nameHint(unknown, names, 'arguments'),
      )
    }
    const values = Object.entries(args).map(([arg, value]) => ({
      name: arg,
      value: argumentValue(evaluator.parameterType(fn, arg), arg, value, nowNs),
      at: fn.params.find((param) => param.name === arg)!.at,
    }))
    return located(fn.source, fn.at, () => framesOf(evaluator.call(fn, values, fn.at), name))
  })
}

function framesOf(value: Value, name: string): readonly Node[] {
  if (value.kind === 'frame') return [shown(value.node)]
  if ((value.kind === 'list' || value.kind === 'tuple') && value.items.length > 0) {
    return value.items.flatMap((item) => framesOf(item.value, name))
  }
  throw new NixieError(
    'type_error',
    `${name} returns ${describe(value)}, not a dataframe`,
    'End it with return df.',
  )
}

function argumentValue(
  declared: TypeValue | undefined,
  name: string,
  { text, type = 'STRING' }: ArgumentText,
  nowNs: bigint,
): Value {
  const wanted = declared?.type ?? type
  const value = readText(text, wanted, nowNs)
  if (value === undefined) {
    throw new NixieError('bad_request', `${name}: '${text.slice(0, 60)}' is not ${SHAPES[wanted]}`, '')
  }
  return constant(wanted, value)
}

const SHAPES: Readonly<Record<DataType, string>> = {
  BOOLEAN: 'true or false',
  INT64: 'an integer',
  FLOAT64: 'a number',
  STRING: 'a text',
  TIME64NS: 'a time',
  UINT128: 'an id',
}

/** The value that a text stands for; undefined when it is none of that type. Throws `bad_time_range` for times. */
function readText(
  text: string,
  type: DataType,
  nowNs: bigint,
): bigint | number | string | boolean | undefined {
  switch (type) {
    case 'INT64':
      return /^[+-]?\d{1,19}$/.test(text.trim()) ? BigInt(text.trim().replace(/^\+/, '')) : undefined
    case 'FLOAT64':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
    case 'BOOLEAN':
      if (/^true$/i.test(text)) return true
      return /^false$/i.test(text) ? false : undefined
    case 'TIME64NS':
      return parseTime(text, nowNs)
    case 'UINT128':
      return upidOf(text)
    default:
      return text
  }
}

/** The engine's stack is the last limit on nesting. */
function guarded<T>(source: SourceText, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof NixieError) throw cause
    if (cause instanceof RangeError) {
      throw source.error(
        'compile_error',
        0,
        'The script nests too deeply',
        'Assign parts of expressions to names.',
      )
    }
    throw faultOf(cause)
  }
}
