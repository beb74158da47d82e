/** The modules that a script may import. Each is made at its first import. */
import { NixieError } from '../../errors'
import { isAggregate, isFunction } from '../../query/functions/registry'
import { nameHint } from '../../suggest'
import { PX_TYPES } from '../frames/casts'
import { unknownFunction } from '../frames/expressions'
import { parse } from '../language/parse'
import { SourceText } from '../language/source-text'
import type { Statement } from '../language/syntax'
import { type Builtins, constant, type Module, moduleOf, NONE, objectOf, type Value } from '../values/values'
import { OTHER_EXCHANGES } from './exchanges'
import PXVIEWS from './library/pxviews.pxl' with { type: 'text' }
import { otelModule } from './otel'
import { BUILTINS } from './px'
import { PXTRACE } from './tracing'

/** Modules that are PxL themselves. */
const TEXTS: Readonly<Record<string, string>> = { pxviews: `${PXVIEWS}\n${OTHER_EXCHANGES}` }

interface Library {
  readonly source: SourceText
  readonly statements: readonly Statement[]
}

const parsed = new Map<string, Library>()

function library(name: string): Library {
  const known = parsed.get(name)
  if (known) return known
  const source = new SourceText(name, TEXTS[name]!)
  const made = { source, statements: parse(source) }
  parsed.set(name, made)
  return made
}

const VIS: Builtins = {
  vega: {
    params: ['vega_spec'],
    description: 'Decorator: how the dataframe of the function is drawn.',
    run(args) {
      args.text('vega_spec')
      return objectOf('px.vis.vega')
    },
  },
}

const PXCONFIG: Builtins = {
  set_agent_config: {
    params: ['agent_pod_name', 'key', 'value'],
    description: 'A setting of an agent, or without its name of all.',
    run(args, world) {
      const [name, value] = args.get('value') ? ['key', 'value'] : ['agent_pod_name', 'key']
      if (name === 'key' && args.get('agent_pod_name')) args.text('agent_pod_name')
      const key = args.text(name!)
      args.constant(value!)
      world.act()
      world.warn(`pxconfig: ${key.slice(0, 80)} is ignored: scripts can't change settings`, args.at)
      return NONE
    },
  },
}

/** What a scheduled script covers; one that is run by hand covers the last minutes. */
const PLUGIN_SPAN_NS = 300_000_000_000n

function pxModule(nowNs: bigint): Module {
  return moduleOf('px', BUILTINS, {
    ...Object.fromEntries(PX_TYPES.map((type) => [type.name.slice(3), type])),
    vis: moduleOf('px.vis', VIS),
    otel: otelModule(),
    plugin: moduleOf(
      'px.plugin',
      {},
      {
        start_time: constant('INT64', nowNs - PLUGIN_SPAN_NS),
        end_time: constant('INT64', nowNs),
      },
    ),
  })
}

const MAKERS: Readonly<Record<string, (nowNs: bigint) => Module>> = {
  px: pxModule,
  pxtrace: () => moduleOf('pxtrace', PXTRACE),
  pxconfig: () => moduleOf('pxconfig', PXCONFIG),
}
const ALIASES: Readonly<Record<string, string>> = { pl: 'px' }
const NAMES: readonly string[] = [...Object.keys(MAKERS), ...Object.keys(TEXTS)]

/** One script's modules: it may assign to their attributes, so that each script has its own. */
export class Modules {
  readonly #made = new Map<string, Module>()
  readonly #nowNs: bigint
  readonly #run: (library: Library) => ReadonlyMap<string, Value>

  /** `run` runs the text of a module and gives its names. */
  constructor(nowNs: bigint, run: (library: Library) => ReadonlyMap<string, Value>) {
    this.#nowNs = nowNs
    this.#run = run
  }

  /** The module of a name such as `px` or `px.otel`. Throws `compile_error`. */
  get(path: string): Module {
    const [first = '', ...rest] = path.split('.')
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
    const module = MAKERS[name]?.(this.#nowNs) ?? this.#library(name)
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
