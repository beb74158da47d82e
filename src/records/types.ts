/**
 * Column types, semantic types and pattern types. The names and meanings are Pixie's, so that its scripts and
 * clients read ours.
 */

/** `UINT128` holds a upid as its text `asid:pid:start_ticks`; `TIME64NS` is nanoseconds since the epoch. */
export const DATA_TYPES = ['BOOLEAN', 'INT64', 'UINT128', 'FLOAT64', 'STRING', 'TIME64NS'] as const
export type DataType = (typeof DATA_TYPES)[number]

/** The type that a declaration in this program names. @throws Error when it names none */
export function dataTypeOf(name: string): DataType {
  const type = DATA_TYPES.find((each) => each === name)
  if (type === undefined) throw new Error(`'${name}' is no data type`)
  return type
}

export type PatternType = 'GENERAL' | 'GENERAL_ENUM' | 'STRUCTURED' | 'METRIC_COUNTER' | 'METRIC_GAUGE'

/** What a value means; it drives how the UI shows it. */
export type SemanticType =
  | 'ST_NONE'
  | 'ST_UPID'
  | 'ST_ASID'
  | 'ST_AGENT_UID'
  | 'ST_SERVICE_NAME'
  | 'ST_POD_NAME'
  | 'ST_POD_PHASE'
  | 'ST_POD_STATUS'
  | 'ST_NODE_NAME'
  | 'ST_CONTAINER_NAME'
  | 'ST_CONTAINER_STATE'
  | 'ST_CONTAINER_STATUS'
  | 'ST_NAMESPACE_NAME'
  | 'ST_BYTES'
  | 'ST_PERCENT'
  | 'ST_DURATION_NS'
  | 'ST_THROUGHPUT_PER_NS'
  | 'ST_THROUGHPUT_BYTES_PER_NS'
  | 'ST_QUANTILES'
  | 'ST_DURATION_NS_QUANTILES'
  | 'ST_IP_ADDRESS'
  | 'ST_PORT'
  | 'ST_HTTP_REQ_METHOD'
  | 'ST_HTTP_RESP_STATUS'
  | 'ST_HTTP_RESP_MESSAGE'
  | 'ST_SCRIPT_REFERENCE'
  | 'ST_TIME_NS'

/** `trace_role`: the role of the process that owns the traced end. The numbers are frozen: scripts rely on them. */
export const ROLE_CLIENT = 1
export const ROLE_SERVER = 2
export const ROLE_UNKNOWN = 4
export type Role = typeof ROLE_CLIENT | typeof ROLE_SERVER | typeof ROLE_UNKNOWN
