/**
 * The keys of Initial packets follow from the id that the client chose for the server, which is in the clear, so that anybody can read
 * them (RFC 9001 §5, RFC 9369 §3.3).
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Side } from '../../protocol'
import type { LongPacket, QuicVersion } from './packets'

const SALTS = {
  1: Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex'),
  2: Buffer.from('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'hex'),
} as const
const PREFIXES = { 1: 'quic', 2: 'quicv2' } as const
const TAG_BYTES = 16
const SAMPLE_BYTES = 16
const MAX_NUMBER_BYTES = 4

interface SideKeys {
  readonly key: Buffer
  readonly iv: Buffer
  readonly header: Buffer
}
export type InitialKeys = Readonly<Record<Side, SideKeys>>

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const code = createHmac('sha256', key)
  for (const part of parts) code.update(part)
  return code.digest()
}

/** HKDF-Expand-Label (RFC 8446 §7.1); 32 bytes at most. */
function expand(secret: Uint8Array, name: string, length: number): Buffer {
  const label = Buffer.from(`tls13 ${name}`)
  return hmac(secret, Buffer.of(0, length, label.length), label, Buffer.of(0, 1)).subarray(0, length)
}

/** `destination`: of the client's first packet, or its first one behind a Retry. */
export function initialKeys(version: QuicVersion, destination: Uint8Array): InitialKeys {
  const secret = hmac(SALTS[version], destination)
  const of = (side: string): SideKeys => {
    const own = expand(secret, side, 32)
    const part = (name: string, length: number) => expand(own, `${PREFIXES[version]} ${name}`, length)
    return { key: part('key', 16), iv: part('iv', 12), header: part('hp', 16) }
  }
  return { client: of('client in'), server: of('server in') }
}

/** What is in an Initial packet; undefined: it isn't protected with these keys. */
export function opened(
  { bytes, numberAt }: LongPacket,
  { key, iv, header }: SideKeys,
): Uint8Array | undefined {
  const sampleAt = numberAt + MAX_NUMBER_BYTES
  if (bytes.length < sampleAt + SAMPLE_BYTES) return undefined
  const mask = createCipheriv('aes-128-ecb', header, null).update(
    bytes.subarray(sampleAt, sampleAt + SAMPLE_BYTES),
  )
  const first = bytes[0]! ^ (mask[0]! & 0x0f)
  const contentAt = numberAt + (first & 3) + 1
  const clear = Buffer.from(bytes.subarray(0, contentAt))
  clear[0] = first
  const nonce = Buffer.from(iv)
  for (let at = numberAt; at < contentAt; at++) {
    clear[at] = bytes[at]! ^ mask[1 + at - numberAt]!
    const place = iv.length - contentAt + at
    nonce[place] = nonce[place]! ^ clear[at]!
  }
  const tagAt = bytes.length - TAG_BYTES
  if (tagAt < contentAt) return undefined
  const cipher = createDecipheriv('aes-128-gcm', key, nonce).setAAD(clear).setAuthTag(bytes.subarray(tagAt))
  const content = cipher.update(bytes.subarray(contentAt, tagAt))
  try {
    cipher.final()
  } catch {
    return undefined
  }
  return content
}
