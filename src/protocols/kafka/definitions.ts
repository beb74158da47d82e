/**
 * Every message of Kafka (kafka.apache.org/protocol), written by deploy/kafka-definitions.ts. Three lines for each API:
 *
 *     key name versions, and the first version with compact lengths and tagged fields, if there is one
 *     fields of the request
 *     fields of the response
 *
 * A field is its name, a colon and its type; behind the name `@from-to`: its versions, where they are fewer than those around it;
 * `?from-to`: those in which it may be null; `~tag`, `~tag~from`: it is a tagged one (from that version on). Types: b bool, i8 … i64, u16, u32,
 * f64, id UUID, s string, y bytes, r records, […] array, {…} struct.
 */
export const MESSAGES = `
0 Produce 0-13 9
transactional_id@3?:s acks:i16 timeout_ms:i32 topics:[{name@0-12:s topic_id@13:id partitions:[{index:i32 message_set?:r}]}]
topics:[{name@0-12:s topic_id@13:id partitions:[{index:i32 error_code:i16 base_offset:i64 log_append_time_ms@2:i64 log_start_offset@5:i64 record_errors@8:[{batch_index:i32 batch_index_error_message?:s}] error_message@8?:s current_leader@10~0:{leader_id:i32 leader_epoch:i32}}]}] throttle_time_ms@1:i32 node_endpoints@10~0:[{node_id:i32 host:s port:i32 rack?:s}]
1 Fetch 0-18 12
cluster_id@12?~0:s replica_id@0-14:i32 replica_state@15~1:{replica_id:i32 replica_epoch:i64} max_wait_ms:i32 min_bytes:i32 max_bytes@3:i32 isolation_level@4:i8 session_id@7:i32 session_epoch@7:i32 topics:[{name@0-12:s topic_id@13:id partitions:[{index:i32 current_leader_epoch@9:i32 fetch_offset:i64 last_fetched_epoch@12:i32 log_start_offset@5:i64 partition_max_bytes:i32 replica_directory_id@17~0:id high_watermark@18~1:i64}]}] forgotten_topics_data@7:[{name@7-12:s topic_id@13:id partitions:[i32]}] rack_id@11:s
throttle_time_ms@1:i32 error_code@7:i16 session_id@7:i32 topics:[{name@0-12:s topic_id@13:id partitions:[{index:i32 error_code:i16 high_watermark:i64 last_stable_offset@4:i64 log_start_offset@5:i64 diverging_epoch@12~0:{epoch:i32 end_offset:i64} current_leader@12~1:{leader_id:i32 leader_epoch:i32} snapshot_id@12~2:{end_offset:i64 epoch:i32} aborted_transactions@4?:[{producer_id:i64 first_offset:i64}] preferred_read_replica@11:i32 message_set?:r}]}] node_endpoints@16~0:[{node_id:i32 host:s port:i32 rack?:s}]
2 ListOffsets 0-0
replica_id:i32 topics:[{name:s partitions:[{index:i32 timestamp:i64 max_num_offsets:i32}]}]
topics:[{name:s partitions:[{index:i32 error_code:i16 old_style_offsets:[i64]}]}]
2 ListOffsets 1-11 6
replica_id:i32 isolation_level@2:i8 topics:[{name:s partitions:[{index:i32 current_leader_epoch@4:i32 timestamp:i64}]}] timeout_ms@10:i32
throttle_time_ms@2:i32 topics:[{name:s partitions:[{index:i32 error_code:i16 timestamp:i64 offset:i64 leader_epoch@4:i32}]}]
3 Metadata 0-13 9
topics?1:[{topic_id@10:id name?10:s}] allow_auto_topic_creation@4:b include_cluster_authorized_operations@8-10:b include_topic_authorized_operations@8:b
throttle_time_ms@3:i32 brokers:[{node_id:i32 host:s port:i32 rack@1?:s}] cluster_id@2?:s controller_id@1:i32 topics:[{error_code:i16 name?12:s topic_id@10:id is_internal@1:b partitions:[{error_code:i16 index:i32 leader_id:i32 leader_epoch@7:i32 replica_nodes:[i32] isr_nodes:[i32] offline_replicas@5:[i32]}] topic_authorized_operations@8:i32}] cluster_authorized_operations@8-10:i32 error_code@13:i16
4 LeaderAndIsr 0-7 4
controller_id:i32 is_kraft_controller@7:b controller_epoch:i32 broker_epoch@2:i64 type@5:i8 ungrouped_partition_states@0-1:[{name:s index:i32 controller_epoch:i32 leader:i32 leader_epoch:i32 isr:[i32] partition_epoch:i32 replicas:[i32] is_new@1:b}] topic_states@2:[{name:s topic_id@5:id partition_states:[{index:i32 controller_epoch:i32 leader:i32 leader_epoch:i32 isr:[i32] partition_epoch:i32 replicas:[i32] adding_replicas@3:[i32] removing_replicas@3:[i32] is_new:b leader_recovery_state@6:i8}]}] live_leaders:[{broker_id:i32 host_name:s port:i32}]
error_code:i16 partition_errors@0-4:[{name:s index:i32 error_code:i16}] topics@5:[{topic_id:id partition_errors:[{index:i32 error_code:i16}]}]
5 StopReplica 0-4 2
controller_id:i32 is_kraft_controller@4:b controller_epoch:i32 broker_epoch@1:i64 delete_partitions@0-2:b ungrouped_partitions@0-0:[{name:s index:i32}] topics@1-2:[{name:s partition_indexes:[i32]}] topic_states@3:[{name:s partition_states:[{index:i32 leader_epoch:i32 delete_partition:b}]}]
error_code:i16 partition_errors:[{name:s index:i32 error_code:i16}]
6 UpdateMetadata 0-8 6
controller_id:i32 is_kraft_controller@8:b type@8~0:i8 controller_epoch:i32 broker_epoch@5:i64 ungrouped_partition_states@0-4:[{name:s index:i32 controller_epoch:i32 leader:i32 leader_epoch:i32 isr:[i32] zk_version:i32 replicas:[i32] offline_replicas@4:[i32]}] topic_states@5:[{name:s topic_id@7:id partition_states:[{index:i32 controller_epoch:i32 leader:i32 leader_epoch:i32 isr:[i32] zk_version:i32 replicas:[i32] offline_replicas:[i32]}]}] live_brokers:[{id:i32 v0_host@0-0:s v0_port@0-0:i32 endpoints@1:[{port:i32 host:s listener@3:s security_protocol:i16}] rack@2?:s}]
error_code:i16
7 ControlledShutdown 0-3 3
broker_id:i32 broker_epoch@2:i64
error_code:i16 remaining_partitions:[{name:s index:i32}]
8 OffsetCommit 0-1
group_id:s generation_id_or_member_epoch@1:i32 member_id@1:s topics:[{name:s partitions:[{index:i32 committed_offset:i64 commit_timestamp@1:i64 committed_metadata?:s}]}]
topics:[{name:s partitions:[{index:i32 error_code:i16}]}]
8 OffsetCommit 2-10 8
group_id:s generation_id_or_member_epoch:i32 member_id:s group_instance_id@7?:s retention_time_ms@2-4:i64 topics:[{name@2-9:s topic_id@10:id partitions:[{index:i32 committed_offset:i64 committed_leader_epoch@6:i32 committed_metadata?:s}]}]
throttle_time_ms@3:i32 topics:[{name@2-9:s topic_id@10:id partitions:[{index:i32 error_code:i16}]}]
9 OffsetFetch 0-10 6
group_id@0-7:s topics@0-7?2:[{name:s partition_indexes:[i32]}] groups@8:[{group_id:s member_id@9?:s member_epoch@9:i32 topics?:[{name@8-9:s topic_id@10:id partition_indexes:[i32]}]}] require_stable@7:b
throttle_time_ms@3:i32 topics@0-7:[{name:s partitions:[{index:i32 committed_offset:i64 committed_leader_epoch@5:i32 metadata?:s error_code:i16}]}] error_code@2-7:i16 groups@8:[{group_id:s topics:[{name@8-9:s topic_id@10:id partitions:[{index:i32 committed_offset:i64 committed_leader_epoch:i32 metadata?:s error_code:i16}]}] error_code:i16}]
10 FindCoordinator 0-6 3
key@0-3:s key_type@1:i8 coordinator_keys@4:[s]
throttle_time_ms@1:i32 error_code@0-3:i16 error_message@1-3?:s node_id@0-3:i32 host@0-3:s port@0-3:i32 coordinators@4:[{key:s node_id:i32 host:s port:i32 error_code:i16 error_message?:s}]
11 JoinGroup 0-9 6
group_id:s session_timeout_ms:i32 rebalance_timeout_ms@1:i32 member_id:s group_instance_id@5?:s protocol_type:s protocols:[{name:s metadata:y}] reason@8?:s
throttle_time_ms@2:i32 error_code:i16 generation_id:i32 protocol_type@7?:s protocol_name?7:s leader:s skip_assignment@9:b member_id:s members:[{member_id:s group_instance_id@5?:s metadata:y}]
12 Heartbeat 0-4 4
group_id:s generation_id:i32 member_id:s group_instance_id@3?:s
throttle_time_ms@1:i32 error_code:i16
13 LeaveGroup 0-5 4
group_id:s member_id@0-2:s members@3:[{member_id:s group_instance_id?:s reason@5?:s}]
throttle_time_ms@1:i32 error_code:i16 members@3:[{member_id:s group_instance_id?:s error_code:i16}]
14 SyncGroup 0-5 4
group_id:s generation_id:i32 member_id:s group_instance_id@3?:s protocol_type@5?:s protocol_name@5?:s assignments:[{member_id:s assignment:y}]
throttle_time_ms@1:i32 error_code:i16 protocol_type@5?:s protocol_name@5?:s assignment:y
15 DescribeGroups 0-6 5
groups:[s] include_authorized_operations@3:b
throttle_time_ms@1:i32 groups:[{error_code:i16 error_message@6?:s group_id:s group_state:s protocol_type:s protocol_data:s members:[{member_id:s group_instance_id@4?:s client_id:s client_host:s member_metadata:y member_assignment:y}] authorized_operations@3:i32}]
16 ListGroups 0-5 3
states_filter@4:[s] types_filter@5:[s]
throttle_time_ms@1:i32 error_code:i16 groups:[{group_id:s protocol_type:s group_state@4:s group_type@5:s}]
17 SaslHandshake 0-1
mechanism:s
error_code:i16 mechanisms:[s]
18 ApiVersions 0-5 3
client_software_name@3:s client_software_version@3:s cluster_id@5?:s node_id@5:i32
error_code:i16 api_keys:[{api_key:i16 min_version:i16 max_version:i16}] throttle_time_ms@1:i32 supported_features@3~0:[{name:s min_version:i16 max_version:i16}] finalized_features_epoch@3~1:i64 finalized_features@3~2:[{name:s max_version_level:i16 min_version_level:i16}] zk_migration_ready@3~3:b
19 CreateTopics 0-7 5
topics:[{name:s num_partitions:i32 replication_factor:i16 assignments:[{index:i32 broker_ids:[i32]}] configs:[{name:s value?:s}]}] timeout_ms:i32 validate_only@1:b
throttle_time_ms@2:i32 topics:[{name:s topic_id@7:id error_code:i16 error_message@1?:s topic_config_error_code@5~0:i16 num_partitions@5:i32 replication_factor@5:i16 configs@5?:[{name:s value?:s read_only:b config_source:i8 is_sensitive:b}]}]
20 DeleteTopics 0-6 4
topics@6:[{name?:s topic_id:id}] topic_names@0-5:[s] timeout_ms:i32
throttle_time_ms@1:i32 topics:[{name?6:s topic_id@6:id error_code:i16 error_message@5?:s}]
21 DeleteRecords 0-2 2
topics:[{name:s partitions:[{index:i32 offset:i64}]}] timeout_ms:i32
throttle_time_ms:i32 topics:[{name:s partitions:[{index:i32 low_watermark:i64 error_code:i16}]}]
22 InitProducerId 0-6 2
transactional_id?:s transaction_timeout_ms:i32 producer_id@3:i64 producer_epoch@3:i16 enable2_pc@6:b keep_prepared_txn@6:b
throttle_time_ms:i32 error_code:i16 producer_id:i64 producer_epoch:i16 ongoing_txn_producer_id@6:i64 ongoing_txn_producer_epoch@6:i16
23 OffsetForLeaderEpoch 0-4 4
replica_id@3:i32 topics:[{name:s partitions:[{index:i32 current_leader_epoch@2:i32 leader_epoch:i32}]}]
throttle_time_ms@2:i32 topics:[{name:s partitions:[{error_code:i16 index:i32 leader_epoch@1:i32 end_offset:i64}]}]
24 AddPartitionsToTxn 0-5 3
transactions@4:[{transactional_id:s producer_id:i64 producer_epoch:i16 verify_only:b topics:[{name:s partitions:[i32]}]}] v3_and_below_transactional_id@0-3:s v3_and_below_producer_id@0-3:i64 v3_and_below_producer_epoch@0-3:i16 v3_and_below_topics@0-3:[{name:s partitions:[i32]}]
throttle_time_ms:i32 error_code@4:i16 results_by_transaction@4:[{transactional_id:s topic_results:[{name:s results_by_partition:[{index:i32 partition_error_code:i16}]}]}] results_by_topic_v3_and_below@0-3:[{name:s results_by_partition:[{index:i32 partition_error_code:i16}]}]
25 AddOffsetsToTxn 0-4 3
transactional_id:s producer_id:i64 producer_epoch:i16 group_id:s
throttle_time_ms:i32 error_code:i16
26 EndTxn 0-5 3
transactional_id:s producer_id:i64 producer_epoch:i16 committed:b
throttle_time_ms:i32 error_code:i16 producer_id@5:i64 producer_epoch@5:i16
27 WriteTxnMarkers 0-2 1
markers:[{producer_id:i64 producer_epoch:i16 transaction_result:b topics:[{name:s partition_indexes:[i32]}] coordinator_epoch:i32 transaction_version@2:i8}]
markers:[{producer_id:i64 topics:[{name:s partitions:[{index:i32 error_code:i16}]}]}]
28 TxnOffsetCommit 0-6 3
transactional_id:s group_id:s producer_id:i64 producer_epoch:i16 generation_id_or_member_epoch@3:i32 member_id@3:s group_instance_id@3?:s topics:[{name@0-5:s topic_id@6:id partitions:[{index:i32 committed_offset:i64 committed_leader_epoch@2:i32 committed_metadata?:s}]}]
throttle_time_ms:i32 topics:[{name@0-5:s topic_id@6:id partitions:[{index:i32 error_code:i16}]}]
29 DescribeAcls 0-3 2
resource_type_filter:i8 resource_name_filter?:s pattern_type_filter@1:i8 principal_filter?:s host_filter?:s operation:i8 permission_type:i8
throttle_time_ms:i32 error_code:i16 error_message?:s resources:[{resource_type:i8 resource_name:s pattern_type@1:i8 acls:[{principal:s host:s operation:i8 permission_type:i8}]}]
30 CreateAcls 0-3 2
creations:[{resource_type:i8 resource_name:s resource_pattern_type@1:i8 principal:s host:s operation:i8 permission_type:i8}]
throttle_time_ms:i32 results:[{error_code:i16 error_message?:s}]
31 DeleteAcls 0-3 2
filters:[{resource_type_filter:i8 resource_name_filter?:s pattern_type_filter@1:i8 principal_filter?:s host_filter?:s operation:i8 permission_type:i8}]
throttle_time_ms:i32 filter_results:[{error_code:i16 error_message?:s matching_acls:[{error_code:i16 error_message?:s resource_type:i8 resource_name:s pattern_type@1:i8 principal:s host:s operation:i8 permission_type:i8}]}]
32 DescribeConfigs 0-0
resources:[{resource_type:i8 resource_name:s configuration_keys?:[s]}]
throttle_time_ms:i32 results:[{error_code:i16 error_message?:s resource_type:i8 resource_name:s configs:[{name:s value?:s read_only:b is_default:b is_sensitive:b}]}]
32 DescribeConfigs 1-4 4
resources:[{resource_type:i8 resource_name:s configuration_keys?:[s]}] include_synonyms:b include_documentation@3:b
throttle_time_ms:i32 results:[{error_code:i16 error_message?:s resource_type:i8 resource_name:s configs:[{name:s value?:s read_only:b config_source:i8 is_sensitive:b synonyms:[{name:s value?:s source:i8}] config_type@3:i8 documentation@3?:s}]}]
33 AlterConfigs 0-2 2
resources:[{resource_type:i8 resource_name:s configs:[{name:s value?:s}]}] validate_only:b
throttle_time_ms:i32 responses:[{error_code:i16 error_message?:s resource_type:i8 resource_name:s}]
34 AlterReplicaLogDirs 0-2 2
dirs:[{path:s topics:[{name:s partitions:[i32]}]}]
throttle_time_ms:i32 results:[{name:s partitions:[{index:i32 error_code:i16}]}]
35 DescribeLogDirs 0-5 2
topics?:[{name:s partitions:[i32]}]
throttle_time_ms:i32 error_code@3:i16 results:[{error_code:i16 log_dir:s topics:[{name:s partitions:[{index:i32 partition_size:i64 offset_lag:i64 is_future_key:b}]}] total_bytes@4:i64 usable_bytes@4:i64 is_cordoned@5:b}]
36 SaslAuthenticate 0-2 2
auth_bytes:y
error_code:i16 error_message?:s auth_bytes:y session_lifetime_ms@1:i64
37 CreatePartitions 0-3 2
topics:[{name:s count:i32 assignments?:[{broker_ids:[i32]}]}] timeout_ms:i32 validate_only:b
throttle_time_ms:i32 results:[{name:s error_code:i16 error_message?:s}]
38 CreateDelegationToken 0-3 2
owner_principal_type@3?:s owner_principal_name@3?:s renewers:[{principal_type:s principal_name:s}] max_lifetime_ms:i64
error_code:i16 principal_type:s principal_name:s token_requester_principal_type@3:s token_requester_principal_name@3:s issue_timestamp_ms:i64 expiry_timestamp_ms:i64 max_timestamp_ms:i64 token_id:s hmac:y throttle_time_ms:i32
39 RenewDelegationToken 0-2 2
hmac:y renew_period_ms:i64
error_code:i16 expiry_timestamp_ms:i64 throttle_time_ms:i32
40 ExpireDelegationToken 0-2 2
hmac:y expiry_time_period_ms:i64
error_code:i16 expiry_timestamp_ms:i64 throttle_time_ms:i32
41 DescribeDelegationToken 0-3 2
owners?:[{principal_type:s principal_name:s}]
error_code:i16 tokens:[{principal_type:s principal_name:s token_requester_principal_type@3:s token_requester_principal_name@3:s issue_timestamp:i64 expiry_timestamp:i64 max_timestamp:i64 token_id:s hmac:y renewers:[{principal_type:s principal_name:s}]}] throttle_time_ms:i32
42 DeleteGroups 0-3 2
groups_names:[s]
throttle_time_ms:i32 results:[{group_id:s error_code:i16 error_message@3?:s}]
43 ElectLeaders 0-2 2
election_type@1:i8 topic_partitions?:[{name:s partitions:[i32]}] timeout_ms:i32
throttle_time_ms:i32 error_code@1:i16 replica_election_results:[{name:s partition_result:[{partition_id:i32 error_code:i16 error_message?:s}]}]
44 IncrementalAlterConfigs 0-1 1
resources:[{resource_type:i8 resource_name:s configs:[{name:s config_operation:i8 value?:s}]}] validate_only:b
throttle_time_ms:i32 responses:[{error_code:i16 error_message?:s resource_type:i8 resource_name:s}]
45 AlterPartitionReassignments 0-1 0
timeout_ms:i32 allow_replication_factor_change@1:b topics:[{name:s partitions:[{index:i32 replicas?:[i32]}]}]
throttle_time_ms:i32 allow_replication_factor_change@1:b error_code:i16 error_message?:s topics:[{name:s partitions:[{index:i32 error_code:i16 error_message?:s}]}]
46 ListPartitionReassignments 0-0 0
timeout_ms:i32 topics?:[{name:s partition_indexes:[i32]}]
throttle_time_ms:i32 error_code:i16 error_message?:s topics:[{name:s partitions:[{index:i32 replicas:[i32] adding_replicas:[i32] removing_replicas:[i32]}]}]
47 OffsetDelete 0-0
group_id:s topics:[{name:s partitions:[{index:i32}]}]
error_code:i16 throttle_time_ms:i32 topics:[{name:s partitions:[{index:i32 error_code:i16}]}]
48 DescribeClientQuotas 0-1 1
components:[{entity_type:s match_type:i8 match?:s}] strict:b
throttle_time_ms:i32 error_code:i16 error_message?:s entries?:[{entity:[{entity_type:s entity_name?:s}] values:[{key:s value:f64}]}]
49 AlterClientQuotas 0-1 1
entries:[{entity:[{entity_type:s entity_name?:s}] ops:[{key:s value:f64 remove:b}]}] validate_only:b
throttle_time_ms:i32 entries:[{error_code:i16 error_message?:s entity:[{entity_type:s entity_name?:s}]}]
50 DescribeUserScramCredentials 0-0 0
users?:[{name:s}]
throttle_time_ms:i32 error_code:i16 error_message?:s results:[{user:s error_code:i16 error_message?:s credential_infos:[{mechanism:i8 iterations:i32}]}]
51 AlterUserScramCredentials 0-0 0
deletions:[{name:s mechanism:i8}] upsertions:[{name:s mechanism:i8 iterations:i32 salt:y salted_password:y}]
throttle_time_ms:i32 results:[{user:s error_code:i16 error_message?:s}]
52 Vote 0-2 0
cluster_id?:s voter_id@1:i32 topics:[{name:s partitions:[{index:i32 replica_epoch:i32 replica_id:i32 replica_directory_id@1:id voter_directory_id@1:id last_offset_epoch:i32 last_offset:i64 pre_vote@2:b}]}]
error_code:i16 topics:[{name:s partitions:[{index:i32 error_code:i16 leader_id:i32 leader_epoch:i32 vote_granted:b}]}] node_endpoints@1~0:[{node_id:i32 host:s port:u16}]
53 BeginQuorumEpoch 0-1 1
cluster_id?:s voter_id@1:i32 topics:[{name:s partitions:[{index:i32 voter_directory_id@1:id leader_id:i32 leader_epoch:i32}]}] leader_endpoints@1:[{name:s host:s port:u16}]
error_code:i16 topics:[{name:s partitions:[{index:i32 error_code:i16 leader_id:i32 leader_epoch:i32}]}] node_endpoints@1~0:[{node_id:i32 host:s port:u16}]
54 EndQuorumEpoch 0-1 1
cluster_id?:s topics:[{name:s partitions:[{index:i32 leader_id:i32 leader_epoch:i32 preferred_successors@0-0:[i32] preferred_candidates@1:[{candidate_id:i32 candidate_directory_id:id}]}]}] leader_endpoints@1:[{name:s host:s port:u16}]
error_code:i16 topics:[{name:s partitions:[{index:i32 error_code:i16 leader_id:i32 leader_epoch:i32}]}] node_endpoints@1~0:[{node_id:i32 host:s port:u16}]
55 DescribeQuorum 0-2 0
topics:[{name:s partitions:[{index:i32}]}]
error_code:i16 error_message@2?:s topics:[{name:s partitions:[{index:i32 error_code:i16 error_message@2?:s leader_id:i32 leader_epoch:i32 high_watermark:i64 current_voters:[{replica_id:i32 replica_directory_id@2:id log_end_offset:i64 last_fetch_timestamp@1:i64 last_caught_up_timestamp@1:i64}] observers:[{replica_id:i32 replica_directory_id@2:id log_end_offset:i64 last_fetch_timestamp@1:i64 last_caught_up_timestamp@1:i64}]}]}] nodes@2:[{node_id:i32 listeners:[{name:s host:s port:u16}]}]
56 AlterPartition 0-1 0
broker_id:i32 broker_epoch:i64 topics:[{name:s partitions:[{index:i32 leader_epoch:i32 new_isr:[i32] leader_recovery_state@1:i8 partition_epoch:i32}]}]
throttle_time_ms:i32 error_code:i16 topics:[{name:s partitions:[{index:i32 error_code:i16 leader_id:i32 leader_epoch:i32 isr:[i32] leader_recovery_state@1:i8 partition_epoch:i32}]}]
56 AlterPartition 2-3 2
broker_id:i32 broker_epoch:i64 topics:[{topic_id:id partitions:[{index:i32 leader_epoch:i32 new_isr@2-2:[i32] new_isr_with_epochs@3:[{broker_id:i32 broker_epoch:i64}] leader_recovery_state:i8 partition_epoch:i32}]}]
throttle_time_ms:i32 error_code:i16 topics:[{topic_id:id partitions:[{index:i32 error_code:i16 leader_id:i32 leader_epoch:i32 isr:[i32] leader_recovery_state:i8 partition_epoch:i32}]}]
57 UpdateFeatures 0-2 0
timeout_ms:i32 feature_updates:[{feature:s max_version_level:i16 allow_downgrade@0-0:b upgrade_type@1:i8}] validate_only@1:b
throttle_time_ms:i32 error_code:i16 error_message?:s results@0-1:[{feature:s error_code:i16 error_message?:s}]
58 Envelope 0-0 0
request_data:y request_principal?:y client_host_address:y
response_data?:y error_code:i16
59 FetchSnapshot 0-1 0
cluster_id?~0:s replica_id:i32 max_bytes:i32 topics:[{name:s partitions:[{index:i32 current_leader_epoch:i32 snapshot_id:{end_offset:i64 epoch:i32} position:i64 replica_directory_id@1~0:id}]}]
throttle_time_ms:i32 error_code:i16 topics:[{name:s partitions:[{index:i32 error_code:i16 snapshot_id:{end_offset:i64 epoch:i32} current_leader~0:{leader_id:i32 leader_epoch:i32} size:i64 position:i64 message_set:r}]}] node_endpoints@1~0:[{node_id:i32 host:s port:u16}]
60 DescribeCluster 0-2 0
include_cluster_authorized_operations:b endpoint_type@1:i8 include_fenced_brokers@2:b
throttle_time_ms:i32 error_code:i16 error_message?:s endpoint_type@1:i8 cluster_id:s controller_id:i32 brokers:[{broker_id:i32 host:s port:i32 rack?:s is_fenced@2:b}] cluster_authorized_operations:i32
61 DescribeProducers 0-0 0
topics:[{name:s partition_indexes:[i32]}]
throttle_time_ms:i32 topics:[{name:s partitions:[{index:i32 error_code:i16 error_message?:s active_producers:[{producer_id:i64 producer_epoch:i32 last_sequence:i32 last_timestamp:i64 coordinator_epoch:i32 current_txn_start_offset:i64}]}]}]
62 BrokerRegistration 0-4 0
broker_id:i32 cluster_id:s incarnation_id:id listeners:[{name:s host:s port:u16 security_protocol:i16}] features:[{name:s min_supported_version:i16 max_supported_version:i16}] rack?:s is_migrating_zk_broker@1:b log_dirs@2:[id] previous_broker_epoch@3:i64
throttle_time_ms:i32 error_code:i16 broker_epoch:i64
63 BrokerHeartbeat 0-2 0
broker_id:i32 broker_epoch:i64 current_metadata_offset:i64 want_fence:b want_shut_down:b offline_log_dirs@1~0:[id] cordoned_log_dirs@2?~1:[id]
throttle_time_ms:i32 error_code:i16 is_caught_up:b is_fenced:b should_shut_down:b
64 UnregisterBroker 0-0 0
broker_id:i32
throttle_time_ms:i32 error_code:i16 error_message?:s
65 DescribeTransactions 0-0 0
transactional_ids:[s]
throttle_time_ms:i32 transaction_states:[{error_code:i16 transactional_id:s transaction_state:s transaction_timeout_ms:i32 transaction_start_time_ms:i64 producer_id:i64 producer_epoch:i16 topics:[{name:s partitions:[i32]}]}]
66 ListTransactions 0-2 0
state_filters:[s] producer_id_filters:[i64] duration_filter@1:i64 transactional_id_pattern@2?:s
throttle_time_ms:i32 error_code:i16 unknown_state_filters:[s] transaction_states:[{transactional_id:s producer_id:i64 transaction_state:s}]
67 AllocateProducerIds 0-0 0
broker_id:i32 broker_epoch:i64
throttle_time_ms:i32 error_code:i16 producer_id_start:i64 producer_id_len:i32
68 ConsumerGroupHeartbeat 0-1 0
group_id:s member_id:s member_epoch:i32 instance_id?:s rack_id?:s rebalance_timeout_ms:i32 subscribed_topic_names?:[s] subscribed_topic_regex@1?:s server_assignor?:s topic_partitions?:[{topic_id:id partitions:[i32]}]
throttle_time_ms:i32 error_code:i16 error_message?:s member_id?:s member_epoch:i32 heartbeat_interval_ms:i32 assignment?:{topic_partitions:[{topic_id:id partitions:[i32]}]}
69 ConsumerGroupDescribe 0-1 0
group_ids:[s] include_authorized_operations:b
throttle_time_ms:i32 groups:[{error_code:i16 error_message?:s group_id:s group_state:s group_epoch:i32 assignment_epoch:i32 assignor_name:s members:[{member_id:s instance_id?:s rack_id?:s member_epoch:i32 client_id:s client_host:s subscribed_topic_names:[s] subscribed_topic_regex?:s assignment:{topic_partitions:[{topic_id:id name:s partitions:[i32]}]} target_assignment:{topic_partitions:[{topic_id:id name:s partitions:[i32]}]} member_type@1:i8}] authorized_operations:i32}]
70 ControllerRegistration 0-0 0
controller_id:i32 incarnation_id:id zk_migration_ready:b listeners:[{name:s host:s port:u16 security_protocol:i16}] features:[{name:s min_supported_version:i16 max_supported_version:i16}]
throttle_time_ms:i32 error_code:i16 error_message?:s
71 GetTelemetrySubscriptions 0-0 0
client_instance_id:id
throttle_time_ms:i32 error_code:i16 client_instance_id:id subscription_id:i32 accepted_compression_types:[i8] push_interval_ms:i32 telemetry_max_bytes:i32 delta_temporality:b requested_metrics:[s]
72 PushTelemetry 0-0 0
client_instance_id:id subscription_id:i32 terminating:b compression_type:i8 metrics:y
throttle_time_ms:i32 error_code:i16
73 AssignReplicasToDirs 0-0 0
broker_id:i32 broker_epoch:i64 directories:[{id:id topics:[{topic_id:id partitions:[{index:i32}]}]}]
throttle_time_ms:i32 error_code:i16 directories:[{id:id topics:[{topic_id:id partitions:[{index:i32 error_code:i16}]}]}]
74 ListConfigResources 0-1 0
resource_types@1:[i8]
throttle_time_ms:i32 error_code:i16 config_resources:[{resource_name:s resource_type@1:i8}]
75 DescribeTopicPartitions 0-0 0
topics:[{name:s}] response_partition_limit:i32 cursor?:{name:s index:i32}
throttle_time_ms:i32 topics:[{error_code:i16 name?:s topic_id:id is_internal:b partitions:[{error_code:i16 index:i32 leader_id:i32 leader_epoch:i32 replica_nodes:[i32] isr_nodes:[i32] eligible_leader_replicas?:[i32] last_known_elr?:[i32] offline_replicas:[i32]}] topic_authorized_operations:i32}] next_cursor?:{name:s index:i32}
76 ShareGroupHeartbeat 0-1 0
group_id:s member_id:s member_epoch:i32 rack_id?:s subscribed_topic_names?:[s]
throttle_time_ms:i32 error_code:i16 error_message?:s member_id?:s member_epoch:i32 heartbeat_interval_ms:i32 assignment?:{topic_partitions:[{topic_id:id partitions:[i32]}]}
77 ShareGroupDescribe 0-1 0
group_ids:[s] include_authorized_operations:b
throttle_time_ms:i32 groups:[{error_code:i16 error_message?:s group_id:s group_state:s group_epoch:i32 assignment_epoch:i32 assignor_name:s members:[{member_id:s rack_id?:s member_epoch:i32 client_id:s client_host:s subscribed_topic_names:[s] assignment:{topic_partitions:[{topic_id:id name:s partitions:[i32]}]}}] authorized_operations:i32}]
78 ShareFetch 0-2 0
group_id?:s member_id?:s share_session_epoch:i32 max_wait_ms:i32 min_bytes:i32 max_bytes:i32 max_records@1:i32 batch_size@1:i32 share_acquire_mode@2:i8 is_renew_ack@2:b topics:[{topic_id:id partitions:[{index:i32 partition_max_bytes@0-0:i32 acknowledgement_batches:[{first_offset:i64 last_offset:i64 acknowledge_types:[i8]}]}]}] forgotten_topics_data:[{topic_id:id partitions:[i32]}]
throttle_time_ms:i32 error_code:i16 error_message?:s acquisition_lock_timeout_ms@1:i32 topics:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s acknowledge_error_code:i16 acknowledge_error_message?:s current_leader:{leader_id:i32 leader_epoch:i32} message_set?0-0:r acquired_records:[{first_offset:i64 last_offset:i64 delivery_count:i16}]}]}] node_endpoints:[{node_id:i32 host:s port:i32 rack?:s}]
79 ShareAcknowledge 0-2 0
group_id?:s member_id?:s share_session_epoch:i32 is_renew_ack@2:b topics:[{topic_id:id partitions:[{index:i32 acknowledgement_batches:[{first_offset:i64 last_offset:i64 acknowledge_types:[i8]}]}]}]
throttle_time_ms:i32 error_code:i16 error_message?:s acquisition_lock_timeout_ms@2:i32 topics:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s current_leader:{leader_id:i32 leader_epoch:i32}}]}] node_endpoints:[{node_id:i32 host:s port:i32 rack?:s}]
80 AddRaftVoter 0-1 0
cluster_id?:s timeout_ms:i32 voter_id:i32 voter_directory_id:id listeners:[{name:s host:s port:u16}] ack_when_committed@1:b
throttle_time_ms:i32 error_code:i16 error_message?:s
81 RemoveRaftVoter 0-0 0
cluster_id?:s voter_id:i32 voter_directory_id:id
throttle_time_ms:i32 error_code:i16 error_message?:s
82 UpdateRaftVoter 0-0 0
cluster_id?:s current_leader_epoch:i32 voter_id:i32 voter_directory_id:id listeners:[{name:s host:s port:u16}] kraft_version_feature:{min_supported_version:i16 max_supported_version:i16}
throttle_time_ms:i32 error_code:i16 current_leader~0:{leader_id:i32 leader_epoch:i32 host:s port:i32}
83 InitializeShareGroupState 0-0 0
group_id:s topics:[{topic_id:id partitions:[{index:i32 state_epoch:i32 start_offset:i64}]}]
results:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s}]}]
84 ReadShareGroupState 0-0 0
group_id:s topics:[{topic_id:id partitions:[{index:i32 leader_epoch:i32}]}]
results:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s state_epoch:i32 start_offset:i64 state_batches:[{first_offset:i64 last_offset:i64 delivery_state:i8 delivery_count:i16}]}]}]
85 WriteShareGroupState 0-1 0
group_id:s topics:[{topic_id:id partitions:[{index:i32 state_epoch:i32 leader_epoch:i32 start_offset:i64 delivery_complete_count@1:i32 state_batches:[{first_offset:i64 last_offset:i64 delivery_state:i8 delivery_count:i16}]}]}]
results:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s}]}]
86 DeleteShareGroupState 0-0 0
group_id:s topics:[{topic_id:id partitions:[{index:i32}]}]
results:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s}]}]
87 ReadShareGroupStateSummary 0-1 0
group_id:s topics:[{topic_id:id partitions:[{index:i32 leader_epoch:i32}]}]
results:[{topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s state_epoch:i32 leader_epoch:i32 start_offset:i64 delivery_complete_count@1:i32}]}]
88 StreamsGroupHeartbeat 0-1 0
group_id:s member_id:s member_epoch:i32 endpoint_information_epoch:i32 instance_id?:s rack_id?:s rebalance_timeout_ms:i32 topology?:{epoch:i32 subtopologies:[{subtopology_id:s source_topics:[s] source_topic_regex:[s] state_changelog_topics:[{name:s partitions:i32 replication_factor:i16 topic_configs:[{key:s value:s}]}] repartition_sink_topics:[s] repartition_source_topics:[{name:s partitions:i32 replication_factor:i16 topic_configs:[{key:s value:s}]}] copartition_groups:[{source_topics:[i16] source_topic_regex:[i16] repartition_source_topics:[i16]}]}]} active_tasks?:[{subtopology_id:s partitions:[i32]}] standby_tasks?:[{subtopology_id:s partitions:[i32]}] warmup_tasks?:[{subtopology_id:s partitions:[i32]}] process_id?:s user_endpoint?:{host:s port:u16} client_tags?:[{key:s value:s}] task_offsets?:[{subtopology_id:s index:i32 offset:i64}] task_end_offsets?:[{subtopology_id:s index:i32 offset:i64}] shutdown_application:b
throttle_time_ms:i32 error_code:i16 error_message?:s member_id:s member_epoch:i32 heartbeat_interval_ms:i32 acceptable_recovery_lag_legacy@0-0:i32 task_offset_interval_ms:i32 acceptable_recovery_lag@1:i64 status?:[{status_code:i8 status_detail:s}] active_tasks?:[{subtopology_id:s partitions:[i32]}] standby_tasks?:[{subtopology_id:s partitions:[i32]}] warmup_tasks?:[{subtopology_id:s partitions:[i32]}] topology_description_required@1:b endpoint_information_epoch:i32 partitions_by_user_endpoint?:[{user_endpoint:{host:s port:u16} active_partitions:[{name:s partitions:[i32]}] standby_partitions:[{name:s partitions:[i32]}]}]
89 StreamsGroupDescribe 0-1 0
group_ids:[s] include_authorized_operations:b include_topology_description@1:b
throttle_time_ms:i32 groups:[{error_code:i16 error_message?:s group_id:s group_state:s group_epoch:i32 assignment_epoch:i32 topology?:{epoch:i32 subtopologies?:[{subtopology_id:s source_topics:[s] repartition_sink_topics:[s] state_changelog_topics:[{name:s partitions:i32 replication_factor:i16 topic_configs:[{key:s value:s}]}] repartition_source_topics:[{name:s partitions:i32 replication_factor:i16 topic_configs:[{key:s value:s}]}]}]} members:[{member_id:s member_epoch:i32 instance_id?:s rack_id?:s client_id:s client_host:s topology_epoch:i32 process_id:s user_endpoint?:{host:s port:u16} client_tags:[{key:s value:s}] task_offsets:[{subtopology_id:s index:i32 offset:i64}] task_end_offsets:[{subtopology_id:s index:i32 offset:i64}] assignment:{active_tasks:[{subtopology_id:s partitions:[i32]}] standby_tasks:[{subtopology_id:s partitions:[i32]}] warmup_tasks:[{subtopology_id:s partitions:[i32]}]} target_assignment:{active_tasks:[{subtopology_id:s partitions:[i32]}] standby_tasks:[{subtopology_id:s partitions:[i32]}] warmup_tasks:[{subtopology_id:s partitions:[i32]}]} is_classic:b}] authorized_operations:i32 topology_description@1?:{subtopologies:[{subtopology_id:s nodes:[{name:s node_type:i8 source_topics:[s] sink_topic?:s stores:[s] successors:[s]}]}] global_stores:[{source:{name:s node_type:i8 source_topics:[s] sink_topic?:s stores:[s] successors:[s]} processor:{name:s node_type:i8 source_topics:[s] sink_topic?:s stores:[s] successors:[s]}}]} topology_description_status@1:i8 assignor_name@1?:s}]
90 DescribeShareGroupOffsets 0-1 0
groups:[{group_id:s topics?:[{name:s partitions:[i32]}]}]
throttle_time_ms:i32 groups:[{group_id:s topics:[{name:s topic_id:id partitions:[{index:i32 start_offset:i64 leader_epoch:i32 lag@1:i64 error_code:i16 error_message?:s}]}] error_code:i16 error_message?:s}]
91 AlterShareGroupOffsets 0-0 0
group_id:s topics:[{name:s partitions:[{index:i32 start_offset:i64}]}]
throttle_time_ms:i32 error_code:i16 error_message?:s topics:[{name:s topic_id:id partitions:[{index:i32 error_code:i16 error_message?:s}]}]
92 DeleteShareGroupOffsets 0-0 0
group_id:s topics:[{name:s}]
throttle_time_ms:i32 error_code:i16 error_message?:s topics:[{name:s topic_id:id error_code:i16 error_message?:s}]
93 StreamsGroupTopologyDescriptionUpdate 0-0 0
group_id:s member_id:s topology_epoch:i32 topology_description:{subtopologies:[{subtopology_id:s nodes:[{name:s node_type:i8 source_topics:[s] sink_topic?:s stores:[s] successors:[s]}]}] global_stores:[{source:{name:s node_type:i8 source_topics:[s] sink_topic?:s stores:[s] successors:[s]} processor:{name:s node_type:i8 source_topics:[s] sink_topic?:s stores:[s] successors:[s]}}]}
throttle_time_ms:i32 error_code:i16 error_message?:s
94 UnregisterController 0-0 0
controller_id:i32
throttle_time_ms:i32 error_code:i16 error_message?:s
`
