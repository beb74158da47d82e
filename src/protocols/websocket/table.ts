import { bool, defineTable, int, string, time } from '../../records/table'
import { encrypted, keyword, remoteUpid, seenAt } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const

export const websocketEvents = defineTable(
  'websocket_events',
  'WebSocket messages of both sides, each a row: text, binary, ping, pong and close',
  {
    ...seenAt,
    time_: time('When the last byte of the message was moved'),
    encrypted,
    path: string('Path by which the connection was opened; <unknown> where that was before Nixie came', {
      pattern: 'STRUCTURED',
    }),
    host: string('Host that was asked for then'),
    subprotocol: keyword(
      'Protocol of the messages that both ends agreed on (Sec-WebSocket-Protocol), or empty',
    ),
    sender: keyword('Who sent it: client or server'),
    type: keyword('text, binary, ping, pong or close'),
    body: string(
      'Head of the message, decompressed; of a close frame the reason. <permessage-deflate 421 bytes> where it can’t be decompressed: what was said before isn’t known, or it takes too long',
      { pattern: 'STRUCTURED' },
    ),
    size: int(
      'Bytes of the message as it was sent, compressed or not, without the heads of its frames',
      bytes,
    ),
    plain_size: int('Bytes of the decompressed message; -1 where it was not decompressed to its end', bytes),
    frames: int('Frames in which it was sent', { pattern: 'METRIC_GAUGE' }),
    compressed: bool('True when it was sent compressed', { pattern: 'GENERAL_ENUM' }),
    close_code: int(
      'Status code of a close frame (RFC 6455 §7.4), 1005 where it has none; 0 for other messages',
      {
        pattern: 'GENERAL_ENUM',
      },
    ),
    outcome: keyword(
      'complete; cut: the end of it went by unseen, or the connection ended within it; running: the rest is still coming',
    ),
    remote_upid: remoteUpid,
  },
)
