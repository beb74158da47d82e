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

/** MySQL client/server protocol, "Command Phase". */
const MYSQL_COMMANDS =
  'Sleep Quit InitDB Query FieldList CreateDB DropDB Refresh Shutdown Statistics ProcessInfo Connect ProcessKill Debug Ping Time DelayedInsert ChangeUser BinlogDump TableDump ConnectOut RegisterSlave StmtPrepare StmtExecute StmtSendLongData StmtClose StmtReset SetOption StmtFetch Daemon BinlogDumpGTID ResetConnection'.split(
    ' ',
  )

/** Names by number, from `number name number name …`. */
const numbered = (text: string): Readonly<Record<number, string>> =>
  Object.fromEntries([...text.matchAll(/(-?\d+) (\S+)/g)].map(([, number, name]) => [number, name]))

/** AMQP 0-9-1 §4.2.3. */
const AMQP_FRAMES = numbered('1 Method 2 Header 3 Body 8 Heartbeat')

/** Classes and methods of the AMQP 0-9-1 definition and RabbitMQ's additions to it. */
const AMQP_METHODS: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  10: numbered(
    '10 ConnectionStart 11 ConnectionStartOk 20 ConnectionSecure 21 ConnectionSecureOk 30 ConnectionTune 31 ConnectionTuneOk 40 ConnectionOpen 41 ConnectionOpenOk 50 ConnectionClose 51 ConnectionCloseOk 60 ConnectionBlocked 61 ConnectionUnblocked 70 ConnectionUpdateSecret 71 ConnectionUpdateSecretOk',
  ),
  20: numbered(
    '10 ChannelOpen 11 ChannelOpenOk 20 ChannelFlow 21 ChannelFlowOk 40 ChannelClose 41 ChannelCloseOk',
  ),
  40: numbered(
    '10 ExchangeDeclare 11 ExchangeDeclareOk 20 ExchangeDelete 21 ExchangeDeleteOk 30 ExchangeBind 31 ExchangeBindOk 40 ExchangeUnbind 51 ExchangeUnbindOk',
  ),
  50: numbered(
    '10 QueueDeclare 11 QueueDeclareOk 20 QueueBind 21 QueueBindOk 30 QueuePurge 31 QueuePurgeOk 40 QueueDelete 41 QueueDeleteOk 50 QueueUnbind 51 QueueUnbindOk',
  ),
  60: numbered(
    '10 BasicQos 11 BasicQosOk 20 BasicConsume 21 BasicConsumeOk 30 BasicCancel 31 BasicCancelOk 40 BasicPublish 50 BasicReturn 60 BasicDeliver 70 BasicGet 71 BasicGetOk 72 BasicGetEmpty 80 BasicAck 90 BasicReject 100 BasicRecoverAsync 110 BasicRecover 111 BasicRecoverOk 120 BasicNack',
  ),
  85: numbered('10 ConfirmSelect 11 ConfirmSelectOk'),
  90: numbered('10 TxSelect 11 TxSelectOk 20 TxCommit 21 TxCommitOk 30 TxRollback 31 TxRollbackOk'),
}

/** Mux's message types (twitter.github.io/finagle, "Mux"): answers are negative. */
const MUX_FRAMES = numbered(
  '1 Treq -1 Rreq 2 Tdispatch -2 Rdispatch 64 Tdrain -64 Rdrain 65 Tping -65 Rping 66 Tdiscarded -66 Rdiscarded 67 Tlease 68 Tinit -68 Rinit -128 Rerr 127 Rerr -62 Tdiscarded',
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
  named('mysql_command_name', 'cmd', 'The name of a MySQL command.', at(MYSQL_COMMANDS, String)),
  named(
    'amqp_frame_type_name',
    'frame_type',
    'The name of a kind of AMQP frame.',
    (code) => AMQP_FRAMES[code] ?? String(code),
  ),
  {
    name: 'amqp_method_name',
    description: 'The name of an AMQP method; of one without a name its two numbers.',
    unit: none,
    overloads: [
      scalar(
        'class_id:INT64 method_id:INT64 -> STRING',
        (_, classId: number | bigint, methodId: number | bigint) =>
          AMQP_METHODS[Number(classId)]?.[Number(methodId)] ?? `${classId}.${methodId}`,
      ),
    ],
  },
  named(
    'mux_frame_type_name',
    'frame_type',
    'The name of a kind of Mux message.',
    (code) => MUX_FRAMES[code] ?? String(code),
  ),
  named('cql_opcode_name', 'req_op', 'The name of a CQL opcode.', at(CQL_OPCODES, String)),
]
