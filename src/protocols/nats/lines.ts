/**
 * Control lines of NATS (docs.nats.io, reference: client protocol, cluster protocol; nats-server, server/parser.go):
 *
 *     INFO {json}                                  server → client; both ways between servers
 *     CONNECT {json}
 *     PUB subject [reply] #bytes                   client → server
 *     HPUB subject [reply] #header #total
 *     SUB subject [queue] sid
 *     UNSUB sid [max]
 *     MSG subject sid [reply] #bytes               server → client
 *     HMSG subject sid [reply] #header #total
 *     PING | PONG | +OK | -ERR 'text'
 *
 * Between servers, over routes and gateways (a route that belongs to one account doesn't name it) and to leaf nodes:
 *
 *     RMSG [account] subject [reply | (+ reply | "|") queue…] #bytes
 *     HMSG [account] subject [reply | …] #header #total       to leaf nodes without the account
 *     LMSG subject [reply | …] #bytes                         over routes: origin [account] subject [reply | …] #header #total
 *     RS+ [account] subject [queue weight]   RS- [account] subject [queue]
 *     LS+ subject [queue weight]             LS- subject [queue]      over routes: with origin and account in front
 *     A+ account                             A- account
 *
 * Verbs are case-insensitive, parts are separated by spaces and tabs, a line ends with CRLF (LF alone is accepted). CRLF
 * follows a payload.
 */
import { utf8 } from '../lib/bytes'
import type { Side } from '../protocol'

/** A server's limit is 4 KiB unless it is set higher; INFO of a large cluster is longer. */
export const MAX_LINE = 64 << 10
/** No server accepts more: `max_payload` can't exceed `max_pending`, 64 MiB unless it is set higher. */
const MAX_PAYLOAD = 64 << 20

/** No line has more parts, however many queues a message is for. */
const MAX_PARTS = 512

export const LF = 10
export const CR = 13

export type Verb = keyof typeof SHAPES

interface Shape {
  /** Numbers of parts behind the verb; `json` and `text` lines aren't divided. */
  readonly parts: readonly [number, number] | 'json' | 'text'
  /** Sizes at the end of the line: of the payload; of headers and of both. */
  readonly sizes?: 1 | 2
  /** The only side that sends it. */
  readonly side?: Side
}

const ANY = Number.POSITIVE_INFINITY

const SHAPES = {
  INFO: { parts: 'json' },
  CONNECT: { parts: 'json' },
  PUB: { parts: [2, 3], sizes: 1, side: 'client' },
  HPUB: { parts: [3, 4], sizes: 2, side: 'client' },
  SUB: { parts: [2, 3], side: 'client' },
  UNSUB: { parts: [1, 2], side: 'client' },
  MSG: { parts: [3, 4], sizes: 1, side: 'server' },
  HMSG: { parts: [3, ANY], sizes: 2 },
  PING: { parts: [0, 0] },
  PONG: { parts: [0, 0] },
  '+OK': { parts: 'text', side: 'server' },
  '-ERR': { parts: 'text' },
  RMSG: { parts: [2, ANY], sizes: 1 },
  LMSG: { parts: [2, ANY], sizes: 1 },
  'RS+': { parts: [1, 4] },
  'RS-': { parts: [1, 3] },
  'LS+': { parts: [1, 5] },
  'LS-': { parts: [1, 4] },
  'A+': { parts: [1, 1] },
  'A-': { parts: [1, 1] },
} as const satisfies Record<string, Shape>

const isVerb = (word: string): word is Verb => Object.hasOwn(SHAPES, word)
const shapeOf = (verb: Verb): Shape => SHAPES[verb]

export interface ControlLine {
  readonly verb: Verb
  /** The parts after the verb, without the sizes. */
  readonly parts: readonly string[]
  /** The text after the verb. */
  readonly rest: string
  /** Bytes of the payload, without the CRLF after it; -1: there is no payload and no CRLF. */
  readonly size: number
  /** How many of these bytes are headers. */
  readonly headerSize: number
}

const WORD = /^[A-Za-z+-]{1,8}/
// biome-ignore lint/suspicious/noControlCharactersInRegex: a line with them is none
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/

/** Reads the line bytes[start..end), given without its line break; undefined when it is no line, or not one of this side. */
export function parseLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  side: Side | undefined,
): ControlLine | undefined {
  const [word] = WORD.exec(utf8(bytes, start, Math.min(end, start + 8))) ?? ['']
  const verb = word.toUpperCase()
  if (!isVerb(verb)) return undefined
  const shape = shapeOf(verb)
  if (side !== undefined && shape.side !== undefined && shape.side !== side) return undefined
  const text = utf8(bytes, start + word.length, end)
  if (text !== '' && !isBlank(text.charCodeAt(0))) return undefined
  if (CONTROL.test(text)) return undefined
  if (shape.parts === 'json') return jsonLine(verb, trimmed(text))
  if (shape.parts === 'text') return { verb, parts: [], rest: trimmed(text), size: -1, headerSize: 0 }
  const parts = trimmed(text).split(/[ \t]+/, MAX_PARTS)
  if (parts[0] === '') parts.pop()
  const [least, most] = shape.parts
  if (parts.length < least || parts.length > most) return undefined
  return withSizes(verb, parts, shape.sizes ?? 0)
}

function jsonLine(verb: Verb, rest: string): ControlLine | undefined {
  if (!rest.startsWith('{') || !rest.endsWith('}')) return undefined
  return { verb, parts: [], rest, size: -1, headerSize: 0 }
}

function withSizes(verb: Verb, parts: readonly string[], sizes: 0 | 1 | 2): ControlLine | undefined {
  if (sizes === 0) return { verb, parts, rest: '', size: -1, headerSize: 0 }
  const size = sizeOf(parts.at(-1)!)
  const headerSize = sizes === 2 ? sizeOf(parts.at(-2)!) : 0
  if (size < 0 || size > MAX_PAYLOAD || headerSize < 0 || headerSize > size) return undefined
  return { verb, parts: parts.slice(0, -sizes), rest: '', size, headerSize }
}

/** A number of up to nine digits, or -1. */
export const sizeOf = (part: string): number => (/^[0-9]{1,9}$/.test(part) ? Number(part) : -1)

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Verbs by their first byte. */
const BY_FIRST: readonly (readonly Verb[] | undefined)[] = (() => {
  const lists: Verb[][] = []
  for (const verb of Object.keys(SHAPES)) {
    if (!isVerb(verb)) continue
    for (const first of new Set([verb.charCodeAt(0), verb.toLowerCase().charCodeAt(0)])) {
      lists[first] ??= []
      lists[first].push(verb)
    }
  }
  return lists
})()

/** Whether bytes[start..end), which has no line feed, may be the beginning of a line of this side. */
export function mayBecomeLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  side: Side | undefined,
): boolean {
  const verbs = BY_FIRST[bytes[start]!]
  if (!verbs) return start === end
  for (const verb of verbs) {
    const { side: only, parts } = shapeOf(verb)
    if (side !== undefined && only !== undefined && only !== side) continue
    const match = matchVerb(bytes, start, end, verb)
    if (match === 'part') return true
    if (match === 'whole') return parts !== 'json' || mayBeObject(bytes, start + verb.length, end)
  }
  return false
}

/** 'part': the bytes end within the verb, or right after it. */
function matchVerb(bytes: Uint8Array, start: number, end: number, verb: Verb): 'no' | 'part' | 'whole' {
  for (let i = 0; i < verb.length; i++) {
    if (start + i >= end) return 'part'
    const byte = bytes[start + i]!
    const upper = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte
    if (upper !== verb.charCodeAt(i)) return 'no'
  }
  const next = bytes[start + verb.length]!
  if (start + verb.length === end) return 'part'
  return isBlank(next) || next === CR ? 'whole' : 'no'
}

function mayBeObject(bytes: Uint8Array, start: number, end: number): boolean {
  const most = Math.min(end, start + 16)
  let at = start
  while (at < most && isBlank(bytes[at]!)) at++
  return at === most || bytes[at] === 0x7b
}

/** The end of the line before the line break whose line feed is at `lf`. */
export const lineEnd = (bytes: Uint8Array, start: number, lf: number): number =>
  lf > start && bytes[lf - 1] === CR ? lf - 1 : lf
