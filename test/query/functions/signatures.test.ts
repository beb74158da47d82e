/**
 * Every function that Pixie documents, with the types of its first form and the names of its arguments as far as they say
 * something, and those that its scripts use besides.
 */
import { expect, test } from 'bun:test'
import { listFunctions, resolveAggregate, resolveFunction } from '../../../src/query/functions/registry'
import type { DataType } from '../../../src/records/types'

const SIGNATURES = `
_exec_host_num_cpus() -> INT64
_exec_hostname() -> STRING
_match_regex_rule(STRING, STRING) -> STRING
abs(FLOAT64) -> FLOAT64
add(INT64, INT64) -> INT64
amqp_frame_type_name(frame_type INT64) -> STRING
amqp_method_name(class_id INT64, method_id INT64) -> STRING
aggregate any(BOOLEAN) -> BOOLEAN
approxEqual(FLOAT64, FLOAT64) -> BOOLEAN
asid() -> INT64
atoi(STRING, INT64) -> INT64
bin(value INT64, bin INT64) -> INT64
bytes_to_hex(STRING) -> STRING
ceil(FLOAT64) -> INT64
cidrs_contain_ip(cidrs STRING, ip_addr STRING) -> BOOLEAN
container_id_to_start_time(container_id STRING) -> TIME64NS
container_id_to_status(STRING) -> STRING
container_id_to_stop_time(container_id STRING) -> TIME64NS
container_name_to_container_id(container_name STRING) -> STRING
container_name_to_start_time(container_name STRING) -> TIME64NS
container_name_to_stop_time(container_name STRING) -> TIME64NS
contains(STRING, STRING) -> BOOLEAN
aggregate count(FLOAT64) -> INT64
cql_opcode_name(req_op INT64) -> STRING
deployment_id_to_deployment_name(deployment_id STRING) -> STRING
deployment_id_to_namespace(deployment_id STRING) -> STRING
deployment_id_to_start_time(deployment_id STRING) -> TIME64NS
deployment_id_to_status(deployment_id STRING) -> STRING
deployment_id_to_stop_time(deployment_id STRING) -> TIME64NS
deployment_name_to_deployment_id(deployment_name STRING) -> STRING
deployment_name_to_namespace(deployment_name STRING) -> STRING
deployment_name_to_start_time(deployment_name STRING) -> TIME64NS
deployment_name_to_status(deployment_name STRING) -> STRING
deployment_name_to_stop_time(deployment_name STRING) -> TIME64NS
divide(INT64, INT64) -> FLOAT64
dns_rcode_name(rcode INT64) -> STRING
equal(INT64, INT64) -> BOOLEAN
exp(FLOAT64) -> FLOAT64
find(STRING, STRING) -> INT64
floor(FLOAT64) -> INT64
get_cidrs() -> STRING
greaterThan(INT64, INT64) -> BOOLEAN
greaterThanEqual(INT64, INT64) -> BOOLEAN
grpc_status_code_to_str(status_code INT64) -> STRING
has_service_id(service_id STRING, value STRING) -> BOOLEAN
has_service_name(service STRING, value STRING) -> BOOLEAN
has_value(array_or_value STRING, value STRING) -> BOOLEAN
hex_to_ascii(STRING) -> STRING
http_resp_message(code INT64) -> STRING
int64_to_time(value INT64) -> TIME64NS
invert(INT64) -> INT64
ip_to_pod_id(pod_ip STRING) -> STRING
ip_to_service_id(ip STRING) -> STRING
itoa(INT64) -> STRING
kafka_api_key_name(api_key INT64) -> STRING
length(s STRING) -> INT64
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
mux_frame_type_name(frame_type INT64) -> STRING
mysql_command_name(cmd INT64) -> STRING
namespace_name_to_namespace_id(STRING) -> STRING
negate(INT64) -> INT64
normalize_mysql(sql_string STRING, cmd_code INT64) -> STRING
normalize_pgsql(sql_string STRING, cmd_code STRING) -> STRING
notEqual(INT64, INT64) -> BOOLEAN
nslookup(addr STRING) -> STRING
pluck(json_str STRING, key STRING) -> STRING
pluck_array(json_str STRING, index INT64) -> STRING
pluck_float64(json_str STRING, key STRING) -> FLOAT64
pluck_int64(json_str STRING, key STRING) -> INT64
pod_id_to_deployment_id(pod_id STRING) -> STRING
pod_id_to_deployment_name(pod_id STRING) -> STRING
pod_id_to_namespace(pod_id STRING) -> STRING
pod_id_to_node_name(pod_id STRING) -> STRING
pod_id_to_owner_references(pod_id STRING) -> STRING
pod_id_to_pod_labels(pod_id STRING) -> STRING
pod_id_to_pod_name(pod_id STRING) -> STRING
pod_id_to_replicaset_id(pod_id STRING) -> STRING
pod_id_to_replicaset_name(pod_id STRING) -> STRING
pod_id_to_service_id(pod_id STRING) -> STRING
pod_id_to_service_name(pod_id STRING) -> STRING
pod_id_to_start_time(pod_id STRING) -> TIME64NS
pod_id_to_stop_time(pod_id STRING) -> TIME64NS
pod_name_to_deployment_id(pod_name STRING) -> STRING
pod_name_to_deployment_name(pod_name STRING) -> STRING
pod_name_to_namespace(pod_name STRING) -> STRING
pod_name_to_owner_references(pod_name STRING) -> STRING
pod_name_to_pod_id(pod_name STRING) -> STRING
pod_name_to_pod_ip(pod_name STRING) -> STRING
pod_name_to_replicaset_id(pod_name STRING) -> STRING
pod_name_to_replicaset_name(pod_name STRING) -> STRING
pod_name_to_service_id(STRING) -> STRING
pod_name_to_service_name(pod_name STRING) -> STRING
pod_name_to_start_time(pod_name STRING) -> TIME64NS
pod_name_to_status(pod_name STRING) -> STRING
pod_name_to_stop_time(pod_name STRING) -> TIME64NS
pow(FLOAT64, FLOAT64) -> FLOAT64
aggregate pprof(stack_trace STRING, count INT64, profiler_period_ms INT64) -> STRING
protocol_name(protocol INT64) -> STRING
aggregate quantiles(INT64) -> STRING
redact_pii_best_effort(input_str STRING) -> STRING
regex_match(STRING, STRING) -> BOOLEAN
replace(STRING, STRING, STRING) -> STRING
replicaset_id_to_deployment_id(replica_set_id STRING) -> STRING
replicaset_id_to_deployment_name(replica_set_id STRING) -> STRING
replicaset_id_to_namespace(replica_set_id STRING) -> STRING
replicaset_id_to_owner_references(replica_set_id STRING) -> STRING
replicaset_id_to_replicaset_name(replica_set_id STRING) -> STRING
replicaset_id_to_start_time(replica_set_id STRING) -> TIME64NS
replicaset_id_to_status(replica_set_id STRING) -> STRING
replicaset_id_to_stop_time(replica_set_id STRING) -> TIME64NS
replicaset_name_to_deployment_id(replica_set_name STRING) -> STRING
replicaset_name_to_deployment_name(replica_set_name STRING) -> STRING
replicaset_name_to_namespace(replica_set_name STRING) -> STRING
replicaset_name_to_owner_references(replica_set_name STRING) -> STRING
replicaset_name_to_replicaset_id(replica_set_name STRING) -> STRING
replicaset_name_to_start_time(replica_set_name STRING) -> TIME64NS
replicaset_name_to_status(replica_set_name STRING) -> STRING
replicaset_name_to_stop_time(replica_set_name STRING) -> TIME64NS
round(value FLOAT64, decimals INT64) -> STRING
select(s BOOLEAN, v1 BOOLEAN, v2 BOOLEAN) -> BOOLEAN
service_id_to_cluster_ip(service_id STRING) -> STRING
service_id_to_external_ips(service_id STRING) -> STRING
service_id_to_service_name(service_id STRING) -> STRING
service_name_to_namespace(service_name STRING) -> STRING
service_name_to_service_id(service_name STRING) -> STRING
shared_libraries(UINT128) -> STRING
split(input_str STRING, delimiter STRING) -> STRING
sqrt(FLOAT64) -> FLOAT64
strip_prefix(prefix STRING, string STRING) -> STRING
substring(string STRING, pos INT64, length INT64) -> STRING
subtract(INT64, INT64) -> INT64
aggregate sum(FLOAT64) -> FLOAT64
time_to_int64(value TIME64NS) -> INT64
tolower(string STRING) -> STRING
toupper(string STRING) -> STRING
trim(string STRING) -> STRING
upid(INT64, INT64, INT64) -> UINT128
upid_to_asid(upid UINT128) -> INT64
upid_to_cmdline(upid UINT128) -> STRING
upid_to_container_id(upid UINT128) -> STRING
upid_to_container_name(upid UINT128) -> STRING
upid_to_deployment_id(upid UINT128) -> STRING
upid_to_deployment_name(upid UINT128) -> STRING
upid_to_hostname(upid UINT128) -> STRING
upid_to_namespace(upid UINT128) -> STRING
upid_to_node_name(upid UINT128) -> STRING
upid_to_pid(upid UINT128) -> INT64
upid_to_pod_id(upid UINT128) -> STRING
upid_to_pod_name(upid UINT128) -> STRING
upid_to_pod_qos(upid UINT128) -> STRING
upid_to_pod_status(upid UINT128) -> STRING
upid_to_replicaset_id(upid UINT128) -> STRING
upid_to_replicaset_name(upid UINT128) -> STRING
upid_to_service_id(upid UINT128) -> STRING
upid_to_service_name(upid UINT128) -> STRING
upid_to_start_ts(upid UINT128) -> TIME64NS
upid_to_string(upid UINT128) -> STRING
uri_parse(uri STRING) -> STRING
uri_recompose(scheme STRING, userInfo STRING, host STRING, port INT64, path STRING, query STRING, fragment STRING) -> STRING
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
    const given = args === '' ? [] : args!.split(', ').map((arg) => arg.split(' ').reverse())
    const types = given.map(([type]) => type as DataType)
    const names = given.map(([, argument]) => argument)
    return { line, name: name!, isAggregate: aggregate !== undefined, types, names, returns }
  })

test.each(parsed)('$line', ({ name, isAggregate, types, names, returns }) => {
  const [first, ...more] = types.map((type) => ({ type, semantic: 'ST_NONE' as const }))
  const result = isAggregate
    ? resolveAggregate(name, first!, ...more)
    : resolveFunction(name, first ? [first, ...more] : [])
  expect(result?.type).toBe(returns as DataType)
  const forms = listFunctions().filter((form) => form.name === name && form.args.length === types.length)
  const isNamed = ({ args }: (typeof forms)[number]) =>
    names.every((argument, i) => argument === undefined || argument === args[i]!.name)
  expect(forms.some(isNamed)).toBe(true)
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
