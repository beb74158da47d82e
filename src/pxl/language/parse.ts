/** PxL text → syntax tree. What Python has and PxL hasn't is an error that says what to write instead. */
import type { SyntaxNode } from '@lezer/common'
import type { NixieError } from '../../errors'
import { unclosed } from './commas'
import { misplaced } from './indents'
import { numberValue, stringValue } from './literals'
import { inOrder, type LogicalTerm, type LogicalWord } from './logic'
import { Nesting } from './nesting'
import { NOT_PXL, OPERATOR_HINTS } from './not-pxl'
import type { SourceText } from './source-text'
import type { Argument, BinaryOp, Expression, ImportedName, Parameter, Statement, UnaryOp } from './syntax'
import { syntaxHint } from './syntax-hint'
import { treeOf } from './tree'

/** How deep the syntax may nest. */
const MAX_DEPTH = 200

const OPERATORS: Readonly<Record<string, BinaryOp>> = {
  '+': '+',
  '-': '-',
  '*': '*',
  '/': '/',
  '%': '%',
  '==': '==',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  and: 'and',
  or: 'or',
}

const LOGICAL: ReadonlySet<string> = new Set<LogicalWord>(['not', 'and', 'or'])
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>='])

/** Throws NixieError (`syntax_error`, `compile_error`, `too_large`) with line and column. */
export function parse(source: SourceText): readonly Statement[] {
  return new TreeReader(source).script(treeOf(source).topNode)
}

class TreeReader {
  readonly #source: SourceText
  readonly #text: string
  #depth = 0

  constructor(source: SourceText) {
    this.#source = source
    this.#text = source.text
  }

  script(top: SyntaxNode): Statement[] {
    this.#refuseErrors(top)
    this.#refuseIndents(top)
    return this.#statements(top)
  }

  /** The grammar takes lines that are indented too far, or not as far as those before them. */
  #refuseIndents(top: SyntaxNode): void {
    const at = misplaced(top, this.#text)
    if (at !== undefined) throw this.#indentationError(at)
  }

  #indentationError(at: number): NixieError {
    const hint =
      'Lines of one block start in the same column: those of a function deeper, all others in the first one.'
    return this.#source.error('syntax_error', at, 'The indentation of this line fits no block', hint)
  }

  /**
   * The first place that nests too deeply, or that Python's grammar can't read: it gives up after places that nest even
   * deeper.
   */
  #refuseErrors(top: SyntaxNode): void {
    const cursor = top.cursor()
    const nesting = new Nesting()
    do {
      if (nesting.enter(cursor) > MAX_DEPTH) throw this.#tooDeep(cursor.from)
      if (!cursor.type.isError) continue
      const open = unclosed(this.#text)
      if (open !== undefined) {
        const opened = this.#text[open]!
        throw this.#source.error('syntax_error', open, `This ${opened} is never closed`, 'Close it.')
      }
      const wrong = misplaced(top, this.#text)
      if (wrong !== undefined && this.#text.slice(cursor.from, wrong).trim() === '' && wrong >= cursor.from)
        throw this.#indentationError(wrong)
      const near = this.#text
        .slice(cursor.from, cursor.from + 20)
        .split('\n')[0]!
        .trim()
      const message = near ? `Syntax error near '${near}'` : 'Syntax error: something is missing here'
      throw this.#source.error('syntax_error', cursor.from, message, syntaxHint(this.#text, cursor.from))
    } while (cursor.next())
  }

  #statements(parent: SyntaxNode): Statement[] {
    const out: Statement[] = []
    for (const node of childrenOf(parent)) this.#statement(node, out)
    return out
  }

  #statement(node: SyntaxNode, out: Statement[]): void {
    const span = { at: node.from, end: node.to }
    switch (node.name) {
      case 'StatementGroup':
        for (const child of childrenOf(node)) this.#statement(child, out)
        return
      case 'DecoratedStatement': {
        const decorators: Expression[] = []
        for (const child of childrenOf(node)) {
          if (child.name === 'Decorator') decorators.push(this.#decorator(child))
          else if (child.name !== 'FunctionDefinition') throw this.#notPxl(child)
          else this.#nested(child, () => out.push(this.#function(child, decorators)))
        }
        return
      }
      case 'ImportStatement':
        out.push({ ...span, ...this.#import(node) })
        return
      case 'AssignStatement':
        out.push({ ...span, kind: 'assign', ...this.#assignment(node) })
        return
      case 'FunctionDefinition':
        this.#nested(node, () => out.push(this.#function(node)))
        return
      case 'ReturnStatement': {
        const values = childrenOf(node).slice(1)
        out.push({ ...span, kind: 'return', value: values[0] && this.#values(values) })
        return
      }
      case 'ExpressionStatement': {
        const [value, more] = childrenOf(node)
        if (more) throw this.#refuse(more, 'a tuple as a statement', 'Leave it out.')
        out.push({ ...span, kind: 'expression', value: this.#expression(value!) })
        return
      }
      case ';':
      case ':':
        return
      default:
        throw this.#notPxl(node)
    }
  }

  #import(node: SyntaxNode): { kind: 'import'; from: string | undefined; names: ImportedName[] } {
    const names: ImportedName[] = []
    let from: string | undefined
    let section = ''
    for (const child of childrenOf(node)) {
      const text = this.#slice(child)
      if (child.name === 'from' || child.name === 'import' || child.name === 'as') section = child.name
      else if (child.name === '*') {
        throw this.#refuse(child, 'import *', 'Name what you import: from px import DataFrame.')
      } else if (child.name === '.') {
        if (section === 'from') from = `${from ?? ''}.`
        else if (names.length > 0) names.push(joined(names.pop()!, '.'))
      } else if (child.name === 'VariableName') {
        const last = names.at(-1)
        if (section === 'from') from = (from ?? '') + text
        else if (section === 'as' && last) names[names.length - 1] = { ...last, alias: text }
        else if (last?.name.endsWith('.')) names.push(joined(names.pop()!, text))
        else names.push({ name: text, alias: text, at: child.from })
        if (section === 'as') section = 'import'
      }
    }
    return { kind: 'import', from, names }
  }

  #assignment(node: SyntaxNode): { target: Expression; value: Expression } {
    const [target, op, ...values] = childrenOf(node)
    if (op?.name === 'TypeDef') throw this.#refuse(op, 'annotated assignment', 'Write name = value.')
    if (op?.name !== 'AssignOp' || !values[0]) {
      throw this.#refuse(op ?? node, 'assignment to several names', 'Assign one name per line.')
    }
    const chained = values.find((child) => child.name === 'AssignOp')
    if (chained) throw this.#refuse(chained, 'chained assignment', 'Assign one name per line.')
    const to = this.#expression(target!)
    if (to.kind !== 'name' && to.kind !== 'attribute' && to.kind !== 'subscript') {
      throw this.#refuse(target!, 'assignment to this', "Assign to a name, df.column or df['column'].")
    }
    return { target: to, value: this.#values(values) }
  }

  /** `@a.b(c)`: in Python's tree a row of names, dots and arguments. */
  #decorator(node: SyntaxNode): Expression {
    let made: Expression | undefined
    for (const child of childrenOf(node)) {
      if (child.name === 'At' || child.name === '.') continue
      const span = { at: made?.at ?? child.from, end: child.to }
      if (child.name === 'ArgList') {
        made = { ...span, kind: 'call', callee: made!, args: this.#arguments(child) }
      } else if (made) {
        made = { ...span, kind: 'attribute', object: made, name: this.#slice(child), nameAt: child.from }
      } else made = this.#expression(child)
    }
    if (made) return made
    throw this.#refuse(node, 'this decorator', "Write @pxtrace.probe('symbol').")
  }

  #function(node: SyntaxNode, decorators: readonly Expression[] = []): Statement {
    const children = childrenOf(node)
    const name = node.getChild('VariableName')
    const params = node.getChild('ParamList')
    const body = node.getChild('Body')
    if (!name || !params || !body) throw this.#refuse(node, 'this function', 'Write def name(arguments):')
    if (children[0]!.name !== 'def') throw this.#refuse(children[0]!, 'async functions', 'Write def.')
    const statements = this.#statements(body)
    return {
      at: node.from,
      end: node.to,
      kind: 'function',
      name: this.#slice(name),
      params: this.#parameters(params),
      body: statements,
      decorators,
    }
  }

  #parameters(list: SyntaxNode): Parameter[] {
    const params: Parameter[] = []
    let fallbackNext = false
    for (const child of childrenOf(list)) {
      const last = params.at(-1)
      if (child.name === '*' || child.name === '**' || child.name === '/') {
        throw this.#refuse(child, `${this.#slice(child)} in a parameter list`, 'Name every parameter.')
      }
      if (child.name === 'AssignOp') fallbackNext = true
      else if (child.name === 'TypeDef' && last) {
        const type = childrenOf(child)[1]
        if (type) params[params.length - 1] = { ...last, annotation: this.#expression(type) }
      } else if (fallbackNext && last) {
        params[params.length - 1] = { ...last, fallback: this.#expression(child) }
        fallbackNext = false
      } else if (child.name === 'VariableName') {
        params.push({ name: this.#slice(child), annotation: undefined, fallback: undefined, at: child.from })
      }
    }
    return params
  }

  #expression(node: SyntaxNode): Expression {
    return this.#nested(node, () => this.#unguarded(node))
  }

  #nested<T>(node: SyntaxNode, read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.#tooDeep(node.from)
    const result = read()
    this.#depth--
    return result
  }

  #tooDeep(at: number): NixieError {
    return this.#source.error(
      'compile_error',
      at,
      'The script nests too deeply here',
      'Assign parts to names.',
    )
  }

  #unguarded(node: SyntaxNode): Expression {
    const span = { at: node.from, end: node.to }
    switch (node.name) {
      case 'VariableName':
        return { ...span, kind: 'name', name: this.#slice(node) }
      case 'Boolean':
        return { ...span, kind: 'bool', value: this.#slice(node) === 'True' }
      case 'None':
        return { ...span, kind: 'none' }
      case 'Number':
        return this.#number(node)
      case 'String':
      case 'ContinuedString':
        return { ...span, kind: 'string', value: this.#string(node) }
      case 'ParenthesizedExpression':
        return this.#expression(childrenOf(node)[1]!)
      case 'ArrayExpression':
        return { ...span, kind: 'list', items: this.#items(node) }
      case 'TupleExpression':
        return { ...span, kind: 'tuple', items: this.#items(node) }
      case 'DictionaryExpression':
        return { ...span, kind: 'dict', entries: this.#entries(node) }
      case 'MemberExpression':
        return { ...span, ...this.#member(node) }
      case 'CallExpression':
        return this.#call(node)
      case 'UnaryExpression':
        return this.#logicalWord(node) ? this.#logical(node) : this.#unary(node)
      case 'BinaryExpression':
        return this.#logicalWord(node) ? this.#logical(node) : this.#binary(node)
      default:
        throw this.#notPxl(node)
    }
  }

  #number(node: SyntaxNode, negative = false): Expression {
    const number = numberValue(this.#slice(node), negative)
    if (!number) throw this.#refuse(node, 'this number', 'Numbers are 64-bit integers or floats.')
    return { at: node.from, end: node.to, ...number }
  }

  #string(node: SyntaxNode): string {
    if (node.name === 'ContinuedString')
      return childrenOf(node)
        .map((part) => this.#string(part))
        .join('')
    if (node.name !== 'String') throw this.#notPxl(node)
    const value = stringValue(this.#slice(node))
    if (value === undefined) {
      throw this.#source.error(
        'syntax_error',
        node.from,
        'This text is not closed',
        'Close it with the quote that opens it.',
      )
    }
    return value
  }

  /** One value, or with commas a tuple of them. */
  #values(nodes: readonly SyntaxNode[]): Expression {
    const first = nodes[0]!
    if (nodes.length === 1) return this.#expression(first)
    const items = nodes.filter((child) => child.name !== ',').map((child) => this.#expression(child))
    return { at: first.from, end: nodes.at(-1)!.to, kind: 'tuple', items }
  }

  #items(node: SyntaxNode): Expression[] {
    return childrenOf(node)
      .filter((child) => !/^[()[\],]$/.test(child.name))
      .map((child) => this.#expression(child))
  }

  #entries(node: SyntaxNode): [Expression, Expression][] {
    const parts = childrenOf(node).filter((child) => !/^[{},:]$/.test(child.name))
    const spread = parts.find((part) => part.name === '**')
    if (spread) throw this.#refuse(spread, '** in a dictionary', 'Write the entries out.')
    const entries: [Expression, Expression][] = []
    for (let i = 0; i + 1 < parts.length; i += 2) {
      entries.push([this.#expression(parts[i]!), this.#expression(parts[i + 1]!)])
    }
    return entries
  }

  #member(
    node: SyntaxNode,
  ):
    | Pick<Expression & { kind: 'attribute' }, 'kind' | 'object' | 'name' | 'nameAt'>
    | Pick<Expression & { kind: 'subscript' }, 'kind' | 'object' | 'index'> {
    const [object, mark, ...rest] = childrenOf(node)
    if (mark!.name === '.') {
      const property = rest[0]!
      return {
        kind: 'attribute',
        object: this.#expression(object!),
        name: this.#slice(property),
        nameAt: property.from,
      }
    }
    const slice = rest.find((child) => child.name === ':')
    if (slice) throw this.#refuse(slice, 'slices', 'Take the first rows with df.head(n).')
    const indexes = rest.filter((child) => child.name !== ',' && child.name !== ']')
    const first = indexes[0]
    if (!first) throw this.#refuse(node, 'an empty subscript', "Name a column: df['column'].")
    const items = indexes.map((child) => this.#expression(child))
    const index: Expression = rest.some((child) => child.name === ',')
      ? { kind: 'tuple', items, at: first.from, end: indexes.at(-1)!.to }
      : items[0]!
    return { kind: 'subscript', object: this.#expression(object!), index }
  }

  #call(node: SyntaxNode): Expression {
    const [callee, list] = childrenOf(node)
    const args = this.#arguments(list!)
    return { at: node.from, end: node.to, kind: 'call', callee: this.#expression(callee!), args }
  }

  #arguments(list: SyntaxNode): Argument[] {
    const args: Argument[] = []
    const parts = childrenOf(list).filter((child) => !/^[(),]$/.test(child.name))
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!
      if (part.name === '*' || part.name === '**') {
        throw this.#refuse(part, `${part.name} in a call`, 'Write the arguments out.')
      }
      if (parts[i + 1]?.name === 'AssignOp') {
        const value = parts[i + 2]!
        args.push({ name: this.#slice(part), value: this.#expression(value), at: part.from })
        i += 2
      } else args.push({ name: undefined, value: this.#expression(part), at: part.from })
    }
    return args
  }

  /** The node of the `not`, `and` or `or` that makes the expression. */
  #logicalWord(node: SyntaxNode): SyntaxNode | undefined {
    const children = childrenOf(node)
    const op = children[node.name === 'UnaryExpression' ? 0 : 1]!
    const isLogical = /^(Unary|Binary)Expression$/.test(node.name) && LOGICAL.has(this.#slice(op))
    return isLogical && children.length === (node.name === 'UnaryExpression' ? 2 : 3) ? op : undefined
  }

  /** In the grammar, `not` also covers the `and` and `or` after it, so the terms are ordered anew. */
  #logical(node: SyntaxNode): Expression {
    const terms: LogicalTerm[] = []
    const collect = (part: SyntaxNode): void => {
      const op = this.#logicalWord(part)
      if (!op) {
        terms.push(this.#expression(part))
        return
      }
      for (const child of childrenOf(part)) {
        if (child.from === op.from) terms.push({ word: this.#slice(op) as LogicalWord, at: op.from })
        else this.#nested(child, () => collect(child))
      }
    }
    collect(node)
    return inOrder(terms)
  }

  #unary(node: SyntaxNode): Expression {
    const [op, operand] = childrenOf(node)
    // The least integer has no positive counterpart.
    const number = operand!.name === 'Number' && this.#slice(op!) === '-'
    if (number) return { ...this.#number(operand!, true), at: node.from }
    return {
      at: node.from,
      end: node.to,
      kind: 'unary',
      op: this.#slice(op!) as UnaryOp,
      operand: this.#expression(operand!),
    }
  }

  #binary(node: SyntaxNode): Expression {
    const children = childrenOf(node)
    const left = children[0]!
    const right = children.at(-1)!
    const opNode = children[1]!
    const written = this.#text.slice(opNode.from, children[children.length - 2]!.to).replace(/\s+/g, ' ')
    const op = OPERATORS[written]
    if (!op) {
      throw this.#refuse(
        opNode,
        `the operator ${written}`,
        OPERATOR_HINTS[written] ?? 'See the functions of px.',
      )
    }
    if (COMPARISONS.has(op) && left.name === 'BinaryExpression') {
      const inner = childrenOf(left)[1]!
      if (COMPARISONS.has(this.#slice(inner))) {
        throw this.#refuse(opNode, 'chained comparisons', 'Write a < b and b < c.')
      }
    }
    return {
      at: node.from,
      end: node.to,
      kind: 'binary',
      op,
      opAt: opNode.from,
      left: this.#expression(left),
      right: this.#expression(right),
    }
  }

  #slice(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to)
  }

  #refuse(node: SyntaxNode, what: string, hint: string): NixieError {
    return this.#source.error('compile_error', node.from, `PxL does not have ${what}`, hint)
  }

  #notPxl(node: SyntaxNode): NixieError {
    const [what, hint] = NOT_PXL[node.name] ?? [
      `'${this.#slice(node).slice(0, 30)}' here`,
      'PxL is a part of Python: import, def, return, assignments, calls and operators.',
    ]
    return this.#refuse(node, what, hint)
  }
}

const joined = (name: ImportedName, more: string): ImportedName => ({
  name: name.name + more,
  alias: name.name + more,
  at: name.at,
})

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = []
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'Comment') out.push(child)
  }
  return out
}
