/**
 * Methods of AMQP 0-9-1 (www.rabbitmq.com/amqp-0-9-1-reference.html), with RabbitMQ's additions: their arguments in order, as
 * name:kind, who sends them, and what answers them. Arguments whose names begin with `_` are reserved.
 */
import type { Side } from '../protocol'

export type Kind = 'octet' | 'short' | 'long' | 'longlong' | 'bit' | 'shortstr' | 'longstr' | 'table'

export interface Argument {
  readonly name: string
  readonly kind: Kind
}

export interface Method {
  readonly classId: number
  readonly methodId: number
  readonly args: readonly Argument[]
  /** Undefined: either end. */
  readonly from: Side | undefined
  /** Methods that answer it, by `keyOf`. */
  readonly answers: readonly number[]
  /** It answers another one. */
  readonly isAnswer: boolean
  /** A content header and bodies follow. */
  readonly hasContent: boolean
}

export const keyOf = (classId: number, methodId: number): number => (classId << 8) | methodId

const CONNECTION = 10
const CHANNEL = 20
export const BASIC = 60
const CONFIRM = 85

export const CONNECTION_CLOSE = keyOf(CONNECTION, 50)
export const CONNECTION_CLOSE_OK = keyOf(CONNECTION, 51)
export const CHANNEL_OPEN = keyOf(CHANNEL, 10)
export const CHANNEL_CLOSE = keyOf(CHANNEL, 40)
export const CHANNEL_CLOSE_OK = keyOf(CHANNEL, 41)
export const CONSUME = keyOf(BASIC, 20)
export const CONSUME_OK = keyOf(BASIC, 21)
export const PUBLISH = keyOf(BASIC, 40)
export const DELIVER = keyOf(BASIC, 60)
export const GET_OK = keyOf(BASIC, 71)
export const ACK = keyOf(BASIC, 80)
export const REJECT = keyOf(BASIC, 90)
export const RECOVER = keyOf(BASIC, 110)
export const NACK = keyOf(BASIC, 120)
export const SELECT = keyOf(CONFIRM, 10)
export const SELECT_OK = keyOf(CONFIRM, 11)

/** class.method, who sends it (c, s, or b for both), `>` what answers or `<` as it is an answer or `-`, `+` if it has a content, arguments. */
const LAYOUTS = `
10.10 s >11 version_major:octet version_minor:octet server_properties:table mechanisms:longstr locales:longstr
10.11 c < client_properties:table mechanism:shortstr response:longstr locale:shortstr
10.20 s >21 challenge:longstr
10.21 c < response:longstr
10.30 s >31 channel_max:short frame_max:long heartbeat:short
10.31 c < channel_max:short frame_max:long heartbeat:short
10.40 c >41 virtual_host:shortstr _1:shortstr _2:bit
10.41 s < _1:shortstr
10.50 b >51 reply_code:short reply_text:shortstr class_id:short method_id:short
10.51 b <
10.60 s - reason:shortstr
10.61 s -
10.70 c >71 new_secret:longstr reason:shortstr
10.71 s <
20.10 c >11 _1:shortstr
20.11 s < _1:longstr
20.20 b >21 active:bit
20.21 b < active:bit
20.40 b >41 reply_code:short reply_text:shortstr class_id:short method_id:short
20.41 b <
40.10 c >11 _1:short exchange:shortstr type:shortstr passive:bit durable:bit auto_delete:bit internal:bit nowait:bit arguments:table
40.11 s <
40.20 c >21 _1:short exchange:shortstr if_unused:bit nowait:bit
40.21 s <
40.30 c >31 _1:short destination:shortstr source:shortstr routing_key:shortstr nowait:bit arguments:table
40.31 s <
40.40 c >51 _1:short destination:shortstr source:shortstr routing_key:shortstr nowait:bit arguments:table
40.51 s <
50.10 c >11 _1:short queue:shortstr passive:bit durable:bit exclusive:bit auto_delete:bit nowait:bit arguments:table
50.11 s < queue:shortstr message_count:long consumer_count:long
50.20 c >21 _1:short queue:shortstr exchange:shortstr routing_key:shortstr nowait:bit arguments:table
50.21 s <
50.30 c >31 _1:short queue:shortstr nowait:bit
50.31 s < message_count:long
50.40 c >41 _1:short queue:shortstr if_unused:bit if_empty:bit nowait:bit
50.41 s < message_count:long
50.50 c >51 _1:short queue:shortstr exchange:shortstr routing_key:shortstr arguments:table
50.51 s <
60.10 c >11 prefetch_size:long prefetch_count:short global:bit
60.11 s <
60.20 c >21 _1:short queue:shortstr consumer_tag:shortstr no_local:bit no_ack:bit exclusive:bit nowait:bit arguments:table
60.21 s < consumer_tag:shortstr
60.30 b >31 consumer_tag:shortstr nowait:bit
60.31 b < consumer_tag:shortstr
60.40 c -+ _1:short exchange:shortstr routing_key:shortstr mandatory:bit immediate:bit
60.50 s -+ reply_code:short reply_text:shortstr exchange:shortstr routing_key:shortstr
60.60 s -+ consumer_tag:shortstr delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr
60.70 c >71,72 _1:short queue:shortstr no_ack:bit
60.71 s <+ delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr message_count:long
60.72 s < _1:shortstr
60.80 b - delivery_tag:longlong multiple:bit
60.90 c - delivery_tag:longlong requeue:bit
60.100 c - requeue:bit
60.110 c >111 requeue:bit
60.111 s <
60.120 b - delivery_tag:longlong multiple:bit requeue:bit
85.10 c >11 nowait:bit
85.11 s <
90.10 c >11
90.11 s <
90.20 c >21
90.21 s <
90.30 c >31
90.31 s <
`

const KINDS: Readonly<Record<string, Kind>> = {
  ...{ octet: 'octet', short: 'short', long: 'long', longlong: 'longlong', bit: 'bit' },
  ...{ shortstr: 'shortstr', longstr: 'longstr', table: 'table' },
}

const SENDERS: Readonly<Record<string, Side | undefined>> = { c: 'client', s: 'server' }

function methodOf(line: string): Method {
  const [ids, from, role, ...args] = line.split(' ')
  const [classId, methodId] = ids!.split('.').map(Number)
  const answers = role!.startsWith('>') ? role!.slice(1).split(',') : []
  return {
    classId: classId!,
    methodId: methodId!,
    from: SENDERS[from!],
    answers: answers.map((id) => keyOf(classId!, Number(id))),
    isAnswer: role!.startsWith('<'),
    hasContent: role!.endsWith('+'),
    args: args.map((arg) => {
      const [name, kind] = arg.split(':')
      return { name: name!, kind: KINDS[kind!]! }
    }),
  }
}

const METHODS: ReadonlyMap<number, Method> = new Map(
  LAYOUTS.trim()
    .split('\n')
    .map((line) => {
      const method = methodOf(line)
      return [keyOf(method.classId, method.methodId), method]
    }),
)

export const methodByIds = (classId: number, methodId: number): Method | undefined =>
  methodId < 256 ? METHODS.get(keyOf(classId, methodId)) : undefined

/** By the two numbers at `at`. */
export const methodAt = (bytes: Uint8Array, at: number): Method | undefined =>
  methodByIds((bytes[at]! << 8) | bytes[at + 1]!, (bytes[at + 2]! << 8) | bytes[at + 3]!)

export const isSaidBy = ({ from }: Method, side: Side): boolean => from === undefined || from === side
