/** The modules that a script may import, made when it first asks for one. */
import { NixieError } from '../errors'
import { isAggregate, isFunction } from '../query/functions/registry'
import { nameHint } from '../suggest'
import { moduleOf } from './builtin'
import { unknownFunction } from './expressions'
import PXVIEWS from './library/pxviews.pxl' with { type: 'text' }
import { parse } from './parse'
import { BUILTINS, PX_TYPES } from './px'
import { Source } from './source'
import type { Statement } from './syntax'
import type { Module, Value } from './values'

/** Modules that are PxL themselves. */
const TEXTS: Readonly<Record<string, string>> = { pxviews: PXVIEWS }

interface Library {
  readonly source: Source
  readonly statements: readonly Statement[]
}

const parsed = new Map<string, Library>()

function library(name: string): Library {
  const known = parsed.get(name)
  if (known) return known
  const source = new Source(name, TEXTS[name]!)
  const made = { source, statements: parse(source) }
  parsed.set(name, made)
  return made
}

function px(): Module {
  return moduleOf('px', BUILTINS, Object.fromEntries(PX_TYPES.map((type) => [type.name.slice(3), type])))
}

const MAKERS: Readonly<Record<string, () => Module>> = { px }
const ALIASES: Readonly<Record<string, string>> = { pl: 'px' }
const NAMES: readonly string[] = [...Object.keys(MAKERS), ...Object.keys(TEXTS)]

/** One script's modules: it may assign to their attributes, so that each script has its own. */
export class Modules {
  readonly #made = new Map<string, Module>()
  readonly #run: (library: Library) => ReadonlyMap<string, Value>

  /** `run` runs the text of a module and gives its names. */
  constructor(run: (library: Library) => ReadonlyMap<string, Value>) {
    this.#run = run
  }

  /** The module of a name such as `px` or `px.otel`. Throws `compile_error`. */
  get(path: string): Module {
    const [first, ...rest] = path.split('.') as [string, ...string[]]
    let module = this.#root(first)
    for (const name of rest) {
      const member = module.members.get(name)
      if (member?.kind !== 'module') throw unknownModule(path, this.#paths())
      module = member
    }
    return module
  }

  #root(given: string): Module {
    const name = Object.hasOwn(ALIASES, given) ? ALIASES[given]! : given
    const known = this.#made.get(name)
    if (known) return known
    if (!NAMES.includes(name)) throw unknownModule(given, this.#paths())
    const module = MAKERS[name]?.() ?? this.#library(name)
    this.#made.set(name, module)
    return module
  }

  #library(name: string): Module {
    const members = new Map<string, Value>()
    for (const [member, value] of this.#run(library(name))) {
      if (value.kind === 'function') members.set(member, value)
    }
    return { kind: 'module', name, members }
  }

  #paths(): string[] {
    const inner = [...this.#root('px').members].flatMap(([name, value]) =>
      value.kind === 'module' ? [`px.${name}`] : [],
    )
    return [...NAMES, ...inner]
  }
}

function unknownModule(name: string, known: readonly string[]): NixieError {
  return new NixieError(
    'compile_error',
    `There is no module '${name.slice(0, 80)}'`,
    nameHint(name, known, 'modules'),
  )
}

/** `module.name`; `px` has the engine's functions too. Throws `compile_error`. */
export function memberOf(module: Module, name: string): Value {
  const member = module.members.get(name)
  if (member) return member
  if (module.name === 'px') {
    if (isFunction(name) || isAggregate(name)) return { kind: 'engine', name }
    throw unknownFunction(name, [...module.members.keys()])
  }
  throw new NixieError(
    'compile_error',
    `${module.name} has no '${name.slice(0, 80)}'`,
    nameHint(name, [...module.members.keys()], 'names'),
  )
}
