/**
 * Control packets of MQTT (docs.oasis-open.org/mqtt: 3.1.1, and 5.0 §2):
 *
 *     type:4 flags:4 length:1-4 (7 bits each, the highest says that more follow) rest
 */
export const CONNECT = 1
export const CONNACK = 2
export const PUBLISH = 3
export const PUBACK = 4
export const PUBREC = 5
export const PUBREL = 6
export const PUBCOMP = 7
export const SUBSCRIBE = 8
export const SUBACK = 9
export const UNSUBSCRIBE = 10
export const UNSUBACK = 11
export const PINGREQ = 12
export const PINGRESP = 13
export const DISCONNECT = 14
export const AUTH = 15

export const NAMES =
  ' CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP DISCONNECT AUTH'.split(
    ' ',
  )

/** Types that either end sends, and those of one end only. */
const OF_BOTH: ReadonlySet<number> = new Set([PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT, AUTH])
const OF_CLIENT: ReadonlySet<number> = new Set([CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ])

export const isSaidBy = (side: 'client' | 'server', type: number): boolean =>
  OF_BOTH.has(type) || OF_CLIENT.has(type) === (side === 'client')

/** Flags of the types whose flags are fixed (5.0 §2.1.3). */
const isFlag = (type: number, flags: number): boolean => {
  if (type === PUBLISH) return (flags & 6) !== 6
  return flags === (type === PUBREL || type === SUBSCRIBE || type === UNSUBSCRIBE ? 2 : 0)
}

/** Lengths that a type can't have are no packets: at least, at most. */
const LENGTHS: Readonly<Record<number, readonly [number, number]>> = {
  [CONNECT]: [10, 512 << 10],
  [CONNACK]: [2, 256 << 10],
  [PUBLISH]: [2, 256 << 20],
  [PUBACK]: [2, 64 << 10],
  [PUBREC]: [2, 64 << 10],
  [PUBREL]: [2, 64 << 10],
  [PUBCOMP]: [2, 64 << 10],
  [SUBSCRIBE]: [5, 16 << 20],
  [SUBACK]: [3, 1 << 20],
  [UNSUBSCRIBE]: [4, 16 << 20],
  [UNSUBACK]: [2, 1 << 20],
  [PINGREQ]: [0, 0],
  [PINGRESP]: [0, 0],
  [DISCONNECT]: [0, 64 << 10],
  [AUTH]: [0, 128 << 10],
}

/** The shortest packet. */
export const HEAD_BYTES = 2

/** Bytes of the packet that begins at `at`; 0: none begins there; undefined: its length isn't there yet. */
export function lengthAt(bytes: Uint8Array, at: number, end: number): number | undefined {
  const type = bytes[at]! >> 4
  if (type === 0 || !isFlag(type, bytes[at]! & 15)) return 0
  const length = varint(bytes, at + 1, Math.min(end, at + 5))
  if (!length) return end - at < 5 ? undefined : 0
  const [least, most] = LENGTHS[type]!
  return length.value >= least && length.value <= most ? length.next - at + length.value : 0
}

export interface Varint {
  readonly value: number
  readonly next: number
}

/** A number of up to four bytes, 7 bits each, the lowest first; undefined where it doesn't end before `end`. */
export function varint(bytes: Uint8Array, at: number, end: number): Varint | undefined {
  let value = 0
  for (let i = 0; i < 4 && at + i < end; i++) {
    const byte = bytes[at + i]!
    value += (byte & 0x7f) * 128 ** i
    if (byte < 0x80) return { value, next: at + i + 1 }
  }
  return undefined
}
