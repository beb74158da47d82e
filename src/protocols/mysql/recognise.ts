/** Is this MySQL, and where does a message begin? */
import type { Head, Recognition, Side } from '../protocol'
import { EOF, ERR, OK } from './ok'
import { HEADER } from './packets'
import {
  answerAt,
  commandAt,
  compressedAt,
  greetingAt,
  isCompressed,
  type Likeness,
  lengthAt,
  loginAt,
} from './starts'

type Start = (bytes: Uint8Array, at: number) => Likeness

const STARTS: Readonly<Record<Side, readonly Start[]>> = {
  client: [commandAt, loginAt, compressedAt],
  server: [greetingAt, answerAt],
}
const SIDES: readonly Side[] = ['client', 'server']

/** Only what is sure counts: the other commands and answers are so short that anybody may say them. */
export function recognise({ bytes, from }: Head): Recognition {
  if (bytes.length === 0) return 'need-more'
  let isPart = false
  for (const side of SIDES) {
    if (from !== undefined && from !== side) continue
    for (const start of STARTS[side]) {
      const likeness = start(bytes, 0)
      if (likeness === 'sure') return { side, sure: true }
      isPart ||= likeness === 'part'
    }
  }
  return isPart ? 'need-more' : 'no'
}

export function search(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 4 < bytes.length; at++) {
    // The packet's number; nothing longer is looked for.
    if (bytes[at + 3]! > 2) continue
    for (const side of SIDES) if (STARTS[side].some((start) => start(bytes, at) === 'sure')) return at
  }
  return -1
}

/** Where a command or login of the client, or an answer of the server, begins; `next`: the number that an answer must have now. */
export function boundary(side: Side, bytes: Uint8Array, from: number, next: number): number {
  const starts = side === 'client' ? [commandAt, loginAt] : [answerAt, greetingAt]
  for (let at = from; at + 4 < bytes.length; at++) {
    if (side === 'server' && bytes[at + 3] === next && isReply(bytes, at)) return at
    if (bytes[at + 3]! > 2) continue
    for (const start of starts) {
      const likeness = start(bytes, at)
      if (likeness === 'sure' || likeness === 'likely') return at
    }
  }
  return -1
}

/** The same of the compressed protocol: a content of known form at its beginning. */
export function compressedBoundary(side: Side, bytes: Uint8Array, from: number): number {
  for (let at = from; at + 11 < bytes.length; at++) if (isContentAt(side, bytes, at)) return at
  return -1
}

function isContentAt(side: Side, bytes: Uint8Array, at: number): boolean {
  if (lengthAt(bytes, at) === 0 || bytes[at + 3]! > 1) return false
  if (lengthAt(bytes, at + HEADER) > 0) return isCompressed(bytes, at)
  const inner = side === 'client' ? commandAt(bytes, at + 7) : answerAt(bytes, at + 7)
  return inner === 'sure' || inner === 'likely'
}

/** A whole packet of the kinds that answer a login, or ask for a file. */
function isReply(bytes: Uint8Array, at: number): boolean {
  const length = lengthAt(bytes, at)
  return length > 0 && at + HEADER + length === bytes.length && REPLIES.has(bytes[at + HEADER]!)
}
const REPLIES: ReadonlySet<number> = new Set([OK, 1, 0xfb, EOF, ERR])
