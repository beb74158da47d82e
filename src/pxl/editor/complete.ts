/** Completion at the cursor, by its context. */
import type { CompileOptions } from '../compile'
import type { Value } from '../values/values'
import { type Bracket, openBrackets, primaryBefore, readCursor, type Token } from './cursor'
import * as items from './items'
import { CursorScope } from './scope'
import type { Completion, CompletionItem } from './types'

/** Longer texts get no completion. */
const MAX_TEXT = 200_000
const MODULES = ['px', 'pxviews', 'pxtrace', 'pxconfig']

export function completeAt(text: string, offset: number, context: CompileOptions): Completion {
  const nothing = { from: offset, to: offset, items: [] }
  if (text.length > MAX_TEXT) return nothing
  const cursor = readCursor(text.slice(0, offset))
  if (cursor.inComment) return nothing
  const at = new Place(text, offset, context, cursor)
  if (cursor.literal !== undefined) {
    return { from: cursor.literal, to: endOfName(text, offset, /[\w.\-/ ]*(?=['"])/y), items: at.inLiteral() }
  }
  const { tokens } = cursor.current
  const last = tokens.at(-1)
  const typing = last?.to === offset && last.kind === 'name' ? last : undefined
  if (last?.to === offset && last.kind === 'number') return nothing
  const from = typing?.from ?? offset
  const to = endOfName(text, offset, /\w*/y)
  const done = typing ? tokens.slice(0, -1) : tokens
  return { from, to, items: done.at(-1)?.text === '.' ? at.members(done) : at.names(done) }
}

/** A word around the cursor is replaced as a whole. */
function endOfName(text: string, offset: number, rest: RegExp): number {
  rest.lastIndex = offset
  return offset + (rest.exec(text)?.[0].length ?? 0)
}

class Place {
  readonly #text: string
  readonly #context: CompileOptions
  readonly #scope: CursorScope
  readonly #tokens: readonly Token[]

  constructor(text: string, offset: number, context: CompileOptions, cursor: ReturnType<typeof readCursor>) {
    this.#text = text
    this.#context = context
    this.#scope = new CursorScope(text, offset, cursor, context)
    this.#tokens = cursor.current.tokens
  }

  /** Behind `object.` */
  members(tokens: readonly Token[]): readonly CompletionItem[] {
    const end = tokens.length - 1
    if (tokens[0]?.text === 'from' && !tokens.some((t) => t.text === 'import')) return []
    const object = this.#value(primaryBefore(tokens, end), end)
    if (object?.kind === 'module') {
      const all = items.membersOf(object)
      return isAggregateItem(openBrackets(tokens)) ? all.filter((item) => item.kind === 'aggregate') : all
    }
    if (object?.kind === 'frame') return [...items.columnsOf(object.node), ...items.METHODS]
    return object?.kind === 'grouped' ? items.METHODS.filter((method) => method.label === 'agg') : []
  }

  /** Where a name can begin. */
  names(tokens: readonly Token[]): readonly CompletionItem[] {
    const [first] = tokens
    if (first?.text === 'def') return this.#annotations(tokens)
    if (first?.text === 'import') return this.#scope.modules(MODULES).map(items.moduleItem)
    if (first?.text === 'from') return this.#imports(tokens)
    const open = openBrackets(tokens)
    const inner = open.at(-1)
    const visible = items.namesOf(this.#scope.scope)
    if (inner && isAggregateItem(open)) return [...items.AGGREGATES, ...visible]
    const item = inner?.items.at(-1)
    if (inner?.mark !== '(' || inner.subject === undefined || item?.name !== undefined) return visible
    if (item !== undefined && item.from < item.to) return visible
    const given = inner.items.flatMap(({ name }) => name ?? [])
    return [...this.#parameters(inner).filter(({ label }) => !given.includes(label)), ...visible]
  }

  /** Within quotes. */
  inLiteral(): readonly CompletionItem[] {
    const open = openBrackets(this.#tokens)
    const inner = open.at(-1)
    if (!inner) return []
    if (inner.subject !== undefined) {
      return inner.mark === '[' ? this.#subscript(inner) : this.#argument(inner, undefined)
    }
    const outer = open.at(-2)
    if (outer?.subject === undefined) return []
    if (outer.mark === '[') return this.#subscript(outer)
    return this.#argument(outer, inner.items.length - 1)
  }

  #subscript(bracket: Bracket): readonly CompletionItem[] {
    const subject = this.#value(bracket.subject!, bracket.open)
    if (subject?.kind === 'context') return items.keysOf(subject.node)
    return subject?.kind === 'frame' ? items.columnsOf(subject.node) : []
  }

  /** A text as argument of a call; `inner` is its place in a list or tuple that is the argument. */
  #argument(call: Bracket, inner: number | undefined): readonly CompletionItem[] {
    const item = call.items.at(-1)!
    const method = this.#method(call)
    if (method) return this.#methodArgument(call, method, inner)
    const callee = this.#value(call.subject!, call.open)
    if (callee?.kind !== 'builtin' || callee.name !== 'px.DataFrame') return []
    const name = item.name ?? ['table', 'select', 'start_time', 'end_time'][call.items.length - 1]
    if (name === 'table') return this.#context.tables.map(items.tableItem)
    if (name !== 'select') return name === 'start_time' || name === 'end_time' ? items.TIMES : []
    const table = this.#given(call, 'table', 0)
    const known = this.#context.tables.find((t) => table?.kind === 'constant' && t.name === table.value)
    return known ? known.columns.map(items.columnItem) : []
  }

  #methodArgument(
    call: Bracket,
    { name, of }: { name: string; of: Value & { kind: 'frame' | 'grouped' } },
    inner: number | undefined,
  ): readonly CompletionItem[] {
    if (name === 'groupby' || name === 'drop') return items.columnsOf(of.node)
    if (name === 'agg') return inner === 0 ? items.columnsOf(of.node) : []
    if (name !== 'merge') return []
    const argument = call.items.at(-1)!.name ?? ['right', 'how', 'left_on', 'right_on'][call.items.length - 1]
    if (argument === 'how') return items.JOIN_KINDS
    if (argument === 'left_on') return items.columnsOf(of.node)
    const right = argument === 'right_on' ? this.#given(call, 'right', 0) : undefined
    return right?.kind === 'frame' ? items.columnsOf(right.node) : []
  }

  #parameters(call: Bracket): readonly CompletionItem[] {
    const method = this.#method(call)
    if (method) return items.methodArguments(method.name)
    const callee = this.#value(call.subject!, call.open)
    return callee ? items.argumentsOf(callee) : []
  }

  /** `df.merge(` and `df.groupby(…).agg(`. */
  #method(call: Bracket): { name: string; of: Value & { kind: 'frame' | 'grouped' } } | undefined {
    const dot = call.open - 2
    if (this.#tokens[dot]?.text !== '.') return undefined
    const of = this.#value(call.subject!, dot)
    if (of?.kind !== 'frame' && of?.kind !== 'grouped') return undefined
    return { name: this.#tokens[dot + 1]!.text, of }
  }

  /** The argument that a call already has for a parameter, by name or by position. */
  #given(call: Bracket, name: string, position: number): Value | undefined {
    const unnamed = call.items[position]
    const item =
      call.items.find((i) => i.name === name) ?? (unnamed?.name === undefined ? unnamed : undefined)
    return item && this.#value(item.from, item.to)
  }

  #imports(tokens: readonly Token[]): readonly CompletionItem[] {
    const at = tokens.findIndex((t) => t.text === 'import')
    if (at < 0) return tokens.length > 1 ? [] : this.#scope.modules(MODULES).map(items.moduleItem)
    const module = this.#scope.imported(tokens[1]!.text)
    return module?.kind === 'module' ? items.membersOf(module) : []
  }

  /** In a function's head: types behind a colon, any name behind `=`. */
  #annotations(tokens: readonly Token[]): readonly CompletionItem[] {
    const last = tokens.at(-1)?.text
    const visible = items.namesOf(this.#scope.scope)
    if (last === ':') return visible.filter(({ kind }) => kind === 'type' || kind === 'module')
    return last === '=' ? visible : []
  }

  #value(from: number, to: number): Value | undefined {
    const first = this.#tokens[from]
    if (!first || from >= to) return undefined
    return this.#scope.value(this.#text.slice(first.from, this.#tokens[to - 1]!.to))
  }
}

/** The second of the pair in `agg(name=('column', …))`. */
function isAggregateItem(open: readonly Bracket[]): boolean {
  const [call, pair] = open.slice(-2)
  return (
    call?.mark === '(' &&
    call.subject !== undefined &&
    call.items.at(-1)?.name !== undefined &&
    pair?.mark === '(' &&
    pair.subject === undefined &&
    pair.items.length === 2
  )
}
