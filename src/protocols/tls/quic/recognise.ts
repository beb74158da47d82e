/** Whether a datagram is the first one of a client of QUIC: one Initial packet at least, in as many bytes as it must have (RFC 9000 §14.1). */

import type { Head, Recognition } from '../../protocol'
import { Cursor } from '../cursor'
import { packetAt } from './packets'

export const LEAST_DATAGRAM = 1200
/** The client chooses the server's first id, of so many bytes at least (RFC 9000 §7.2). */
export const LEAST_ID = 8

/** A server's first datagram looks the same, but can't be opened by the id in it, so that the conversation refuses it. */
export function recogniseDatagram({ bytes, from }: Head): Recognition {
  if (bytes.length < LEAST_DATAGRAM || from === 'server') return 'no'
  const packet = packetAt(new Cursor(bytes))
  const isFirst = packet?.type === 'initial' && packet.destination.length >= LEAST_ID
  return isFirst ? { side: 'client', sure: true } : 'no'
}
