import type { Outcome } from '../lib/columns'
import type { Connection, Sink } from '../protocol'
import { METHOD } from './frames'
import { numberArg, type Request, type Said, textArg } from './request'
import { amqpEvents } from './table'

export function appendRow(
  sink: Sink,
  connection: Connection,
  { asker, channel, said, tag, queue }: Request,
  answer: Said | undefined,
  outcome: Outcome,
  timeNs: number,
): void {
  const { method, args, text, bodySize, startNs } = said
  const code = numberArg(answer?.args ?? args, 'reply_code')
  sink.append(amqpEvents, {
    ...connection,
    time_: timeNs,
    frame_type: METHOD,
    channel,
    req_class_id: method.classId,
    req_method_id: method.methodId,
    resp_class_id: answer?.method.classId ?? 0,
    resp_method_id: answer?.method.methodId ?? 0,
    req_msg: text,
    resp_msg: answer?.text ?? '',
    latency: Math.max(0, timeNs - startNs),
    sender: asker,
    exchange: named('exchange', args, answer) || textArg(args, 'source'),
    routing_key: named('routing_key', args, answer),
    queue: queue || (answer ? textArg(answer.args, 'queue') : ''),
    delivery_tag: tag || (answer ? numberArg(answer.args, 'delivery_tag') : 0),
    body_size: Math.max(bodySize, answer?.bodySize ?? -1),
    reply_code: code || numberArg(args, 'reply_code'),
    reply_text: (answer && textArg(answer.args, 'reply_text')) || textArg(args, 'reply_text'),
    outcome,
  })
}

const named = (name: string, args: Said['args'], answer: Said | undefined): string =>
  textArg(args, name) || (answer ? textArg(answer.args, name) : '')
