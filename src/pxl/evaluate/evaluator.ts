/** Runs a script at compile time: statements change names, dataframe operations grow the plan. */
import { NixieError } from '../../errors'
import type { Node } from '../../query/plan'
import { nameHint } from '../../suggest'
import { cast, PYTHON_TYPES } from '../frames/casts'
import { asExpr, bind, callEngine, placed } from '../frames/expressions'
import { assign } from '../frames/frames'
import { binary, unary } from '../frames/operators'
import type { SourceText } from '../language/source-text'
import type { Expression, Statement } from '../language/syntax'
import { Modules, memberOf } from '../modules/modules'
import { BoundArguments, bindArguments, type CallArgument, located } from '../values/arguments'
import type { TableSchema } from '../values/table-schema'
import {
  constant,
  describe,
  NONE,
  type ObjectValue,
  Scope,
  type TypeValue,
  type UserFunction,
  type Value,
  type World,
} from '../values/values'
import { attributeOf, calleeOf, elementOf } from './access'
import { annotatedType, conform } from './conform'
import { callMethod, hasMethod, METHOD_NAMES } from './methods'

/** Most work that a script may cause by calling its own functions. */
const MAX_STEPS = 500_000
const MAX_CALL_DEPTH = 40

const DECORATORS: readonly string[] = ['pxtrace.probe', 'px.vis.vega']

/** Inputs and outputs of a compilation. */
export interface Host {
  readonly tables: ReadonlyMap<string, TableSchema>
  /** Epoch nanoseconds. */
  readonly nowNs: bigint
  display(name: string, node: Node): void
  warn(message: string, position: { line: number; column: number }): void
  /** The script asks for more than tables: a tracepoint, a setting. */
  act(): void
}

export class Evaluator {
  readonly #world: World
  #modules: Modules
  #source: SourceText
  /** The place of the script that the text of a module runs for; undefined while the script's own text runs. */
  #entered: { readonly source: SourceText; readonly at: number } | undefined
  #steps = 0
  #callDepth = 0

  constructor(source: SourceText, { tables, nowNs, display, warn, act }: Host) {
    this.#source = source
    this.#world = {
      tables,
      nowNs,
      traced: new Map(),
      display,
      act,
      warn: (message, at) => warn(message, this.#place(at)),
      call: (fn, at) => this.call(fn, [], at),
    }
    this.#modules = this.#newModules()
  }

  /** A module's text has its own modules, so assignments of the script to `px` don't change it. */
  #newModules(): Modules {
    return new Modules(this.#world.nowNs, ({ source, statements }) => {
      const outer = this.#modules
      this.#modules = this.#newModules()
      try {
        const scope = this.globals()
        this.#inside(source, 0, () => this.run(statements, scope))
        return scope.own()
      } finally {
        this.#modules = outer
      }
    })
  }

  /** Runs `act` in another text: its errors and warnings stand at `at` of this one. */
  #inside<T>(source: SourceText, at: number, act: () => T): T {
    const from = this.#source
    if (source === from) return act()
    const entered = this.#entered
    this.#entered ??= { source: from, at }
    this.#source = source
    try {
      return act()
    } catch (cause) {
      if (!(cause instanceof NixieError) || cause.shape.line === undefined) throw cause
      const { code, message, hint, line, column } = cause.shape
      throw from.error(code, at, `${source.name} ${line}:${column}: ${message}`, hint)
    } finally {
      this.#source = from
      this.#entered = entered
    }
  }

  /** Names that every script starts with. */
  globals(): Scope {
    const scope = new Scope()
    for (const type of PYTHON_TYPES) scope.set(type.name, type)
    scope.set('__doc__', NONE)
    return scope
  }

  /** The value of the first `return`; undefined when there was none. */
  run(statements: readonly Statement[], scope: Scope): Value | undefined {
    for (const statement of statements) {
      if (statement.kind === 'return') {
        if (this.#callDepth === 0) {
          const hint = "Show a result with px.display(df, 'name')."
          throw this.#source.error('compile_error', statement.at, 'return outside of a function', hint)
        }
        return statement.value ? this.#evaluate(statement.value, scope) : NONE
      }
      this.#execute(statement, scope)
    }
    return undefined
  }

  #execute(statement: Exclude<Statement, { kind: 'return' }>, scope: Scope): void {
    switch (statement.kind) {
      case 'expression':
        this.#evaluate(statement.value, scope)
        return
      case 'assign':
        this.#assign(statement.target, this.#evaluate(statement.value, scope), statement.value.at, scope)
        return
      case 'function':
        scope.set(statement.name, this.#define(statement, scope))
        return
      case 'import':
        this.#import(statement, scope)
    }
  }

  #define(statement: Statement & { kind: 'function' }, scope: Scope): UserFunction {
    const names = new Set<string>()
    const params = statement.params.map((param) => {
      if (names.has(param.name)) {
        throw this.#source.error(
          'syntax_error',
          param.at,
          `The argument '${param.name}' is there twice`,
          'Rename one.',
        )
      }
      names.add(param.name)
      const fallback = param.fallback && this.#evaluate(param.fallback, scope)
      // Checked here so that a misspelt type is an error before the first call.
      if (param.annotation) this.#annotation(param.annotation, scope)
      return { ...param, fallback }
    })
    const decorators = statement.decorators.map((decorator) => this.#decorator(decorator, scope))
    const { name, body, at } = statement
    return { kind: 'function', name, params, body, decorators, scope, source: this.#source, at }
  }

  #decorator(expression: Expression, scope: Scope): ObjectValue {
    const value = this.#evaluate(expression, scope)
    if (value.kind === 'object' && DECORATORS.includes(value.type)) return value
    const hint = `PxL's decorators are ${DECORATORS.map((name) => `@${name}('…')`).join(' and ')}.`
    throw this.#source.error('type_error', expression.at, `${describe(value)} is not a decorator`, hint)
  }

  /** `import a.b` gives the name a, as in Python. */
  #import(statement: Statement & { kind: 'import' }, scope: Scope): void {
    for (const { name, alias, at } of statement.names) {
      const value = located(this.#source, at, () => {
        if (statement.from !== undefined) return memberOf(this.#modules.get(statement.from), name)
        const module = this.#modules.get(name)
        return alias === name ? this.#modules.get(name.split('.')[0]!) : module
      })
      scope.set(alias === name ? name.split('.')[0]! : alias, value)
    }
  }

  #assign(target: Expression, value: Value, valueAt: number, scope: Scope): void {
    const what = 'What is assigned'
    if (target.kind === 'name') {
      scope.set(target.name, value)
    } else if (target.kind === 'attribute') {
      const object = this.#evaluate(target.object, scope)
      if (object.kind === 'module') object.members.set(target.name, value)
      else {
        located(this.#source, target.nameAt, () => refuseMethod(object, target.name))
        this.#assignColumn(target.object, object, target.name, target.nameAt, value, valueAt, scope)
      }
    } else if (target.kind === 'subscript') {
      const object = this.#evaluate(target.object, scope)
      const index = this.#evaluate(target.index, scope)
      if (index.kind !== 'constant' || typeof index.value !== 'string') {
        const message = `A column is assigned by its name, not by ${describe(index)}`
        throw this.#source.error('type_error', target.index.at, message, "Write df['name'] = …")
      }
      this.#assignColumn(target.object, object, index.value, target.index.at, value, valueAt, scope)
    } else throw this.#source.error('compile_error', target.at, `${what} has no name`, '')
  }

  #assignColumn(
    target: Expression,
    object: Value,
    name: string,
    at: number,
    value: Value,
    valueAt: number,
    scope: Scope,
  ): void {
    if (object.kind !== 'frame') {
      const message = `Columns are assigned to a dataframe, not to ${describe(object)}`
      throw this.#source.error('type_error', target.at, message, 'df = px.DataFrame(…) makes one.')
    }
    if (target.kind !== 'name') {
      const hint = 'Give the dataframe a name first: df = …, then df.column = ….'
      throw this.#source.error('compile_error', target.at, 'Columns are assigned to a named dataframe', hint)
    }
    const expr = located(this.#source, valueAt, () => bind(asExpr(value, `df.${name}`), object.node))
    const node = located(this.#source, at, () => assign(object.node, name, expr))
    scope.set(target.name, { kind: 'frame', node })
  }

  #evaluate(expression: Expression, scope: Scope): Value {
    if (++this.#steps > MAX_STEPS) {
      const hint = 'Functions that call each other many times cost too much: simplify them.'
      throw this.#source.error('limit_exceeded', expression.at, 'The script does too much', hint)
    }
    const value = located(this.#source, expression.at, () => this.#unlocated(expression, scope))
    if (value.kind !== 'column') return value
    const expr = placed(value.expr, () => this.#place(expression.at))
    return expr === value.expr ? value : { kind: 'column', expr }
  }

  /** The place in the script's own text. */
  #place(at: number): { line: number; column: number } {
    const { source, at: place } = this.#entered ?? { source: this.#source, at }
    return source.position(place)
  }

  #unlocated(expression: Expression, scope: Scope): Value {
    switch (expression.kind) {
      case 'name': {
        const value = scope.get(expression.name)
        if (value) return atUse(value, expression.at)
        const hint = nameHint(expression.name, [...new Set(scope.names())], 'names')
        throw new NixieError(
          'compile_error',
          `There is no name '${expression.name}'`,
          importHint(expression.name) ?? hint,
        )
      }
      case 'string':
        return constant('STRING', expression.value)
      case 'int':
        return constant('INT64', expression.value)
      case 'float':
        return constant('FLOAT64', expression.value)
      case 'bool':
        return constant('BOOLEAN', expression.value)
      case 'none':
        return NONE
      case 'list':
      case 'tuple': {
        const items = expression.items.map((item) => ({ value: this.#evaluate(item, scope), at: item.at }))
        return { kind: expression.kind, items }
      }
      case 'dict': {
        const entries = expression.entries.map(
          ([key, value]) => [this.#evaluate(key, scope), this.#evaluate(value, scope)] as const,
        )
        return { kind: 'dict', entries }
      }
      case 'attribute': {
        const object = this.#evaluate(expression.object, scope)
        return located(this.#source, expression.nameAt, () => attributeOf(object, expression.name))
      }
      case 'subscript': {
        const object = this.#evaluate(expression.object, scope)
        const index = { value: this.#evaluate(expression.index, scope), at: expression.index.at }
        return located(this.#source, index.at, () => elementOf(object, index, this.#source))
      }
      case 'call':
        return this.#callExpression(expression, scope)
      case 'unary':
        return unary(expression.op, this.#evaluate(expression.operand, scope))
      case 'binary': {
        const left = this.#evaluate(expression.left, scope)
        const right = this.#evaluate(expression.right, scope)
        return located(this.#source, expression.opAt, () => binary(expression.op, left, right))
      }
    }
  }

  #callExpression(expression: Expression & { kind: 'call' }, scope: Scope): Value {
    const callee = this.#callee(expression.callee, scope)
    const args = expression.args.map((arg) => ({
      name: arg.name,
      value: this.#evaluate(arg.value, scope),
      at: arg.value.at,
    }))
    return this.#call(callee, args, expression.callee.at)
  }

  #callee(expression: Expression, scope: Scope): Value {
    if (expression.kind !== 'attribute') return this.#evaluate(expression, scope)
    const of = this.#evaluate(expression.object, scope)
    return located(this.#source, expression.nameAt, () => calleeOf(of, expression.name))
  }

  #call(callee: Value, args: readonly CallArgument[], at: number): Value {
    const source = this.#source
    switch (callee.kind) {
      case 'function':
        return this.call(callee, args, at)
      case 'method':
        return callMethod(callee.name, callee.of, args, { source, at, warn: this.#world.warn })
      case 'builtin': {
        const { params, aliases = {}, run } = callee.builtin
        const known = args.map((arg) =>
          arg.name !== undefined && Object.hasOwn(aliases, arg.name)
            ? { ...arg, name: aliases[arg.name] }
            : arg,
        )
        return run(new BoundArguments(callee.name, params, known, source, at), this.#world)
      }
      case 'engine': {
        const named = args.find((arg) => arg.name !== undefined)
        if (named) {
          const message = `px.${callee.name} takes no keyword arguments`
          throw source.error('compile_error', named.at, message, 'Give its arguments in order.')
        }
        const exprs = args.map((arg, i) =>
          located(source, arg.at, () => asExpr(arg.value, `Argument ${i + 1} of px.${callee.name}`)),
        )
        return { kind: 'column', expr: callEngine(callee.name, exprs) }
      }
      case 'type': {
        if (callee.holds) {
          const hint = `Write it behind an argument's name: def f(a: ${callee.name}).`
          throw new NixieError('compile_error', `${callee.name} is a type and makes no value`, hint)
        }
        const [arg, more] = args
        if (!arg || more || arg.name !== undefined || callee.type === undefined) {
          throw new NixieError(
            'compile_error',
            `${callee.name} takes one column`,
            `Write ${callee.name}(df.column).`,
          )
        }
        return located(source, arg.at, () => cast(callee, arg.value, this.#world.nowNs))
      }
      default:
        throw new NixieError('type_error', `${describe(callee)} cannot be called`, callHint(callee))
    }
  }

  /** Calls a function of the script. */
  call(fn: UserFunction, args: readonly CallArgument[], at: number): Value {
    if (this.#callDepth >= MAX_CALL_DEPTH) {
      throw this.#source.error(
        'compile_error',
        at,
        `Calls of ${fn.name} nest too deeply`,
        'PxL has no recursion.',
      )
    }
    const names = fn.params.map((param) => param.name)
    const bound = bindArguments(fn.name, names, args, this.#source)
    const scope = new Scope(fn.scope)
    for (const param of fn.params) {
      const given = bound.get(param.name)
      const value = given?.value ?? param.fallback
      if (value === undefined) {
        const hint = `It takes ${names.join(', ')}.`
        throw this.#source.error('compile_error', at, `${fn.name} needs the argument '${param.name}'`, hint)
      }
      const type = param.annotation && this.#annotation(param.annotation, fn.scope)
      const checked = type
        ? located(this.#source, given?.at ?? at, () =>
            conform(value, type, `${fn.name}: '${param.name}'`, this.#world.nowNs),
          )
        : value
      scope.set(param.name, checked)
    }
    this.#callDepth++
    try {
      return this.#inside(fn.source, at, () => this.run(fn.body, scope) ?? NONE)
    } finally {
      this.#callDepth--
    }
  }

  /** The type that a parameter's annotation names. */
  #annotation(expression: Expression, scope: Scope): TypeValue {
    const value = this.#evaluate(expression, scope)
    const type = annotatedType(value)
    if (type) return type
    const hint =
      'Types are str, int, float, bool, px.DataFrame, px.Pod, px.Service, px.Namespace, px.Node, ….'
    throw this.#source.error('type_error', expression.at, `${describe(value)} is not a type`, hint)
  }

  /** The type of a parameter, for arguments that come as text; undefined without annotation. */
  parameterType(fn: UserFunction, name: string): TypeValue | undefined {
    const annotation = fn.params.find((param) => param.name === name)?.annotation
    return annotation && this.#annotation(annotation, fn.scope)
  }
}

/** `df.groupby = …` would hide the method. */
function refuseMethod(object: Value, name: string): void {
  if (name !== 'ctx' && !hasMethod(object, name)) return
  throw new NixieError(
    'compile_error',
    `${name} belongs to every dataframe and is no column`,
    `Choose another name, or write df['${name}'] = ….`,
  )
}

/** Errors in the elements of a named list are reported where the name is used. */
function atUse(value: Value, at: number): Value {
  if (value.kind !== 'list' && value.kind !== 'tuple') return value
  return { kind: value.kind, items: value.items.map((item) => ({ value: item.value, at })) }
}

function importHint(name: string): string | undefined {
  return name === 'px' ? 'Begin the script with import px.' : undefined
}

function callHint(value: Value): string {
  if (value.kind === 'column' && value.expr.kind === 'column')
    return `Methods are ${METHOD_NAMES.join(', ')}.`
  return 'Only functions can be called.'
}
