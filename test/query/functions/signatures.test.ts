/** Every function that Pixie documents, with the types of its first form, and those that its scripts use besides. */
import { expect, test } from 'bun:test'
import { listFunctions, resolveAggregate, resolveFunction } from '../../../src/query/functions/registry'
import type { DataType } from '../../../src/records/types'

const SIGNATURES = `
_exec_host_num_cpus() -> INT64
_exec_hostname() -> STRING
_match_regex_rule(STRING, STRING) -> STRING
abs(FLOAT64) -> FLOAT64
add(INT64, INT64) -> INT64
amqp_frame_type_name(INT64) -> STRING
amqp_method_name(INT64, INT64) -> STRING
aggregate any(BOOLEAN) -> BOOLEAN
approxEqual(FLOAT64, FLOAT64) -> BOOLEAN
asid() -> INT64
atoi(STRING, INT64) -> INT64
bin(INT64, INT64) -> INT64
bytes_to_hex(STRING) -> STRING
ceil(FLOAT64) -> INT64
cidrs_contain_ip(STRING, STRING) -> BOOLEAN
container_id_to_start_time(STRING) -> TIME64NS
container_id_to_status(STRING) -> STRING
container_id_to_stop_time(STRING) -> TIME64NS
container_name_to_container_id(STRING) -> STRING
container_name_to_start_time(STRING) -> TIME64NS
container_name_to_stop_time(STRING) -> TIME64NS
contains(STRING, STRING) -> BOOLEAN
aggregate count(FLOAT64) -> INT64
cql_opcode_name(INT64) -> STRING
deployment_id_to_deployment_name(STRING) -> STRING
deployment_id_to_namespace(STRING) -> STRING
deployment_id_to_start_time(STRING) -> TIME64NS
deployment_id_to_status(STRING) -> STRING
deployment_id_to_stop_time(STRING) -> TIME64NS
deployment_name_to_deployment_id(STRING) -> STRING
deployment_name_to_namespace(STRING) -> STRING
deployment_name_to_start_time(STRING) -> TIME64NS
deployment_name_to_status(STRING) -> STRING
deployment_name_to_stop_time(STRING) -> TIME64NS
divide(INT64, INT64) -> FLOAT64
dns_rcode_name(INT64) -> STRING
equal(INT64, INT64) -> BOOLEAN
exp(FLOAT64) -> FLOAT64
find(STRING, STRING) -> INT64
floor(FLOAT64) -> INT64
get_cidrs() -> STRING
greaterThan(INT64, INT64) -> BOOLEAN
greaterThanEqual(INT64, INT64) -> BOOLEAN
grpc_status_code_to_str(INT64) -> STRING
has_service_id(STRING, STRING) -> BOOLEAN
has_service_name(STRING, STRING) -> BOOLEAN
has_value(STRING, STRING) -> BOOLEAN
hex_to_ascii(STRING) -> STRING
http_resp_message(INT64) -> STRING
int64_to_time(INT64) -> TIME64NS
invert(INT64) -> INT64
ip_to_pod_id(STRING) -> STRING
ip_to_service_id(STRING) -> STRING
itoa(INT64) -> STRING
kafka_api_key_name(INT64) -> STRING
length(STRING) -> INT64
lessThan(INT64, INT64) -> BOOLEAN
lessThanEqual(INT64, INT64) -> BOOLEAN
ln(FLOAT64) -> FLOAT64
log(FLOAT64, FLOAT64) -> FLOAT64
log10(FLOAT64) -> FLOAT64
log2(FLOAT64) -> FLOAT64
logicalAnd(INT64, INT64) -> BOOLEAN
logicalNot(INT64) -> BOOLEAN
logicalOr(INT64, INT64) -> BOOLEAN
aggregate max(FLOAT64) -> FLOAT64
aggregate mean(FLOAT64) -> FLOAT64
aggregate min(FLOAT64) -> FLOAT64
modulo(TIME64NS, INT64) -> INT64
multiply(INT64, INT64) -> INT64
mux_frame_type_name(INT64) -> STRING
mysql_command_name(INT64) -> STRING
namespace_name_to_namespace_id(STRING) -> STRING
negate(INT64) -> INT64
normalize_mysql(STRING, INT64) -> STRING
normalize_pgsql(STRING, STRING) -> STRING
notEqual(INT64, INT64) -> BOOLEAN
nslookup(STRING) -> STRING
pluck(STRING, STRING) -> STRING
pluck_array(STRING, INT64) -> STRING
pluck_float64(STRING, STRING) -> FLOAT64
pluck_int64(STRING, STRING) -> INT64
pod_id_to_deployment_id(STRING) -> STRING
pod_id_to_deployment_name(STRING) -> STRING
pod_id_to_namespace(STRING) -> STRING
pod_id_to_node_name(STRING) -> STRING
pod_id_to_owner_references(STRING) -> STRING
pod_id_to_pod_labels(STRING) -> STRING
pod_id_to_pod_name(STRING) -> STRING
pod_id_to_replicaset_id(STRING) -> STRING
pod_id_to_replicaset_name(STRING) -> STRING
pod_id_to_service_id(STRING) -> STRING
pod_id_to_service_name(STRING) -> STRING
pod_id_to_start_time(STRING) -> TIME64NS
pod_id_to_stop_time(STRING) -> TIME64NS
pod_name_to_deployment_id(STRING) -> STRING
pod_name_to_deployment_name(STRING) -> STRING
pod_name_to_namespace(STRING) -> STRING
pod_name_to_owner_references(STRING) -> STRING
pod_name_to_pod_id(STRING) -> STRING
pod_name_to_pod_ip(STRING) -> STRING
pod_name_to_replicaset_id(STRING) -> STRING
pod_name_to_replicaset_name(STRING) -> STRING
pod_name_to_service_id(STRING) -> STRING
pod_name_to_service_name(STRING) -> STRING
pod_name_to_start_time(STRING) -> TIME64NS
pod_name_to_status(STRING) -> STRING
pod_name_to_stop_time(STRING) -> TIME64NS
pow(FLOAT64, FLOAT64) -> FLOAT64
aggregate pprof(STRING, INT64, INT64) -> STRING
protocol_name(INT64) -> STRING
aggregate quantiles(INT64) -> STRING
redact_pii_best_effort(STRING) -> STRING
regex_match(STRING, STRING) -> BOOLEAN
replace(STRING, STRING, STRING) -> STRING
replicaset_id_to_deployment_id(STRING) -> STRING
replicaset_id_to_deployment_name(STRING) -> STRING
replicaset_id_to_namespace(STRING) -> STRING
replicaset_id_to_owner_references(STRING) -> STRING
replicaset_id_to_replicaset_name(STRING) -> STRING
replicaset_id_to_start_time(STRING) -> TIME64NS
replicaset_id_to_status(STRING) -> STRING
replicaset_id_to_stop_time(STRING) -> TIME64NS
replicaset_name_to_deployment_id(STRING) -> STRING
replicaset_name_to_deployment_name(STRING) -> STRING
replicaset_name_to_namespace(STRING) -> STRING
replicaset_name_to_owner_references(STRING) -> STRING
replicaset_name_to_replicaset_id(STRING) -> STRING
replicaset_name_to_start_time(STRING) -> TIME64NS
replicaset_name_to_status(STRING) -> STRING
replicaset_name_to_stop_time(STRING) -> TIME64NS
round(FLOAT64, INT64) -> STRING
select(BOOLEAN, BOOLEAN, BOOLEAN) -> BOOLEAN
service_id_to_cluster_ip(STRING) -> STRING
service_id_to_external_ips(STRING) -> STRING
service_id_to_service_name(STRING) -> STRING
service_name_to_namespace(STRING) -> STRING
service_name_to_service_id(STRING) -> STRING
shared_libraries(UINT128) -> STRING
split(STRING, STRING) -> STRING
sqrt(FLOAT64) -> FLOAT64
strip_prefix(STRING, STRING) -> STRING
substring(STRING, INT64, INT64) -> STRING
subtract(INT64, INT64) -> INT64
aggregate sum(FLOAT64) -> FLOAT64
time_to_int64(TIME64NS) -> INT64
tolower(STRING) -> STRING
toupper(STRING) -> STRING
trim(STRING) -> STRING
upid(INT64, INT64, INT64) -> UINT128
upid_to_asid(UINT128) -> INT64
upid_to_cmdline(UINT128) -> STRING
upid_to_container_id(UINT128) -> STRING
upid_to_container_name(UINT128) -> STRING
upid_to_deployment_id(UINT128) -> STRING
upid_to_deployment_name(UINT128) -> STRING
upid_to_hostname(UINT128) -> STRING
upid_to_namespace(UINT128) -> STRING
upid_to_node_name(UINT128) -> STRING
upid_to_pid(UINT128) -> INT64
upid_to_pod_id(UINT128) -> STRING
upid_to_pod_name(UINT128) -> STRING
upid_to_pod_qos(UINT128) -> STRING
upid_to_pod_status(UINT128) -> STRING
upid_to_replicaset_id(UINT128) -> STRING
upid_to_replicaset_name(UINT128) -> STRING
upid_to_service_id(UINT128) -> STRING
upid_to_service_name(UINT128) -> STRING
upid_to_start_ts(UINT128) -> TIME64NS
upid_to_string(UINT128) -> STRING
uri_parse(STRING) -> STRING
uri_recompose(STRING, STRING, STRING, INT64, STRING, STRING, STRING) -> STRING
vizier_id() -> STRING
vizier_name() -> STRING
vizier_namespace() -> STRING
aggregate _build_request_path_clusters(STRING) -> STRING
_predict_request_path_cluster(STRING, STRING) -> STRING
_match_endpoint(STRING, STRING) -> BOOLEAN
_script_reference(STRING, STRING, STRING, STRING) -> STRING
ip_to_pod_id(STRING, TIME64NS) -> STRING
upid(INT64, INT64) -> UINT128
`

const parsed = SIGNATURES.trim()
  .split('\n')
  .map((line) => {
    const [, aggregate, name, args, returns] = /^(aggregate )?(\w+)\((.*)\) -> (\w+)$/.exec(line)!
    const types = args === '' ? [] : (args!.split(', ') as DataType[])
    return { line, name: name!, isAggregate: aggregate !== undefined, types, returns }
  })

test.each(parsed)('$line', ({ name, isAggregate, types, returns }) => {
  const [first, ...more] = types.map((type) => ({ type, semantic: 'ST_NONE' as const }))
  const result = isAggregate
    ? resolveAggregate(name, first!, ...more)
    : resolveFunction(name, first ? [first, ...more] : [])
  expect(result?.type).toBe(returns as DataType)
})

const ALL: readonly DataType[] = ['BOOLEAN', 'INT64', 'FLOAT64', 'STRING', 'TIME64NS', 'UINT128']

test.each([
  ['any', ALL],
  ['count', ALL],
  ['sum', ['BOOLEAN', 'INT64', 'FLOAT64']],
  ['mean', ['BOOLEAN', 'INT64', 'FLOAT64']],
  ['min', ['INT64', 'FLOAT64', 'TIME64NS']],
  ['max', ['INT64', 'FLOAT64', 'TIME64NS']],
  ['quantiles', ['INT64', 'FLOAT64']],
] as [string, DataType[]][])('%s takes %s', (name, types) =>
  expect(ALL.filter((type) => resolveAggregate(name, { type, semantic: 'ST_NONE' }))).toEqual(types),
)

test('an aggregate of several columns takes exactly these', () => {
  const [text, int] = (['STRING', 'INT64'] as const).map((type) => ({ type, semantic: 'ST_NONE' as const }))
  expect(resolveAggregate('pprof', text!)).toBeUndefined()
  expect(resolveAggregate('pprof', text!, int!, text!)).toBeUndefined()
  expect(resolveAggregate('count', int!, int!)).toBeUndefined()
  expect(
    listFunctions()
      .find(({ name }) => name === 'pprof')
      ?.args.map((arg) => arg.name),
  ).toEqual(['stack_trace', 'count', 'profiler_period_ms'])
})
