/** Maps that other objects may use: the events of data within TLS come through the same ring. */
export const SOCKET_MAPS = [
  'connections',
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

/** … and those of the hooks that keep their state in the socket. */
export const IN_SOCKET_MAPS = ['found', 'silent'] as const

/** … and of the classic hooks: what else has no such map. */
export const CLASSIC_MAPS = ['peers'] as const
