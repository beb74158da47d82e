/** Packets of QUIC, protected as clients and servers do it (RFC 9001 §5). */
import { createCipheriv } from 'node:crypto'
import type { Side } from '../../../../src/protocols/protocol'
import { initialKeys } from '../../../../src/protocols/tls/quic/keys'
import { join, number } from '../build'

type Bytes = readonly number[] | Uint8Array

export const ID = Buffer.from('8394c8f03e515708', 'hex')
export const OWN_ID = Buffer.from('f067a5502a4262b5', 'hex')
const VERSIONS = { 1: [0, 0, 0, 1], 2: [0x6b, 0x33, 0x43, 0xcf] } as const
const TYPES = {
  1: { initial: 0, '0-rtt': 1, handshake: 2, retry: 3 },
  2: { initial: 1, '0-rtt': 2, handshake: 3, retry: 0 },
} as const

const variable = (value: number) => (value < 64 ? [value] : number(2, 0x4000 | value))

export const crypto = (offset: number, bytes: Bytes) =>
  join([6], variable(offset), variable(bytes.length), bytes)
export const ACK = Buffer.of(2, 0, 0, 0, 0)
export const PING = Buffer.of(1)
export const close = (code: number) => join([0x1c], variable(code), [6], [0])

export interface PacketOptions {
  readonly version?: 1 | 2
  /** Its keys follow from this one. */
  readonly from?: Uint8Array
  readonly destination?: Uint8Array
  readonly token?: Bytes
  readonly packetNumber?: number
  /** The least length of its content. */
  readonly least?: number
}

const head = (type: 'initial' | 'handshake' | 'retry', options: PacketOptions) => {
  const { version = 1, destination = ID } = options
  const first = 0xc0 | (TYPES[version][type] << 4) | 1
  return join([first], VERSIONS[version], [destination.length], destination, [OWN_ID.length], OWN_ID)
}

export function initial(side: Side, frames: readonly Bytes[], options: PacketOptions = {}): Buffer {
  const { version = 1, from = ID, token = [], packetNumber = 0, least = 1170 } = options
  const content = join(...frames)
  const padded = join(content, new Uint8Array(Math.max(0, least - content.length)))
  const clear = join(
    head('initial', options),
    variable(token.length),
    token,
    number(2, 0x4000 | (padded.length + 18)),
    number(2, packetNumber),
  )
  const { key, iv, header } = initialKeys(version, from)[side]
  const nonce = Buffer.from(iv)
  nonce.writeUInt16BE(nonce.readUInt16BE(10) ^ packetNumber, 10)
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(clear)
  const packet = join(clear, cipher.update(padded), cipher.final(), cipher.getAuthTag())
  const at = clear.length - 2
  const mask = createCipheriv('aes-128-ecb', header, null).update(packet.subarray(at + 4, at + 20))
  packet[0] = packet[0]! ^ (mask[0]! & 0x0f)
  packet[at] = packet[at]! ^ mask[1]!
  packet[at + 1] = packet[at + 1]! ^ mask[2]!
  return packet
}

export const handshake = (size = 40, options: PacketOptions = {}) =>
  join(head('handshake', options), variable(size), new Uint8Array(size).fill(0x5a))

export const retry = (options: PacketOptions = {}) => join(head('retry', options), new Uint8Array(40).fill(7))
/** A packet of data: a short header. */
export const data = (size = 1200) => join([0x45], new Uint8Array(size).fill(9))
