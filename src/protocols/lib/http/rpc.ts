/**
 * Content of remote procedure calls over HTTP: Protocol Buffers or JSON, in messages with a length before each.
 *
 *     gRPC      application/grpc[+proto|+json]           https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 *     gRPC-Web  application/grpc-web[-text][+proto]      …/PROTOCOL-WEB.md: trailers are a message, `-text` is base64
 *     Connect   application/connect+proto, +json         https://connectrpc.com/docs/protocol: an end of stream is a message
 *     message = flags (8) length (32) content
 */

import type { ProtocolSettings } from '../../protocol'
import { Base64Decoder } from '../base64'
import { bodyText } from '../body-text'
import { contentCodings, inflate } from '../inflate'
import type { MessageType } from '../protobuf/descriptors'
import { protobufText } from '../protobuf/text'

export const PREFIX = 5
const COMPRESSED = 0x01
/** What stands behind the messages: trailers of gRPC-Web, the end of a stream of Connect. */
const BEHIND = 0x82
/** Messages of a body that are shown at most. */
const MAX_SHOWN = 100

export interface RpcFormat {
  /** A length stands before each message. */
  readonly isFramed: boolean
  readonly isBase64: boolean
  /** Protocol Buffers; else text. */
  readonly isProto: boolean
}

const PROTO = { isFramed: false, isBase64: false, isProto: true }
const FRAMED = { ...PROTO, isFramed: true }
const FRAMED_TEXT = { ...FRAMED, isProto: false }
const BASE64 = { ...FRAMED, isBase64: true }

/** The format that a media type in lower case names; undefined for other content. */
export function rpcFormat(type: string): RpcFormat | undefined {
  if (!type.startsWith('application/')) return undefined
  const [name = '', suffix = ''] = type
    .slice('application/'.length)
    .split(/[; \t]/, 1)[0]!
    .split('+')
  if (name === 'grpc-web-text') return BASE64
  if (name === 'grpc' || name === 'grpc-web' || name === 'connect')
    return suffix === 'json' ? FRAMED_TEXT : FRAMED
  return /^(?:x-)?proto(?:buf)?$/.test(name) || name === 'vnd.google.protobuf' ? PROTO : undefined
}

/**
 * The kept beginning, `kept[start..end)`, of a content of `size` bytes as text, a line for each message. `coding`: that of compressed messages; `type`: what is known of
 * them.
 */
export function rpcText(
  format: RpcFormat,
  kept: Uint8Array,
  start: number,
  end: number,
  size: number,
  coding: string,
  settings: ProtocolSettings,
  type?: MessageType,
): string {
  if (!format.isFramed)
    return (
      protobufText(kept, end - start === size, type, start, end) ?? bodyText(kept.subarray(start, end), size)
    )
  if (!format.isBase64) return messagesText(format, kept, start, end, coding, settings, type)
  const bytes = new Base64Decoder().decode(kept, start, end)
  return messagesText(format, bytes, 0, bytes.length, coding, settings, type)
}

function messagesText(
  format: RpcFormat,
  bytes: Uint8Array,
  start: number,
  end: number,
  coding: string,
  settings: ProtocolSettings,
  type: MessageType | undefined,
): string {
  const lines: string[] = []
  let at = start
  let shown = 0
  // Few bytes may hold large messages.
  while (at + PREFIX <= end && lines.length < MAX_SHOWN && shown < settings.bodyLimit) {
    const length = lengthAt(bytes, at)
    const flags = bytes[at]!
    const from = at + PREFIX
    const to = Math.min(end, from + length)
    const isPlain = format.isProto && (flags & (COMPRESSED | BEHIND)) === 0
    // Most are so, and are read where they lie.
    const line =
      (isPlain ? protobufText(bytes, to - from === length, type, from, to) : undefined) ??
      messageText(format, flags, bytes.subarray(from, to), length, coding, settings, type)
    lines.push(line)
    shown += line.length
    at = from + length
  }
  return lines.length === 1 ? lines[0]! : lines.join('\n')
}

function messageText(
  { isProto }: RpcFormat,
  flags: number,
  content: Uint8Array,
  length: number,
  coding: string,
  { bodyLimit, decodeBudget }: ProtocolSettings,
  type: MessageType | undefined,
): string {
  const codings = flags & COMPRESSED ? contentCodings(coding || 'unknown') : []
  const plain = codings.length === 0 ? content : inflate(codings, content, bodyLimit, decodeBudget)
  if (!plain) return `<${codings.join(', ').slice(0, 32)} ${length} bytes>`
  const isWhole = content.length === length && (codings.length === 0 || plain.length < bodyLimit)
  const isText = !isProto || (flags & BEHIND) !== 0
  return (isText ? undefined : protobufText(plain, isWhole, type)) ?? bodyText(plain, plain.length)
}

const lengthAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0

/** Counts the messages of a content that comes in parts. */
export class MessageCount {
  /** Messages that have begun. */
  total = 0
  #flags = 0
  /** Bytes of the prefix that were read, and of the message that are still to come. */
  #prefix = 0
  #length = 0
  #left = 0
  /** Prefixes were lost: the rest can't be counted. */
  #isLost = false
  readonly #base64: Base64Decoder | undefined

  constructor({ isBase64 }: Pick<RpcFormat, 'isBase64'>) {
    this.#base64 = isBase64 ? new Base64Decoder() : undefined
  }

  /** Bytes of the current message that are still to come; 0 where that isn't known. */
  get left(): number {
    return this.#base64 ? 0 : this.#left
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#base64) {
      this.#takes(bytes, start, end)
      return
    }
    const decoded = this.#base64.decode(bytes, start, end)
    this.#takes(decoded, 0, decoded.length)
  }

  #takes(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end && !this.#isLost) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, end - at)
        this.#left -= passed
        at += passed
        continue
      }
      const byte = bytes[at++]!
      if (this.#prefix === 0) this.#flags = byte
      else this.#length = this.#length * 256 + byte
      if (++this.#prefix < PREFIX) continue
      if ((this.#flags & BEHIND) === 0) this.total++
      this.#left = this.#length
      this.#prefix = 0
      this.#length = 0
    }
  }

  /** So many bytes are missing. */
  misses(bytes: number): void {
    if (bytes > this.left) this.#isLost = true
    this.#left -= Math.min(bytes, this.#left)
  }
}
