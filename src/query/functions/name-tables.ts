/** Numbers that protocols use, by name: IANA registries and the protocols' own specifications. */
import { STATUS_CODES } from 'node:http'
import { type FunctionSpec, scalar } from './function'
import { always, none } from './units'

const named = (
  name: string,
  argument: string,
  description: string,
  nameOf: (code: number) => string,
  unit = none,
): FunctionSpec => ({
  name,
  description,
  unit,
  overloads: [scalar(`${argument}:INT64 -> STRING`, (_, code: number | bigint) => nameOf(Number(code)))],
})

const at =
  (names: readonly string[], otherwise: (code: number) => string) =>
  (code: number): string =>
    names[code] || otherwise(code)

const PROTOCOLS = 'Unknown HTTP HTTP2 MySQL CQL PGSQL DNS Redis NATS Mongo Kafka Mux AMQP TLS'.split(' ')

/** RFC 6895 §2.3. */
const DNS_RCODES =
  'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI'.split(
    ' ',
  )

/** grpc/doc/statuscodes.md. */
const GRPC_STATUS =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  )

/** kafka.apache.org/protocol, "Api Keys". */
const KAFKA_APIS =
  'Produce Fetch ListOffsets Metadata LeaderAndIsr StopReplica UpdateMetadata ControlledShutdown OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup SyncGroup DescribeGroups ListGroups SaslHandshake ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId OffsetForLeaderEpoch AddPartitionsToTxn AddOffsetsToTxn EndTxn WriteTxnMarkers TxnOffsetCommit DescribeAcls CreateAcls DeleteAcls DescribeConfigs AlterConfigs AlterReplicaLogDirs DescribeLogDirs SaslAuthenticate CreatePartitions CreateDelegationToken RenewDelegationToken ExpireDelegationToken DescribeDelegationToken DeleteGroups ElectLeaders IncrementalAlterConfigs AlterPartitionReassignments ListPartitionReassignments OffsetDelete DescribeClientQuotas AlterClientQuotas DescribeUserScramCredentials AlterUserScramCredentials Vote BeginQuorumEpoch EndQuorumEpoch DescribeQuorum AlterPartition UpdateFeatures Envelope FetchSnapshot DescribeCluster DescribeProducers BrokerRegistration BrokerHeartbeat UnregisterBroker DescribeTransactions ListTransactions AllocateProducerIds'.split(
    ' ',
  )

/** Cassandra native protocol v5 §2.4. */
const CQL_OPCODES =
  'ERROR STARTUP READY AUTHENTICATE  OPTIONS SUPPORTED QUERY RESULT PREPARE EXECUTE REGISTER EVENT BATCH AUTH_CHALLENGE AUTH_RESPONSE AUTH_SUCCESS'.split(
    ' ',
  )

export const NAME_TABLES: readonly FunctionSpec[] = [
  named(
    'http_resp_message',
    'code',
    'The reason phrase of an HTTP status (RFC 9110).',
    (code) => STATUS_CODES[code] ?? 'Unassigned',
    always('ST_HTTP_RESP_MESSAGE'),
  ),
  named(
    'protocol_name',
    'protocol',
    'The name of a protocol of conn_stats.',
    at(PROTOCOLS, () => 'Unknown'),
  ),
  named('dns_rcode_name', 'rcode', 'The name of a DNS response code.', at(DNS_RCODES, String)),
  named(
    'grpc_status_code_to_str',
    'status_code',
    'The name of a gRPC status.',
    at(GRPC_STATUS, (code) => `UNKNOWN_STATUS(${code})`),
  ),
  named('kafka_api_key_name', 'api_key', 'The name of a Kafka API.', at(KAFKA_APIS, String)),
  named('cql_opcode_name', 'req_op', 'The name of a CQL opcode.', at(CQL_OPCODES, String)),
]
