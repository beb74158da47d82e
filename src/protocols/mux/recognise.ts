/**
 * Which bytes are Mux. Its head, a size and a few types, is that of many binary protocols, so only what Finagle alone says is taken: the
 * question before Tinit, Tinit itself with the names of its headers, and a Tdispatch with a destination or contexts of Finagle.
 */
import { indexOfBytes } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import {
  HEAD_BYTES,
  isError,
  lengthAt,
  type Message,
  messageAt,
  OLD_R_ERR,
  R_ERR,
  R_INIT,
  T_DISCARDED,
  T_DISPATCH,
  T_INIT,
  T_REQ,
  typeAt,
} from './message'

/** By this a client finds out whether the server knows Tinit, and the server says that it does. */
const QUESTION = 'tinit check'
const QUESTION_BYTES = Buffer.from(QUESTION)
/** Finagle's own headers and contexts. */
const NAME = /^(?:mux-|com\.twitter\.|tls$|fragment)/
/** Bytes of a message within which its contexts have to end. */
const MAX_READ = 4096

export function recognise({ bytes, from }: Head): Recognition {
  if (bytes.length < HEAD_BYTES) return mayBegin(bytes) ? 'need-more' : 'no'
  const length = lengthAt(bytes, 0)
  if (length === 0) return 'no'
  const type = typeAt(bytes, 0)
  if (isError(type)) return asQuestion(bytes, length, from)
  if (type === T_DISCARDED) return asDiscarded(bytes, length)
  if (type !== T_INIT && type !== R_INIT && type !== T_DISPATCH) return 'no'
  const end = Math.min(bytes.length, length)
  // Headers end with the message, contexts before its body.
  const message = type === T_DISPATCH || end === length ? messageAt(bytes, 0, end, false) : undefined
  if (message) return isFinagle(message) ? { side: type === R_INIT ? 'server' : 'client', sure: true } : 'no'
  return end < length && end < MAX_READ && mayBecome(bytes, type) ? 'need-more' : 'no'
}

/** Whether so few bytes may begin a message: sizes below 16 MiB, and the first messages of a connection. */
const mayBegin = (bytes: Uint8Array): boolean =>
  (bytes.length < 1 || bytes[0] === 0) &&
  (bytes.length < 5 || [T_INIT, T_DISPATCH, T_DISCARDED, R_INIT, R_ERR, OLD_R_ERR].includes(typeAt(bytes, 0)))

/** `bytes` reach behind the head: whether the first length may be one. */
function mayBecome(bytes: Uint8Array, type: number): boolean {
  const at = HEAD_BYTES
  if (type === T_DISPATCH) return bytes[at] === undefined || bytes[at] === 0
  return (bytes[at] ?? 0) === 0 && (bytes[at + 1] ?? 1) === 1
}

/** Server and client both say it; who connected is the client. */
function asQuestion(bytes: Uint8Array, length: number, from: Side | undefined): Recognition {
  if (length !== HEAD_BYTES + QUESTION.length) return 'no'
  const said = Buffer.from(bytes.subarray(HEAD_BYTES, length)).toString('latin1')
  if (said === QUESTION) return { side: from ?? 'client', sure: true }
  return QUESTION.startsWith(said) ? 'need-more' : 'no'
}

/** Tag 0, the tag of what is discarded, and why, in words. Others may say the like. */
function asDiscarded(bytes: Uint8Array, length: number): Recognition {
  const why = HEAD_BYTES + 3
  if (length <= why || bytes.subarray(5, HEAD_BYTES).some((byte) => byte !== 0)) return 'no'
  const end = Math.min(bytes.length, length)
  if (bytes.subarray(why, end).some((byte) => byte < 0x20 || byte > 0x7e)) return 'no'
  return end < length ? 'need-more' : { side: 'client', sure: false }
}

function isFinagle({ pairs, destination, type }: Message): boolean {
  if (pairs.some(({ name }) => NAME.test(name))) return true
  return type === T_DISPATCH && /^\/[\x21-\x7e]+$/.test(destination)
}

const CONTEXT = Buffer.from('com.twitter.')

/** Where a Tdispatch begins whose first context is one of Finagle's; or where the question is. */
export function search(bytes: Uint8Array, from: number): number {
  const places = [
    ...startOf(bytes, from, CONTEXT, HEAD_BYTES + 4),
    ...startOf(bytes, from, QUESTION_BYTES, HEAD_BYTES),
  ]
  return places.length === 0 ? -1 : Math.min(...places)
}

/** Messages that a search looks at. */
const MAX_CANDIDATES = 64

function startOf(bytes: Uint8Array, from: number, text: Buffer, before: number): [number] | [] {
  let at = from + before
  for (let i = 0; i < MAX_CANDIDATES; i++) {
    at = indexOfBytes(bytes, text, at, bytes.length)
    if (at < 0) return []
    const start = at - before
    if (lengthAt(bytes, start) > 0) {
      const answer = recognise({
        bytes: bytes.subarray(start),
        transport: 'tcp',
        isOpening: false,
        from: undefined,
        ownPort: 0,
        peerPort: 0,
      })
      if (typeof answer === 'object') return [start]
    }
    at++
  }
  return []
}

/** Bytes between two messages that are looked at, at most. */
const MAX_STEPS = 64 << 10

/** The first offset ≥ `from` where a message of this side lies whole, and another one, or nothing, behind it; or -1. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  const last = Math.min(bytes.length - HEAD_BYTES, from + MAX_STEPS)
  for (let at = from; at <= last; at++) if (bytes[at] === 0 && isWhole(side, bytes, at)) return at
  return -1
}

function isWhole(side: Side, bytes: Uint8Array, at: number): boolean {
  const length = lengthAt(bytes, at)
  const end = at + length
  if (length === 0 || end > bytes.length || !saidBy(side, typeAt(bytes, at))) return false
  if (!messageAt(bytes, at, end, false)) return false
  return bytes.length - end < HEAD_BYTES ? bytes.length === end || bytes[end] === 0 : lengthAt(bytes, end) > 0
}

/** What only one end says: requests the client, their answers the server. */
function saidBy(side: Side, type: number): boolean {
  if (type === T_DISPATCH || type === T_REQ || type === T_INIT) return side === 'client'
  return type !== -T_DISPATCH && type !== -T_REQ && type !== R_INIT ? true : side === 'server'
}
