/**
 * Text in UTF-16 and UTF-32 (Unicode 3.9, RFC 2781), as Windows and Java programs send it: told by its byte order mark, else
 * by its first two characters, which JSON, XML and forms have in ASCII (RFC 4627 §3). And words of it within other content.
 */

export interface WideText {
  readonly text: string
  /** The byte at which the character at an offset of `text` begins. */
  readonly byteOf: (offset: number) => number
}

/** Bytes in front, and how the rest is read. */
interface Form {
  readonly mark: readonly number[]
  readonly unit: 2 | 4
  readonly isBig: boolean
}

/** In this order: the mark of UTF-16 begins that of UTF-32. */
const FORMS: readonly Form[] = [
  { mark: [0xff, 0xfe, 0, 0], unit: 4, isBig: false },
  { mark: [0, 0, 0xfe, 0xff], unit: 4, isBig: true },
  { mark: [0xff, 0xfe], unit: 2, isBig: false },
  { mark: [0xfe, 0xff], unit: 2, isBig: true },
]

const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09)

/** Two characters of ASCII in a row. */
function formOfLetters(bytes: Uint8Array): Form | undefined {
  for (const unit of [4, 2] as const)
    for (const isBig of [false, true]) {
      const isOne = (at: number): boolean =>
        Array.from({ length: unit }, (_, i) => bytes[at + i]).every((byte, i) =>
          i === (isBig ? unit - 1 : 0) ? isLetter(byte) : byte === 0,
        )
      if (isOne(0) && isOne(unit)) return { mark: [], unit, isBig }
    }
  return undefined
}

/** The whole of it; undefined when it is no such text. A character that is cut off at the end is left out. */
export function wideText(bytes: Uint8Array): WideText | undefined {
  const form = FORMS.find(({ mark }) => mark.every((byte, i) => bytes[i] === byte)) ?? formOfLetters(bytes)
  if (!form) return undefined
  const { mark, unit } = form
  const content = bytes.subarray(mark.length, bytes.length - ((bytes.length - mark.length) % unit))
  const text = unit === 2 ? utf16(content, form.isBig) : utf32(content, form.isBig)
  if (text === undefined || !text.isWellFormed()) return undefined
  const places = unit === 2 ? undefined : placesOf(text)
  const byteOf = (offset: number) => mark.length + unit * (places?.[offset] ?? offset)
  return { text, byteOf }
}

function utf16(content: Uint8Array, isBig: boolean): string {
  const units = Buffer.from(content)
  const text = (isBig ? units.swap16() : units).toString('utf16le')
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text
}

function utf32(content: Uint8Array, isBig: boolean): string | undefined {
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  const codes: string[] = []
  for (let at = 0; at < content.length; at += 4) {
    const code = view.getUint32(at, !isBig)
    if (code > 0x10ffff) return undefined
    codes.push(String.fromCodePoint(code))
  }
  return codes.join('')
}

/** How many characters are in front of an offset: of UTF-32 one beyond U+FFFF is two of a text. */
function placesOf(text: string): Uint32Array {
  const places = new Uint32Array(text.length + 1)
  let at = 0
  let place = 0
  for (const one of text) {
    places.fill(place, at, at + one.length)
    at += one.length
    place++
  }
  places[text.length] = place
  return places
}

/** Four characters of ASCII and more, each in two or four bytes. */
const WORDS =
  /(?:[\x20-\x7e]\0\0\0){4,}|(?:\0\0\0[\x20-\x7e]){4,}|(?:[\x20-\x7e]\0){4,}|(?:\0[\x20-\x7e]){4,}/g

/**
 * `text` of one character for each byte, and the same with wide words made narrow.
 * @returns with `byteOf`, where in `text` the character at an offset is
 */
export function narrowed(text: string): WideText {
  const words = text.includes('\0') ? [...text.matchAll(WORDS)] : []
  if (words.length === 0) return { text, byteOf: (offset) => offset }
  let narrow = ''
  let done = 0
  const places: number[] = []
  const keep = (until: number) => {
    for (; done < until; done++) places.push(done)
  }
  for (const { index, 0: word } of words) {
    narrow += text.slice(done, index)
    keep(index)
    const letters = word.replaceAll('\0', '')
    narrow += letters
    for (let i = 0; i < letters.length; i++) places.push(index + (i * word.length) / letters.length)
    done = index + word.length
  }
  narrow += text.slice(done)
  keep(text.length + 1)
  return { text: narrow, byteOf: (offset) => places[offset]! }
}
