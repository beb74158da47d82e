/** Tables that are made when a script asks for them (`px.GetTables()`): arguments and columns are Pixie's. */
import { NixieError } from '../../errors'
import type { TypedColumn } from '../../query/plan'
import { type DataType, dataTypeOf, type SemanticType } from '../../records/types'
import { type Arguments, type Builtins, describe, type Value } from '../values/values'

export interface VirtualArgument {
  readonly name: string
  readonly type: DataType
  /** INT64: bigint. Undefined: the script must give it. */
  readonly default: bigint | string | boolean | undefined
}

export interface VirtualTableSpec {
  readonly description: string
  readonly args: readonly VirtualArgument[]
  readonly columns: readonly TypedColumn[]
}

/** `'name:STRING size:INT64/BYTES'` → columns; the unit is none unless it is there. */
function columnsOf(text: string): TypedColumn[] {
  return text.split(' ').map((part) => {
    const [name = '', data = '', unit = 'NONE'] = part.split(/[:/]/)
    return { name, type: dataTypeOf(data), semantic: `ST_${unit}` as SemanticType }
  })
}

const table = (
  description: string,
  columns: string,
  args: readonly VirtualArgument[] = [],
): VirtualTableSpec => ({ description, columns: columnsOf(columns), args })

const FUNCTION_LIST = 'name:STRING return_type:STRING args:STRING'

/** By name. */
export const VIRTUAL_TABLES: Readonly<Record<string, VirtualTableSpec>> = {
  GetTables: table('Every table with its description.', 'table_name:STRING table_desc:STRING'),
  GetSchemas: table(
    'Every column of every table.',
    'table_name:STRING column_name:STRING column_type:STRING pattern_type:STRING column_desc:STRING',
  ),
  GetAgentStatus: table(
    'The agents and how they are.',
    'agent_id:UINT128 asid:INT64 hostname:STRING ip_address:STRING agent_state:STRING create_time:TIME64NS ' +
      'last_heartbeat_ns:INT64 kernel_headers_installed:BOOLEAN',
    [{ name: 'include_kelvin', type: 'BOOLEAN', default: true }],
  ),
  GetProfilerSamplingPeriodMS: table(
    'How often the profiler samples.',
    'asid:INT64 profiler_sampling_period_ms:INT64',
  ),
  GetLinuxHeadersStatus: table(
    'Whether the headers of the kernel are installed.',
    'asid:INT64 kernel_headers_installed:BOOLEAN',
  ),
  GetUDFList: table('Every scalar function.', FUNCTION_LIST),
  GetUDAList: table('Every aggregate.', FUNCTION_LIST),
  GetUDTFList: table(
    'Every function that makes a table.',
    'name:STRING executor:STRING init_args:STRING output_relation:STRING',
  ),
  GetTracepointStatus: table(
    'The tracepoints and whether they run.',
    'tracepoint_id:UINT128 name:STRING state:STRING status:STRING output_tables:STRING',
  ),
  GetCronScriptHistory: table(
    'What scheduled scripts did.',
    'script_id:UINT128 timestamp:TIME64NS error_message:STRING execution_time_ns:INT64 ' +
      'compilation_time_ns:INT64 bytes_processed:INT64 records_processed:INT64',
  ),
  _DebugTableInfo: table(
    'What is stored of every table.',
    'asid:INT64 name:STRING id:INT64 batches_added:INT64 batches_expired:INT64 bytes_added:INT64 ' +
      'num_batches:INT64 compacted_batches:INT64 size:INT64 cold_size:INT64 max_table_size:INT64 ' +
      'min_time:TIME64NS',
  ),
  _HeapGrowthStacks: table('Where the heap of an agent grew.', 'asid:INT64 heap:STRING', [
    { name: 'asid', type: 'INT64', default: undefined },
  ]),
}

function argumentOf(args: Arguments, { name, type, default: fallback }: VirtualArgument): unknown {
  const given = fallback === undefined ? args.required(name) : args.get(name)
  if (!given) return fallback
  const { value } = given
  if (value.kind === 'constant' && value.type === type) return value.value
  return args.within(name, () => {
    const message = `${args.what}: '${name}' must be ${type}, not ${describe(value)}`
    throw new NixieError('type_error', message, `Give it a constant of type ${type}.`)
  })
}

/** The functions of `px` that stand for these tables. */
export const VIRTUAL_TABLE_FUNCTIONS: Builtins = Object.fromEntries(
  Object.entries(VIRTUAL_TABLES).map(([fn, { description, args: wanted, columns }]) => [
    fn,
    {
      params: wanted.map((arg) => arg.name),
      description,
      run(args: Arguments): Value {
        const given = Object.fromEntries(wanted.map((arg) => [arg.name, argumentOf(args, arg)]))
        return { kind: 'frame', node: { op: 'virtual', fn, args: given, columns } }
      },
    },
  ]),
)
