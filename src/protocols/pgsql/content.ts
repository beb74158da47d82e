/** Whether bytes may be the content of a message: each kind's own structure, as far as the bytes reach. */
import type { Side } from '../protocol'
import { int32, stringEnd, uint16 } from './letters'

/** Bytes of a text that are looked at, and parts of a list. */
const MOST_TEXT = 512
const MOST_PARTS = 64
/** `-1`: NULL. */
const NULL = -1

/** Content bytes[at..end), of which the bytes up to `seen` are there. */
interface Content {
  readonly bytes: Uint8Array
  readonly at: number
  readonly end: number
  readonly seen: number
}

type Check = (content: Content) => boolean

/** Where to go on; `OPEN`: the bytes end before that can be told; -1: there is no such thing. */
const OPEN = Number.POSITIVE_INFINITY
const NO = -1

/** Behind a string with its NUL. */
function afterString({ bytes, end, seen }: Content, at: number): number {
  if (at >= end) return NO
  const most = Math.min(seen, at + MOST_TEXT)
  for (let i = at; i < most; i++) {
    const byte = bytes[i]!
    if (byte === 0) return i + 1
    if (byte < 0x20 && (byte < 9 || byte > 13)) return NO
  }
  if (most < seen) {
    const nul = stringEnd(bytes, most, seen)
    if (nul >= 0) return nul + 1
  }
  return seen < end ? OPEN : NO
}

/** Behind a value with its length in front. */
function afterValue({ bytes, end, seen }: Content, at: number): number {
  if (at + 4 > end) return NO
  if (at + 4 > seen) return OPEN
  const length = int32(bytes, at)
  if (length < NULL) return NO
  const next = at + 4 + Math.max(0, length)
  return next <= end ? next : NO
}

/** Behind a count in two bytes and as many parts. */
function afterList(content: Content, at: number, part: (content: Content, at: number) => number): number {
  const { bytes, end, seen } = content
  if (at + 2 > end) return NO
  if (at + 2 > seen) return OPEN
  const count = uint16(bytes, at)
  let next = at + 2
  for (let i = 0; i < count; i++) {
    if (i === MOST_PARTS) return next < end ? OPEN : NO
    next = part(content, next)
    if (next === NO || next === OPEN) return next
    if (next > seen) return next <= end ? OPEN : NO
  }
  return next
}

const fixed =
  (size: number) =>
  ({ end }: Content, at: number): number =>
    at + size <= end ? at + size : NO

const isFormat = ({ bytes, seen, end }: Content, at: number): number => {
  if (at + 2 > end) return NO
  if (at + 2 > seen) return OPEN
  return uint16(bytes, at) <= 1 ? at + 2 : NO
}

/** The parts one after the other, up to the very end. */
const inOrder =
  (...parts: readonly ((content: Content, at: number) => number)[]): Check =>
  (content) => {
    let at = content.at
    for (const part of parts) {
      at = part(content, at)
      if (at === OPEN) return true
      if (at === NO || at > content.end) return false
      if (at > content.seen) return true
    }
    return at === content.end
  }

const list = (part: (content: Content, at: number) => number) => (content: Content, at: number) =>
  afterList(content, at, part)

/** A byte that is one of these letters. */
const oneOf =
  (letters: string) =>
  ({ bytes, end, seen }: Content, at: number): number => {
    if (at >= end) return NO
    if (at >= seen) return OPEN
    return letters.includes(String.fromCharCode(bytes[at]!)) ? at + 1 : NO
  }

/** Fields of an error or notice, each a letter and a string, up to a NUL. */
function afterFields(content: Content, at: number): number {
  const { bytes, end, seen } = content
  for (let next = at, fields = 0; fields < MOST_PARTS; fields++) {
    if (next >= seen) return next < end ? OPEN : NO
    if (bytes[next] === 0) return fields > 0 ? next + 1 : NO
    if (!isAlphabetic(bytes[next]!)) return NO
    next = afterString(content, next + 1)
    if (next === NO || next === OPEN) return next
  }
  return NO
}

const isAlphabetic = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

const code =
  (isCode: (code: number) => boolean) =>
  ({ bytes, end, seen }: Content, at: number): number => {
    if (at + 4 > end) return NO
    if (at + 4 > seen) return OPEN
    return isCode(int32(bytes, at)) ? at + 4 : NO
  }

/** Whatever is left. */
const rest = ({ end }: Content, _: number): number => end

const one = afterString
const column = (content: Content, at: number): number => {
  const name = afterString(content, at)
  return name === OPEN || name === NO ? name : fixed(18)(content, name)
}
/** A tag begins with a command in capitals. */
const tag: Check = (content) => {
  const first = content.bytes[content.at]!
  const isCapital = content.at >= content.seen || (first >= 0x41 && first <= 0x5a)
  return isCapital && content.end - content.at <= 128 && inOrder(one)(content)
}
const copy = inOrder(oneOf('\0\x01'), list(isFormat))

const CHECKS: Readonly<Record<Side, Readonly<Record<string, Check>>>> = {
  client: {
    B: inOrder(one, one, list(isFormat), list(afterValue), list(isFormat)),
    C: inOrder(oneOf('SP'), one),
    D: inOrder(oneOf('SP'), one),
    E: inOrder(one, fixed(4)),
    F: inOrder(fixed(4), list(isFormat), list(afterValue), isFormat),
    P: inOrder(one, one, list(fixed(4))),
    Q: inOrder(one),
    f: inOrder(one),
  },
  server: {
    R: inOrder(
      code((number) => number >= 0 && number <= 12),
      rest,
    ),
    C: tag,
    D: inOrder(list(afterValue)),
    E: inOrder(afterFields),
    N: inOrder(afterFields),
    A: inOrder(fixed(4), one, one),
    S: inOrder(one, one),
    G: copy,
    H: copy,
    W: copy,
    T: inOrder(list(column)),
    V: inOrder(afterValue),
    Z: inOrder(oneOf('ITE')),
    t: inOrder(list(fixed(4))),
  },
}

const LETTERS = (['client', 'server'] as const).map((side) => {
  const checks: Check[] = []
  for (const [name, check] of Object.entries(CHECKS[side])) checks[name.charCodeAt(0)] = check
  return checks
})

/** Whether bytes[at..seen) may be the content, which ends at `end`, of a message with this letter. */
export function mayBeContent(side: Side, letter: number, content: Content): boolean {
  const check = LETTERS[side === 'client' ? 0 : 1]![letter]
  return check === undefined || check(content)
}
