import { invalid, numbered, type ProtocolIdentity } from '../lib/identity'
import { amqpEvents } from './table'

/** AMQP 0-9-1 §4.2.3. */
const FRAMES: Readonly<Record<number, string>> = {
  1: 'Frame method',
  2: 'Content Header',
  3: 'Content Body',
  8: 'Heartbeat',
}

/** Classes and methods of the AMQP 0-9-1 definition and RabbitMQ's additions to it. */
const METHODS: Readonly<Record<number, Readonly<Record<number, string>>>> = {
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

export const AMQP: ProtocolIdentity = {
  label: 'AMQP',
  code: 12,
  tables: [amqpEvents],
  names: [
    {
      name: 'amqp_frame_type_name',
      description: 'The name of a kind of AMQP frame.',
      args: ['frame_type'],
      nameOf: (code) => FRAMES[code!] ?? invalid(code!),
    },
    {
      name: 'amqp_method_name',
      description: 'The name of an AMQP method; of one without a name its two numbers, as invalid.',
      args: ['class_id', 'method_id'],
      nameOf: (classId, methodId) => METHODS[classId!]?.[methodId!] ?? invalid(`${classId}.${methodId}`),
    },
  ],
}
