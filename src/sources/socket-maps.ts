/** Maps that other objects may use: the events of data within TLS come through the same ring. */
export const SOCKET_MAPS = [
  'connections',
  'found',
  'silent',
  'events',
  'counters',
  'verdicts',
  'plain_verdicts',
  'skips',
  'ring_shares',
  'listeners',
  'connection_serial',
  'transfers',
] as const
