/** Secrets replaced in place: by as many bytes, so that whatever counts lengths and offsets still does. */
import { REDACTED } from '../records/redacted'

/** From `start` up to `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** `[redacted]` with the signs that a replaced value has around it, which may have been added with it. */
const HIDDEN = new RegExp(`["'\\\\[]*${RegExp.escape(REDACTED)}["'\\\\\\]]*`)
const SIGNS = '"\'\\[]'

/**
 * Where the texts lie that `redact` replaces by `[redacted]`. What stays is found in `text` again, from the front and from the back:
 * where the two differ, what lies between is taken for secret as well. Where it isn't found, all is.
 */
export function secretRanges(text: string, redact: (text: string) => string): Range[] {
  const safe = redact(text)
  if (safe === text) return []
  const kept = safe.split(HIDDEN)
  const all = [{ start: 0, end: text.length }]
  const starts = fromFront(text, kept)
  const ends = fromBack(text, kept)
  if (kept.length < 2 || !starts || !ends) return all
  return starts.map((start, i) => withoutSigns(text, start, ends[i]!)).filter(({ start, end }) => start < end)
}

/** The earliest places at which the secrets may begin. */
function fromFront(text: string, kept: readonly string[]): number[] | undefined {
  if (!text.startsWith(kept[0]!)) return undefined
  const starts = [kept[0]!.length]
  for (const part of kept.slice(1, -1)) {
    const at = text.indexOf(part, starts.at(-1)!)
    if (at < 0) return undefined
    starts.push(at + part.length)
  }
  return starts
}

/** The latest places at which they may end. */
function fromBack(text: string, kept: readonly string[]): number[] | undefined {
  const last = kept.at(-1)!
  if (!text.endsWith(last)) return undefined
  const ends = [text.length - last.length]
  for (const part of kept.slice(1, -1).reverse()) {
    const most = ends[0]! - part.length
    const at = most < 0 ? -1 : text.lastIndexOf(part, most)
    if (at < 0) return undefined
    ends.unshift(at)
  }
  return ends
}

/** Quotes and brackets around a value stay: what reads the text needs them. */
function withoutSigns(text: string, start: number, end: number): Range {
  while (start < end && SIGNS.includes(text[start]!)) start++
  while (end > start && SIGNS.includes(text[end - 1]!)) end--
  return { start, end }
}

const CR = 0x0d
const LF = 0x0a
const NINE = 0x39
const ZERO = 0x30
const LETTER = 0x78

/** Digits become 0, so that a number stays one; ends of lines stay; all else becomes x. Returns how many bytes changed. */
export function mask(bytes: Uint8Array, { start, end }: Range): number {
  let changed = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === CR || byte === LF) continue
    bytes[i] = byte >= ZERO && byte <= NINE ? ZERO : LETTER
    changed++
  }
  return changed
}

/** One character a byte, so that places in the text are places in the bytes. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

/** Replaces the secrets that `redact` finds; returns how many bytes. */
export function maskSecrets(bytes: Uint8Array, redact: (text: string) => string): number {
  return secretRanges(latin1(bytes), redact).reduce((sum, range) => sum + mask(bytes, range), 0)
}
