/** The module `px`: the functions that the compiler itself evaluates. All others are functions of the engine. */
import { NixieError } from '../../errors'
import type { Expr, Node } from '../../query/plan'
import { unknownTable } from '../../suggest'
import { asExpr, callEngine, columnOf } from '../frames/expressions'
import { empty, keep, scan } from '../frames/frames'
import { binary } from '../frames/operators'
import { strptime } from '../values/strptime'
import { checkRange, formatDuration, parseDuration, parseTime } from '../values/time'
import { upidOf } from '../values/upid'
import {
  type Arguments,
  type Builtin,
  type Builtins,
  constant,
  describe,
  NONE,
  type Value,
  type World,
} from '../values/values'
import { exportData } from './otel'
import { VIRTUAL_TABLE_FUNCTIONS } from './virtual-tables'

const NS_PER: Readonly<Record<string, bigint>> = {
  days: 86_400_000_000_000n,
  hours: 3_600_000_000_000n,
  minutes: 60_000_000_000n,
  seconds: 1_000_000_000n,
  milliseconds: 1_000_000n,
  microseconds: 1_000n,
}

function durationOf(unit: string): Builtin {
  return {
    params: ['unit'],
    description: `That many ${unit} in nanoseconds.`,
    run(args) {
      const { value } = args.constant('unit')
      if (typeof value === 'bigint') return constant('INT64', BigInt.asIntN(64, value * NS_PER[unit]!))
      const ns = typeof value === 'number' ? value * Number(NS_PER[unit]) : Number.NaN
      if (Math.abs(ns) < 2 ** 63) return constant('INT64', BigInt(Math.round(ns)))
      return args.within('unit', () => {
        throw new NixieError('type_error', `px.${unit} takes a number`, `Write px.${unit}(5).`)
      })
    },
  }
}

/** A time given as text, nanoseconds or time, in epoch nanoseconds. */
function timeOf(args: Arguments, name: string, nowNs: bigint): bigint | undefined {
  if (!args.get(name)) return undefined
  const { value } = args.constant(name)
  return args.within(name, () => {
    if (typeof value === 'bigint') return value
    if (typeof value === 'string') return parseTime(value, nowNs, name)
    throw new NixieError('bad_time_range', `${name}: ${value} is not a time`, "Write '-5m'.")
  })
}

/** The rows of a stored table, or the columns of one that a tracepoint would fill. */
function tableOf(
  args: Arguments,
  world: World,
  startNs: bigint | undefined,
  endNs: bigint | undefined,
): Node {
  const name = args.text('table')
  const traced = world.traced.get(name)
  if (traced) return empty(traced)
  const table = world.tables.get(name)
  if (table) {
    if (table.recorded === false) world.warn(`${name}: nothing records it yet, it is empty`, args.at)
    return scan(table, startNs, endNs)
  }
  return args.within('table', () => {
    throw unknownTable(name, [...world.tables.keys(), ...world.traced.keys()])
  })
}

function dataFrame(args: Arguments, world: World): Value {
  const startNs = timeOf(args, 'start_time', world.nowNs)
  const endNs = timeOf(args, 'end_time', world.nowNs)
  const node = tableOf(args, world, startNs, endNs)
  args.within(startNs === undefined ? 'end_time' : 'start_time', () =>
    checkRange(startNs, endNs, world.nowNs),
  )
  const names = args.get('select') ? args.names('select', (column) => columnOf(node, column)) : []
  if (names.length === 0) return { kind: 'frame', node }
  return { kind: 'frame', node: args.within('select', () => keep(node, names)) }
}

function show(prefix: string): Builtin['run'] {
  return (args, world) => {
    const node = args.frame('df')
    const name = args.get('name') ? args.text('name') : 'output'
    world.display(prefix + name, node)
    return NONE
  }
}

/** A link to another script: JSON with its label, its name and its arguments, which the UI shows as a link. */
function scriptReference(args: Arguments): Value {
  const part = (name: string) => textExpr(asExpr(args.required(name).value, name), name)
  const parts = [args.within('label', () => part('label')), args.within('script', () => part('script'))]
  const given = args.get('args')
  if (given) {
    if (given.value.kind !== 'dict') {
      return args.within('args', () => {
        throw new NixieError(
          'type_error',
          `args must be a dictionary, not ${describe(given.value)}`,
          "Write {'pod': df.pod}.",
        )
      })
    }
    for (const [key, value] of given.value.entries) {
      const pair = args.within('args', () => [
        textExpr(asExpr(key, 'A key'), 'A key'),
        textExpr(asExpr(value, 'A value'), 'A value'),
      ])
      parts.push(...pair)
    }
  }
  return { kind: 'column', expr: callEngine('_script_reference', parts) }
}

function textExpr(expr: Expr, what: string): Expr {
  if (expr.type === 'STRING') return expr
  if (expr.kind === 'literal')
    return { kind: 'literal', type: 'STRING', semantic: expr.semantic, value: String(expr.value) }
  if (expr.type === 'INT64') return callEngine('itoa', [expr])
  throw new NixieError('type_error', `${what} must be a STRING, not ${expr.type}`, 'Make a text of it first.')
}

function equalsAny(args: Arguments): Value {
  const { value: list, at } = args.required('values')
  if (list.kind !== 'list' && list.kind !== 'tuple') {
    throw args.source.error(
      'type_error',
      at,
      `px.equals_any needs a list, not ${describe(list)}`,
      'Write [a, b].',
    )
  }
  const column = args.required('value').value
  return list.items.reduce<Value>(
    (any, item) => binary('or', any, binary('==', column, item.value)),
    constant('BOOLEAN', false),
  )
}

function parsed(
  args: Arguments,
  name: string,
  read: (text: string) => bigint | undefined,
  hint: string,
): bigint {
  const text = args.text(name)
  const value = read(text)
  if (value !== undefined) return value
  return args.within(name, () => {
    throw new NixieError('bad_time_range', `'${text.slice(0, 60)}' is not what ${args.what} reads`, hint)
  })
}

export const BUILTINS: Builtins = {
  DataFrame: {
    params: ['table', 'select', 'start_time', 'end_time'],
    description: 'The rows of a table in a time range.',
    run: dataFrame,
  },
  display: { params: ['df', 'name'], description: 'Shows a dataframe as a result table.', run: show('') },
  debug: { params: ['df', 'name'], description: 'Shows a dataframe beside the results.', run: show('_') },
  export: {
    params: ['df', 'data'],
    description: 'Sends a dataframe as OpenTelemetry data.',
    run: exportData,
  },
  now: {
    params: [],
    description: 'The time of the run in epoch nanoseconds.',
    run: (_, { nowNs }) => constant('INT64', nowNs),
  },
  ...Object.fromEntries(Object.keys(NS_PER).map((unit) => [unit, durationOf(unit)])),
  parse_duration: {
    params: ['duration'],
    description: "Nanoseconds of a duration such as '-5m'.",
    run: (args) =>
      constant('INT64', parsed(args, 'duration', parseDuration, "Write '-5m', '30s' or '1h30m'.")),
  },
  parse_time: {
    params: ['time'],
    description: 'A time from a relative or absolute text, or from nanoseconds.',
    run: (args, { nowNs }) => {
      args.required('time')
      return constant('TIME64NS', timeOf(args, 'time', nowNs) ?? nowNs)
    },
  },
  format_duration: {
    params: ['duration'],
    description:
      'A duration as text in the largest whole unit, rounded down: 300000000000 is 5m, 90 s are 1m.',
    run: (args) => constant('STRING', formatDuration(args.int('duration'))),
  },
  strptime: {
    params: ['date_string', 'format'],
    description: 'A time from a text in the format of strptime in C: %Y-%m-%d %H:%M:%S %z.',
    run: (args) => {
      const format = args.text('format')
      const ns = parsed(
        args,
        'date_string',
        (text) => strptime(text, format),
        'Text and format must fit: %Y-%m-%d %H:%M:%S %z.',
      )
      return constant('TIME64NS', ns)
    },
  },
  equals_any: {
    params: ['value', 'values'],
    description: 'Whether the value is one of a list.',
    run: equalsAny,
  },
  uint128: {
    params: ['uuid'],
    description: 'The id of a process, from its text as UUID or as asid:pid:start.',
    run: (args) => args.within('uuid', () => constant('UINT128', upidOf(args.text('uuid')), 'ST_UPID')),
  },
  make_upid: {
    params: ['asid', 'pid', 'ts_ns'],
    description: 'The id of a process from its parts.',
    run: (args) =>
      constant('UINT128', `${args.int('asid')}:${args.int('pid')}:${args.int('ts_ns')}`, 'ST_UPID'),
  },
  script_reference: {
    params: ['label', 'script', 'args'],
    description: 'A link to another script.',
    run: scriptReference,
  },
  ...VIRTUAL_TABLE_FUNCTIONS,
}
