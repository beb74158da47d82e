/** The module `px.otel` and `px.export`: exports are checked, but nothing is sent yet. */
import { NixieError } from '../../errors'
import type { Expr, Node } from '../../query/plan'
import type { DataType } from '../../records/types'
import { asExpr, bind } from '../frames/expressions'
import {
  type Arguments,
  type Builtins,
  constant,
  describe,
  type Module,
  moduleOf,
  NONE,
  objectOf,
  type Value,
  type World,
} from '../values/values'

const NUMBER: readonly DataType[] = ['INT64', 'FLOAT64']
const TEXT: readonly DataType[] = ['STRING']
const TIME: readonly DataType[] = ['TIME64NS']

/** A column or constant of one of the types. */
function columnOrConstant(args: Arguments, name: string, types: readonly DataType[]): Value {
  const { value } = args.required(name)
  return args.within(name, () => {
    const expr = asExpr(value, name)
    if (types.includes(expr.type)) return { kind: 'column', expr }
    const message = `${args.what}: '${name}' must be ${types.join(' or ')}, not ${expr.type}`
    throw new NixieError('type_error', message, 'Give it a column of that type: df.column.')
  })
}

/** A dictionary from names to columns or constants; without `types` of any type. */
function attributes(args: Arguments, name: string, types?: readonly DataType[]): [string, Value][] {
  if (!args.get(name)) return []
  const { value } = args.required(name)
  return args.within(name, () => {
    if (value.kind !== 'dict') {
      throw new NixieError('type_error', `${name} is not ${describe(value)}`, "Write {'pod': df.pod}.")
    }
    return value.entries.map(([key, item]) => {
      if (key.kind !== 'constant') {
        throw new NixieError('type_error', `A key of ${name} is not ${describe(key)}`, 'Keys are constants.')
      }
      const called = `${name}: '${String(key.value).slice(0, 80)}'`
      const expr = asExpr(item, called)
      if (types && !types.includes(expr.type)) {
        const message = `${called} must be ${types.join(' or ')}, not ${expr.type}`
        throw new NixieError('type_error', message, 'Give it a column of that type: df.column.')
      }
      return [String(key.value), { kind: 'column', expr }]
    })
  })
}

/** An object that holds the expressions among its arguments, so that the export can look for their columns. */
const holding = (type: string, fields: readonly (readonly [string, Value])[]): Value => ({
  kind: 'object',
  type,
  fields: new Map(fields),
})

function optionalTexts(args: Arguments, names: readonly string[]): void {
  for (const name of names) if (args.get(name)) args.text(name)
}

const labelled = (args: Arguments): [string, Value][] =>
  attributes(args, 'attributes').map(([name, value]) => [`attribute ${name}`, value])

/** https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax */
const METRIC_NAME = /^[A-Za-z][\w.\-/]{0,254}$/

function metricName(args: Arguments): void {
  const name = args.text('name')
  args.within('name', () => {
    if (METRIC_NAME.test(name)) return
    throw new NixieError(
      'compile_error',
      `'${name.slice(0, 80)}' is no name of a metric`,
      'It begins with a letter and goes on with letters, digits, _ . - and /, 255 characters at most.',
    )
  })
}

const METRIC: Builtins = {
  Gauge: {
    params: ['name', 'value', 'description', 'attributes', 'unit'],
    description: 'A metric with one value per row.',
    run(args) {
      metricName(args)
      optionalTexts(args, ['description', 'unit'])
      return holding('px.otel.metric.Gauge', [
        ['value', columnOrConstant(args, 'value', NUMBER)],
        ...labelled(args),
      ])
    },
  },
  Summary: {
    params: ['name', 'count', 'sum', 'quantile_values', 'description', 'attributes', 'unit'],
    description: 'A metric with count, sum and quantiles per row.',
    run(args) {
      metricName(args)
      optionalTexts(args, ['description', 'unit'])
      args.required('quantile_values')
      const sum: [string, Value][] = args.get('sum') ? [['sum', columnOrConstant(args, 'sum', NUMBER)]] : []
      return holding('px.otel.metric.Summary', [
        ['count', columnOrConstant(args, 'count', ['INT64'])],
        ...sum,
        ...attributes(args, 'quantile_values', NUMBER),
        ...labelled(args),
      ])
    },
  },
}

const TRACE: Builtins = {
  Span: {
    params: ['name', 'start_time', 'end_time', 'trace_id', 'span_id', 'parent_span_id', 'attributes', 'kind'],
    description: 'A span of a trace per row.',
    run(args) {
      const ids = ['trace_id', 'span_id', 'parent_span_id'].flatMap((name): [string, Value][] =>
        args.get(name) ? [[name, columnOrConstant(args, name, TEXT)]] : [],
      )
      if (args.get('kind')) args.int('kind')
      return holding('px.otel.trace.Span', [
        ['name', columnOrConstant(args, 'name', TEXT)],
        ['start_time', columnOrConstant(args, 'start_time', TIME)],
        ['end_time', columnOrConstant(args, 'end_time', TIME)],
        ...ids,
        ...labelled(args),
      ])
    },
  },
}

/** OpenTelemetry's numbers. */
const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']

const METRICS: readonly string[] = ['px.otel.metric.Gauge', 'px.otel.metric.Summary', 'px.otel.trace.Span']

const OTEL: Builtins = {
  Data: {
    params: ['resource', 'data', 'endpoint'],
    description: 'What to export of a dataframe: metrics or spans of a resource.',
    run(args) {
      const resource = attributes(args, 'resource')
      if (!resource.some(([name]) => name === 'service.name')) {
        args.required('resource')
        args.within('resource', () => {
          const hint = "Write {'service.name': df.service}."
          throw new NixieError('compile_error', "The resource has no 'service.name'", hint)
        })
      }
      const { value: list } = args.required('data')
      const items = list.kind === 'list' || list.kind === 'tuple' ? list.items : []
      const odd = items.find(({ value }) => value.kind !== 'object' || !METRICS.includes(value.type))
      if (items.length === 0 || odd) {
        args.within('data', () => {
          const message = `data is a list of metrics or spans, not ${describe(odd?.value ?? list)}`
          throw new NixieError('type_error', message, `They are ${METRICS.join(', ')}.`)
        })
      }
      if (!args.get('endpoint')) {
        const hint = "Write endpoint=px.otel.Endpoint(url='collector:4317')."
        throw args.source.error('compile_error', args.at, 'px.otel.Data needs an endpoint to export to', hint)
      }
      const endpoint = args.required('endpoint').value
      if (!(endpoint.kind === 'object' && endpoint.type === 'px.otel.Endpoint')) {
        args.within('endpoint', () => {
          const message = `The endpoint is not ${describe(endpoint)}`
          throw new NixieError('type_error', message, 'Write px.otel.Endpoint(url=…).')
        })
      }
      const data = items.map(({ value }, i) => [`data ${i}`, value] as const)
      return holding('px.otel.Data', [...resource, ...data])
    },
  },
  Endpoint: {
    params: ['url', 'headers', 'insecure', 'timeout'],
    description: 'Where to export to.',
    run(args) {
      args.text('url')
      attributes(args, 'headers', TEXT)
      for (const name of ['insecure', 'timeout']) if (args.get(name)) args.constant(name)
      return objectOf('px.otel.Endpoint')
    },
  },
}

export const otelModule = (): Module =>
  moduleOf('px.otel', OTEL, {
    metric: moduleOf('px.otel.metric', METRIC),
    trace: moduleOf(
      'px.otel.trace',
      TRACE,
      Object.fromEntries(
        SPAN_KINDS.map((kind, i) => [`SPAN_KIND_${kind}`, constant('INT64', BigInt(i))] as const),
      ),
    ),
  })

function expressionsOf(value: Value): Expr[] {
  if (value.kind === 'column') return [value.expr]
  return value.kind === 'object' ? [...value.fields.values()].flatMap(expressionsOf) : []
}

/** Checks that the dataframe has the columns, and shows it, since nothing is sent yet. */
export function exportData(args: Arguments, world: World): Value {
  const node: Node = args.frame('df')
  const { value } = args.required('data')
  args.within('data', () => {
    if (value.kind !== 'object' || value.type !== 'px.otel.Data') {
      const message = `px.export takes px.otel.Data, not ${describe(value)}`
      throw new NixieError('type_error', message, 'Write px.otel.Data(resource=…, data=[…]).')
    }
    for (const expr of expressionsOf(value)) bind(expr, node)
  })
  world.warn('px.export: nothing is sent yet; the dataframe is shown as export', args.at)
  world.display('export', node)
  return NONE
}
