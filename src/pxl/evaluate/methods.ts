/** What can be called on a dataframe and on a groupby. */
import { NixieError } from '../../errors'
import type { Node } from '../../query/plan'
import { callEngine, columnOf, literal } from '../frames/expressions'
import {
  type AggregateSpec,
  aggregate,
  append,
  assign,
  checkJoinKeys,
  checkJoinKind,
  drop,
  head,
  type JoinKind,
  merge,
} from '../frames/frames'
import type { SourceText } from '../language/source-text'
import { BoundArguments, type CallArgument, located, namesOf } from '../values/arguments'
import { parseDuration } from '../values/time'
import { constant, describe, type Value } from '../values/values'

/** Where a method is called. */
export interface CallSite {
  readonly source: SourceText
  readonly at: number
  warn(message: string, at: number): void
}

type Method = (node: Node, args: readonly CallArgument[], site: CallSite) => Value

const METHODS: Readonly<Record<string, Method>> = {
  drop(node, list, { source, at }) {
    const args = new BoundArguments('drop', ['columns'], list, source, at)
    const names = args.names('columns', (name) => columnOf(node, name))
    return frame(args.within('columns', () => drop(node, names)))
  },
  groupby(node, list, { source, at }) {
    const args = new BoundArguments('groupby', ['by'], list, source, at)
    const keys = args.names('by', (name) => columnOf(node, name))
    // agg checks this too, but here the error names the place of the keys.
    if (keys.length > 0) args.within('by', () => aggregate(node, keys, []))
    return { kind: 'grouped', node, keys }
  },
  agg: (node, list, site) => frame(aggregate(node, [], aggregateSpecs(node, list, site))),
  merge: (node, list, site) => frame(mergeOf(node, list, site)),
  append(node, list, { source, at }) {
    const args = new BoundArguments('append', ['objs'], list, source, at)
    const { value, at: place } = args.required('objs')
    const others = value.kind === 'list' || value.kind === 'tuple' ? value.items : [{ value, at: place }]
    const nodes = others.map((item) => {
      if (item.value.kind === 'frame') return item.value.node
      const message = `append needs dataframes, not ${describe(item.value)}`
      throw source.error('type_error', item.at, message, 'Write df.append(other) or df.append([a, b]).')
    })
    return frame(args.within('objs', () => append(node, nodes)))
  },
  rolling,
  stream(node, list, { source, at, warn }) {
    new BoundArguments('stream', [], list, source, at)
    warn('stream: it answers once, with the rows stored so far', at)
    return frame(node)
  },
  head(node, list, { source, at }) {
    // Pixie's planner uses it to choose where to run. Here there is only one place.
    const args = new BoundArguments('head', ['n', '_pem_only'], list, source, at)
    const rows = args.get('n') ? args.int('n') : 5n
    if (rows >= 0n && rows <= BigInt(Number.MAX_SAFE_INTEGER)) return frame(head(node, Number(rows)))
    return args.within('n', () => {
      throw new NixieError('type_error', `head takes a number of rows, not ${rows}`, 'Write df.head(100).')
    })
  },
}

const WINDOW_KEY = 'time_'

/** Rolling windows over stored rows follow each other without overlap: `time_` becomes the start of one. */
function rolling(node: Node, list: readonly CallArgument[], { source, at }: CallSite): Value {
  const args = new BoundArguments('rolling', ['window', 'on'], list, source, at)
  const { value } = args.constant('window')
  const ns = typeof value === 'string' ? parseDuration(value) : typeof value === 'bigint' ? value : undefined
  args.within('window', () => {
    if (ns !== undefined && ns > 0n) return
    throw new NixieError(
      'type_error',
      `rolling: ${String(value).slice(0, 40)} is not a duration`,
      "Write df.rolling('2s').",
    )
  })
  const on = args.get('on') ? args.text('on') : WINDOW_KEY
  const time = args.within('on', () => columnOf(node, on))
  args.within('on', () => {
    if (on === WINDOW_KEY && time.type === 'TIME64NS') return
    throw new NixieError(
      'type_error',
      `rolling goes over the time_ of rows, not over '${on.slice(0, 80)}'`,
      "Leave 'on' out.",
    )
  })
  const start = callEngine('bin', [time, literal(constant('INT64', ns!))])
  return { kind: 'rolling', node: assign(node, WINDOW_KEY, start) }
}

const withWindow = (keys: readonly string[]): string[] => [
  WINDOW_KEY,
  ...keys.filter((key) => key !== WINDOW_KEY),
]

/** Hints for values that are not yet a dataframe: what must follow them. */
export const FOLLOWS: Partial<Record<Value['kind'], string>> = {
  grouped: 'A groupby is followed by agg(…).',
  rolling: 'A rolling is followed by groupby(…).agg(…) or agg(…).',
}

export function hasMethod({ kind }: Value, name: string): boolean {
  if (kind === 'frame') return isMethod(name)
  return (
    (name === 'agg' && (kind === 'grouped' || kind === 'rolling')) ||
    (name === 'groupby' && kind === 'rolling')
  )
}

export const isMethod = (name: string): boolean => Object.hasOwn(METHODS, name)
export const METHOD_NAMES: readonly string[] = Object.keys(METHODS)

export function callMethod(name: string, of: Value, args: readonly CallArgument[], site: CallSite): Value {
  if (of.kind === 'grouped' && name === 'agg') {
    return frame(aggregate(of.node, of.keys, aggregateSpecs(of.node, args, site)))
  }
  if (of.kind === 'rolling' && name === 'agg') {
    return frame(aggregate(of.node, withWindow([]), aggregateSpecs(of.node, args, site)))
  }
  if (of.kind === 'rolling' && name === 'groupby') {
    const grouped = METHODS.groupby!(of.node, args, site)
    return grouped.kind === 'grouped' ? { ...grouped, keys: withWindow(grouped.keys) } : grouped
  }
  if (of.kind === 'frame') return METHODS[name]!(of.node, args, site)
  throw new NixieError('type_error', `${describe(of)} has no method ${name}`, FOLLOWS[of.kind])
}

const frame = (node: Node): Value => ({ kind: 'frame', node })

const AGG_HINT = "Write agg(name=('column', px.count))."

function aggregateSpecs(node: Node, args: readonly CallArgument[], { source }: CallSite): AggregateSpec[] {
  return args.map(({ name, value, at }) => {
    if (name === undefined)
      throw source.error('compile_error', at, 'agg takes keyword arguments only', AGG_HINT)
    if (value.kind !== 'tuple' && value.kind !== 'list') {
      throw source.error('type_error', at, `agg: '${name}' must be a pair, not ${describe(value)}`, AGG_HINT)
    }
    const fn = value.items.at(-1)
    if (!fn || value.items.length < 2)
      throw source.error('compile_error', at, `agg: '${name}' must be a pair`, AGG_HINT)
    const [from, ...others] = value.items
      .slice(0, -1)
      .flatMap((column) => namesOf(column, source, `agg: '${name}'`, (given) => columnOf(node, given)))
    if (from === undefined || fn.value.kind !== 'engine') {
      throw source.error(
        'type_error',
        fn.at,
        `agg: '${name}' needs an aggregate, not ${describe(fn.value)}`,
        AGG_HINT,
      )
    }
    const spec = { name, column: from, more: others, fn: fn.value.name }
    // Each aggregate is checked alone first, so that an error has its place.
    located(source, fn.at, () => aggregate(node, [], [spec]))
    return spec
  })
}

function mergeOf(left: Node, list: readonly CallArgument[], { source, at }: CallSite): Node {
  const args = new BoundArguments(
    'merge',
    ['right', 'how', 'left_on', 'right_on', 'suffixes'],
    list,
    source,
    at,
  )
  const right = args.frame('right')
  const how = args.get('how') ? args.text('how') : 'inner'
  const leftOn = args.names('left_on', (name) => columnOf(left, name))
  const rightOn = args.names('right_on', (name) => columnOf(right, name))
  args.within('how', () => checkJoinKind(how))
  args.within('right_on', () => checkJoinKeys(left, right, leftOn, rightOn))
  const suffixes = args.get('suffixes') ? args.names('suffixes') : ['_x', '_y']
  const [first, second, more] = suffixes
  if (first === undefined || second === undefined || more !== undefined) {
    return args.within('suffixes', () => {
      throw new NixieError('compile_error', 'suffixes must be two texts', "Write suffixes=['', '_y'].")
    })
  }
  return merge(left, right, { how: how as JoinKind, leftOn, rightOn, suffixes: [first, second] })
}
