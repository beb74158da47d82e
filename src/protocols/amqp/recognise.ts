/**
 * Which bytes are AMQP 0-9-1. A client opens with the protocol's header, of which other versions have another one. On a connection older
 * than Nixie a method is unmistakable: known numbers, arguments that fill the frame exactly, and the byte at its end.
 */
import { indexOfByte } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import { readArguments, readHead } from './arguments'
import { Cursor } from './cursor'
import {
  BODY,
  channelAt,
  FRAME_END,
  HEAD_BYTES,
  HEADER,
  HEARTBEAT,
  isOpening,
  LEAST_BYTES,
  lengthAt,
  METHOD,
} from './frames'
import { isSaidBy, type Method, methodAt } from './methods'

const PORTS: ReadonlySet<number> = new Set([5671, 5672])
const OPENING = 0x41
/** A longer frame is not waited for. */
const MAX_WAITED = 64 << 10
/** Behind the frame's head. */
const IDS_BYTES = 4

export function recognise(head: Head): Recognition {
  const { bytes, from } = head
  if (bytes[0] === OPENING) {
    if (!isOpening(bytes, 0, bytes.length)) return 'no'
    return bytes.length < LEAST_BYTES ? 'need-more' : { side: from ?? 'client', sure: true }
  }
  const at = behindHeartbeats(bytes)
  if (bytes.length - at < LEAST_BYTES) return mayBegin(bytes, at) ? 'need-more' : 'no'
  const length = lengthAt(bytes, at, bytes.length)
  const type = bytes[at]
  if (length === 0 || (type !== METHOD && type !== HEADER)) return 'no'
  if (at + length > bytes.length)
    return length <= MAX_WAITED && mayBecome(bytes, at, type) ? 'need-more' : 'no'
  const seen = wholeAt(bytes, at)
  if (!seen) return 'no'
  const side = seen.method?.from ?? from
  return side ? { side, sure: seen.method !== undefined } : { side: byPorts(head), sure: false }
}

function byPorts({ ownPort, peerPort }: Head): Side {
  if (PORTS.has(ownPort)) return 'server'
  return PORTS.has(peerPort) || ownPort > peerPort ? 'client' : 'server'
}

function behindHeartbeats(bytes: Uint8Array): number {
  let at = 0
  while (bytes.length - at >= LEAST_BYTES && bytes[at] === HEARTBEAT && lengthAt(bytes, at, bytes.length) > 0)
    at += LEAST_BYTES
  return at
}

/** Whether so few bytes may be the beginning of a frame: no method is 16 MiB long. */
function mayBegin(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]
  if (type === HEARTBEAT) return bytes.subarray(at + 1).every((byte) => byte === 0)
  return (
    type === undefined ||
    ((type === METHOD || type === HEADER) && (bytes.length <= at + 3 || bytes[at + 3] === 0))
  )
}

function mayBecome(bytes: Uint8Array, at: number, type: number): boolean {
  if (bytes.length < at + HEAD_BYTES + IDS_BYTES) return true
  if (type === METHOD) return methodIn(bytes, at) !== undefined
  return (
    readHead(new Cursor(bytes, at + HEAD_BYTES, at + HEAD_BYTES + 12), false) !== undefined ||
    bytes.length < at + HEAD_BYTES + 12
  )
}

interface Seen {
  readonly length: number
  /** Undefined: it is another kind of frame. */
  readonly method: Method | undefined
}

/** The method of a frame on a channel that it may stand on: what is said of the connection has channel 0. */
export function methodIn(bytes: Uint8Array, at: number): Method | undefined {
  const method = methodAt(bytes, at + HEAD_BYTES)
  return method && (method.classId === 10) === (channelAt(bytes, at) === 0) ? method : undefined
}

/** The frame that lies whole at `at`, and has in it what its kind must have; undefined: there is none. */
export function wholeAt(bytes: Uint8Array, at: number): Seen | undefined {
  if (bytes.length - at < LEAST_BYTES || bytes[at] === OPENING) return undefined
  const length = lengthAt(bytes, at, bytes.length)
  if (length === 0 || at + length > bytes.length) return undefined
  const cursor = new Cursor(bytes, at + HEAD_BYTES, at + length - 1)
  const seen = { length, method: undefined }
  switch (bytes[at]) {
    case METHOD: {
      const method = methodIn(bytes, at)
      if (!method) return undefined
      cursor.at += IDS_BYTES
      readArguments(method, cursor, false)
      return cursor.isShort || cursor.left > 0 ? undefined : { length, method }
    }
    case HEADER:
      return readHead(cursor, false) && !cursor.isShort && cursor.left === 0 ? seen : undefined
    default:
      return seen
  }
}

/** Frames whose contents are read, and bytes that are gone through, in one search. */
const MAX_READ = 64
const MAX_STEPS = 64 << 10

/** Where a method begins. */
export function search(bytes: Uint8Array, from: number): number {
  let read = 0
  const last = Math.min(bytes.length, from + MAX_STEPS)
  for (
    let at = indexOfByte(bytes, METHOD, from, last);
    at >= 0;
    at = indexOfByte(bytes, METHOD, at + 1, last)
  ) {
    if (!endsRight(bytes, at)) continue
    if (wholeAt(bytes, at)?.method) return at
    if (++read === MAX_READ) return -1
  }
  return -1
}

/** The first offset ≥ `from` where a frame of this side lies whole, and another one, or nothing, behind it; or -1. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  let read = 0
  const last = Math.min(bytes.length - LEAST_BYTES, from + MAX_STEPS)
  for (let at = from; at <= last; at++) {
    if (!endsRight(bytes, at)) continue
    const seen = wholeAt(bytes, at)
    if (seen && (!seen.method || isSaidBy(seen.method, side)) && chains(bytes, at + seen.length)) return at
    if (++read === MAX_READ) return -1
  }
  return -1
}

const endsRight = (bytes: Uint8Array, at: number): boolean => {
  const type = bytes[at]!
  if (type !== METHOD && type !== HEADER && type !== BODY && type !== HEARTBEAT) return false
  if (bytes.length - at < LEAST_BYTES) return false
  const length = lengthAt(bytes, at, bytes.length)
  return length > 0 && bytes[at + length - 1] === FRAME_END
}

function chains(bytes: Uint8Array, at: number): boolean {
  if (bytes.length - at < LEAST_BYTES) return at === bytes.length || bytes[at]! <= HEARTBEAT
  return lengthAt(bytes, at, bytes.length) > 0
}
