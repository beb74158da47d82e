/** The module `pxtrace`: tracepoints are checked, and their tables have columns, but nothing is traced. */
import { NixieError } from '../../errors'
import type { TypedColumn } from '../../query/plan'
import { located } from '../values/arguments'
import { parseDuration } from '../values/time'
import { upidOf } from '../values/upid'
import {
  type Arguments,
  type Builtin,
  type Builtins,
  constant,
  describe,
  NONE,
  objectOf,
  type PlacedValue,
  type Value,
  type World,
} from '../values/values'
import { listed, printedColumns, sameColumns } from './trace-program'

const NOT_ENABLED = 'Dynamic tracing is not enabled yet'

const TARGETS = ['pxtrace.PodProcess', 'pxtrace.LabelSelector', 'pxtrace.SharedObject', 'pxtrace.kprobe']
const EXPRESSIONS = ['pxtrace.ArgExpr', 'pxtrace.RetExpr', 'pxtrace.FunctionLatency']

const isObject = (value: Value, types: readonly string[]): boolean =>
  value.kind === 'object' && types.includes(value.type)

/** `asid:pid:start` as text, or a UINT128. */
function upid(args: Arguments, name: string): Value {
  const { value } = args.constant(name)
  return args.within(name, () => {
    if (typeof value === 'string') return constant('UINT128', upidOf(value), 'ST_UPID')
    throw new NixieError('type_error', `${args.what} takes a upid`, 'Write px.make_upid(asid, pid, start).')
  })
}

function checkTarget(args: Arguments): void {
  const { value } = args.required('target')
  if (isObject(value, TARGETS) || (value.kind === 'constant' && value.type === 'UINT128')) return
  args.within('target', () => {
    throw new NixieError(
      'type_error',
      `A tracepoint's target is not ${describe(value)}`,
      `Targets are pxtrace.UPID(upid), ${TARGETS.map((target) => `${target}(…)`).join(', ')}.`,
    )
  })
}

function checkTtl(args: Arguments): void {
  const { value } = args.constant('ttl')
  const ns = typeof value === 'string' ? parseDuration(value) : typeof value === 'bigint' ? value : undefined
  if (ns !== undefined && ns > 0n) return
  args.within('ttl', () => {
    throw new NixieError('type_error', `ttl: ${String(value).slice(0, 40)} is not a duration`, "Write '10m'.")
  })
}

/** The columns of a program's text, of a program, or of several that fit different kernels. */
function programColumns({ value, at }: PlacedValue, args: Arguments): readonly TypedColumn[] | undefined {
  if (value.kind === 'object' && value.type === 'pxtrace.TraceProgram') {
    return programColumns({ value: value.fields.get('program')!, at }, args)
  }
  if (value.kind === 'constant' && typeof value.value === 'string') {
    const program = value.value
    return located(args.source, at, () => printedColumns(program))
  }
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined
  let columns: readonly TypedColumn[] | undefined
  for (const item of value.items) {
    const printed = programColumns(item, args)
    if (!printed) return undefined
    if (columns && !sameColumns(columns, printed)) {
      const message = `The programs print different columns: (${listed(columns)}) and (${listed(printed)})`
      throw args.source.error(
        'compile_error',
        item.at,
        message,
        'Programs of one table print the same columns.',
      )
    }
    columns = printed
  }
  return columns
}

/** The columns of a function under @pxtrace.probe: the process, the time, and what it returns. */
function probeColumns(value: Value, args: Arguments): readonly TypedColumn[] {
  const dictionaries =
    value.kind === 'list' || value.kind === 'tuple' ? value.items.map((i) => i.value) : [value]
  const returned = dictionaries.flatMap((one) =>
    one.kind === 'dict' ? one.entries.map(expressionColumn) : [undefined],
  )
  const columns = [...PROBE_COLUMNS, ...returned.filter((column) => column !== undefined)]
  const names = new Set(columns.map((c) => c.name))
  if (returned.length > 0 && names.size === PROBE_COLUMNS.length + returned.length) return columns
  const hint = "End it with return [{'name': pxtrace.ArgExpr('argument')}], each name once."
  return args.within('probe_fn', () => {
    throw new NixieError('type_error', `A probe does not return ${describe(value)} like this`, hint)
  })
}

const PROBE_COLUMNS: readonly TypedColumn[] = [
  { name: 'upid', type: 'UINT128', semantic: 'ST_UPID' },
  { name: 'time_', type: 'TIME64NS', semantic: 'ST_NONE' },
]

/** The column that `'name': pxtrace.ArgExpr(…)` records; undefined for any other value. */
function expressionColumn([key, expression]: readonly [Value, Value]): TypedColumn | undefined {
  if (key.kind !== 'constant' || typeof key.value !== 'string' || !isObject(expression, EXPRESSIONS)) {
    return undefined
  }
  if (isObject(expression, ['pxtrace.FunctionLatency'])) {
    return { name: key.value, type: 'INT64', semantic: 'ST_DURATION_NS' }
  }
  // Types of arguments are known to the traced binary only.
  return { name: key.value, type: 'STRING', semantic: 'ST_NONE' }
}

function tracedColumns(args: Arguments, world: World): readonly TypedColumn[] {
  const { value, at } = args.required('probe_fn')
  if (value.kind === 'function') {
    if (value.decorators.some((decorator) => decorator.type === 'pxtrace.probe')) {
      return probeColumns(world.call(value, at), args)
    }
    return args.within('probe_fn', () => {
      const hint = `Write @pxtrace.probe('symbol') above def ${value.name}().`
      throw new NixieError('compile_error', `${value.name} is not a probe`, hint)
    })
  }
  const columns = programColumns({ value, at }, args)
  if (columns) return columns
  return args.within('probe_fn', () => {
    const hint =
      'Give the text of a bpftrace program, a pxtrace.TraceProgram, a list of them, or a probe function.'
    throw new NixieError('type_error', `A tracepoint's program is not ${describe(value)}`, hint)
  })
}

function upsertTracepoint(args: Arguments, world: World): Value {
  args.text('name')
  const table = args.text('table_name')
  args.within('table_name', () => {
    if (world.tables.has(table) || table === '') {
      throw new NixieError(
        'compile_error',
        `A tracepoint cannot fill '${table}'`,
        'Give its table a name of its own.',
      )
    }
  })
  const columns = tracedColumns(args, world)
  checkTarget(args)
  checkTtl(args)
  const before = world.traced.get(table)
  if (before && !sameColumns(before, columns)) {
    throw args.source.error(
      'compile_error',
      args.at,
      `Two tracepoints fill '${table.slice(0, 80)}' with different columns: (${listed(before)}) and (${listed(columns)})`,
      'Give each its own table.',
    )
  }
  world.traced.set(table, columns)
  world.act()
  world.warn(`${NOT_ENABLED}: ${table.slice(0, 80)} is empty`, args.at)
  return NONE
}

const KERNEL = /^\d{1,3}(\.\d{1,4}){0,2}$/

function traceProgram(args: Arguments): Value {
  const program = constant('STRING', args.text('program'))
  for (const name of ['min_kernel', 'max_kernel'] as const) {
    if (!args.get(name)) continue
    const version = args.text(name)
    args.within(name, () => {
      if (!KERNEL.test(version)) {
        throw new NixieError(
          'compile_error',
          `${name}: '${version.slice(0, 40)}' is not a version`,
          "Write '5.19'.",
        )
      }
    })
  }
  if (args.get('host_name')) args.text('host_name')
  return objectOf('pxtrace.TraceProgram', { program })
}

/** `texts` must be texts where they are given; those of `required` must be given. */
function checkTexts(args: Arguments, texts: readonly string[], required: readonly string[]): void {
  for (const name of texts) if (required.includes(name) || args.get(name)) args.text(name)
}

/** A value that only carries its kind. */
const marker =
  (type: string, texts: readonly string[], required: readonly string[] = texts): Builtin['run'] =>
  (args) => {
    checkTexts(args, texts, required)
    return objectOf(type)
  }

export const PXTRACE: Builtins = {
  UpsertTracepoint: {
    params: ['name', 'table_name', 'probe_fn', 'target', 'ttl'],
    aliases: { table: 'table_name', program: 'probe_fn' },
    description: 'Traces functions of the kernel or of processes into a table, for a time.',
    run: upsertTracepoint,
  },
  DeleteTracepoint: {
    params: ['name'],
    description: 'Ends a tracepoint.',
    run(args, world) {
      args.text('name')
      world.act()
      world.warn(`${NOT_ENABLED}: there is no tracepoint to delete`, args.at)
      return NONE
    },
  },
  TraceProgram: {
    params: ['program', 'min_kernel', 'max_kernel', 'host_name'],
    description: 'A bpftrace program with the kernels that it fits.',
    run: traceProgram,
  },
  probe: {
    params: ['symbol'],
    description: 'Decorator: the function says what to record of a function of a process.',
    run: marker('pxtrace.probe', ['symbol']),
  },
  ArgExpr: {
    params: ['expr'],
    description: 'An argument of the traced function, or a field of one.',
    run: marker('pxtrace.ArgExpr', ['expr']),
  },
  RetExpr: {
    params: ['expr'],
    description: 'What the traced function returns, or a field of it.',
    run: marker('pxtrace.RetExpr', ['expr']),
  },
  FunctionLatency: {
    params: [],
    description: 'How long the traced function runs.',
    run: marker('pxtrace.FunctionLatency', []),
  },
  kprobe: { params: [], description: 'Target: the kernel.', run: marker('pxtrace.kprobe', []) },
  UPID: { params: ['upid'], description: 'Target: a process by its id.', run: (args) => upid(args, 'upid') },
  PodProcess: {
    params: ['pod', 'container', 'process'],
    description: 'Target: a process of a pod.',
    run: marker('pxtrace.PodProcess', ['pod', 'container', 'process'], ['pod']),
  },
  LabelSelector: {
    params: ['labels', 'namespace', 'container', 'process'],
    description: 'Target: processes of the pods that have these labels.',
    run(args) {
      const { value } = args.required('labels')
      const fits =
        value.kind === 'dict' &&
        value.entries.flat().every((v) => v.kind === 'constant' && v.type === 'STRING')
      args.within('labels', () => {
        if (fits) return
        throw new NixieError('type_error', `labels are not ${describe(value)}`, "Write {'app': 'web'}.")
      })
      checkTexts(args, ['namespace', 'container', 'process'], [])
      return objectOf('pxtrace.LabelSelector')
    },
  },
  SharedObject: {
    params: ['name', 'upid'],
    description: 'Target: a library that a process has loaded.',
    run(args) {
      args.text('name')
      upid(args, 'upid')
      return objectOf('pxtrace.SharedObject')
    },
  },
}
