/**
 * Heads of Kafka's messages (kafka.apache.org/protocol, "Requests"):
 *
 *     request    size:4 key:2 version:2 correlation:4 length:2 client id, and tagged fields in flexible versions
 *     answer     size:4 correlation:4, and tagged fields in flexible versions
 *
 * Version 0 of ControlledShutdown has no client id. Answers to ApiVersions never have tagged fields, since the client may not know them yet.
 */
import { utf8 } from '../lib/bytes'
import { i16, i32 } from './numbers'
import { type Form, formOf, mayBeApi } from './schema'

/** Of a request, before its client id. */
export const REQUEST_BYTES = 14
export const ANSWER_BYTES = 8
/** Behind the size. */
const LEAST_REQUEST = 8
/** A broker takes 100 MiB by default (socket.request.max.bytes). */
const MAX_REQUEST = 256 << 20
export const MAX_ANSWER = 1 << 30
/** Of SASL, where it comes without a head. */
export const MAX_TOKEN = 1 << 20
const MAX_CLIENT_ID = 1024

export const API_VERSIONS = 18
const CONTROLLED_SHUTDOWN = 7
const UNSUPPORTED_VERSION = 35

export interface RequestHead {
  readonly key: number
  readonly version: number
  readonly correlation: number
  /** Undefined: null. */
  readonly clientId: string | undefined
  /** Bytes of the head, its size too. */
  readonly bytes: number
  /** Of the whole message, without the size. */
  readonly size: number
  /** Undefined: no such version is known. */
  readonly form: Form | undefined
}

/** 'no': none begins at `at`. */
export function requestAt(bytes: Uint8Array, at: number, end: number): RequestHead | 'need-more' | 'no' {
  if (end - at < 8) return mayBegin(bytes, at, end) ? 'need-more' : 'no'
  const size = i32(bytes, at)
  const key = i16(bytes, at + 4)
  const version = i16(bytes, at + 6)
  if (size < LEAST_REQUEST || size > MAX_REQUEST || !mayBeApi(key, version)) return 'no'
  const hasClient = key !== CONTROLLED_SHUTDOWN || version > 0
  const behind = at + (hasClient ? REQUEST_BYTES : REQUEST_BYTES - 2)
  if (end < behind) return 'need-more'
  const length = hasClient ? i16(bytes, behind - 2) : -1
  if (length < -1 || length > MAX_CLIENT_ID) return 'no'
  const to = behind + Math.max(0, length)
  if (to - at > size + 4) return 'no'
  for (let i = behind; i < Math.min(to, end); i++) if (bytes[i]! < 0x20 || bytes[i] === 0x7f) return 'no'
  if (to > end) return 'need-more'
  return {
    key,
    version,
    correlation: i32(bytes, at + 8),
    clientId: length < 0 ? undefined : utf8(bytes, behind, to),
    bytes: to - at,
    size,
    form: formOf(key, version),
  }
}

/** Sizes are below 2^28, and keys and versions are small. */
const mayBegin = (bytes: Uint8Array, at: number, end: number): boolean =>
  (at >= end || bytes[at]! < 0x10) &&
  (at + 4 >= end || bytes[at + 4] === 0) &&
  (at + 6 >= end || bytes[at + 6] === 0)

/** The plan of an answer whose error code of two bytes is at `at`: who doesn't know the version of ApiVersions that it is asked answers in version 0. */
export function answerForm(
  key: number,
  form: Form | undefined,
  bytes: Uint8Array,
  at: number,
): Form | undefined {
  if (key !== API_VERSIONS || i16(bytes, at) !== UNSUPPORTED_VERSION) return form
  return formOf(API_VERSIONS, 0)
}
