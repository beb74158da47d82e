/** Functions of text. Positions and lengths count bytes of UTF-8, as Pixie's do; a cut inside a character drops it. */
import { type Constant, isConstant, type Operand, texts } from '../../operand'
import { LONGEST_TEXT, tooLong } from '../base/bounds'
import { type FunctionSpec, type Overload, scalar, vector } from '../base/function'
import { apply } from '../base/lift'
import { none } from '../base/units'

/**
 * Which entries hold the needle: one search over the bytes of the whole dictionary. UTF-8 never finds a character in
 * the middle of another, but a match across two entries doesn't count.
 */
function contains(args: readonly Operand[], rows: number): Operand {
  const [text, needle] = args as [Operand, Constant]
  const { values: codes, mask, dict } = texts(text)
  const sought = Buffer.from(String(needle.constant))
  const hit = new Uint8Array(dict.length)
  if (sought.length === 0) hit.fill(1)
  else {
    const bytes = Buffer.from(dict.bytes.buffer, dict.bytes.byteOffset, dict.bytes.byteLength)
    let entry = 0
    for (let at = bytes.indexOf(sought); at >= 0; ) {
      while (dict.offsets[entry + 1]! <= at) entry++
      const inside = at + sought.length <= dict.offsets[entry + 1]!
      if (inside) hit[entry] = 1
      at = bytes.indexOf(sought, inside ? dict.offsets[entry + 1]! : at + 1)
    }
  }
  if (mask === 0) return { type: 'BOOLEAN', constant: hit[0] === 1 }
  const out = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) out[i] = hit[codes[i]!]!
  return { type: 'BOOLEAN', values: out }
}

const containsEach = scalar('text:STRING part:STRING -> BOOLEAN', (_, text: string, part: string) =>
  text.includes(part),
)

const containsAny: Overload = vector('text:STRING part:STRING -> BOOLEAN', (args, rows, context) =>
  isConstant(args[1]!) ? contains(args, rows) : apply(containsEach, args, rows, context),
)

type Integer = number | bigint

function substring(text: string, from: Integer, length: Integer): string {
  if (from < 0) return ''
  const start = Number(from)
  const end = Math.max(start, start + Number(length))
  // ASCII needs no look at bytes.
  if (Buffer.byteLength(text) === text.length) return text.slice(start, end)
  const bytes = Buffer.from(text)
  let first = Math.min(start, bytes.length)
  let last = Math.min(end, bytes.length)
  while (first < bytes.length && (bytes[first]! & 0xc0) === 0x80) first++
  while (last > first && last < bytes.length && (bytes[last]! & 0xc0) === 0x80) last--
  return bytes.toString('utf8', first, Math.max(first, last))
}

function find(text: string, part: string): number {
  const at = text.indexOf(part)
  return at <= 0 ? at : Buffer.byteLength(text.slice(0, at))
}

function split(text: string, delimiter: string): string {
  const parts = delimiter === '' ? [text] : text.split(delimiter)
  return JSON.stringify(parts)
}

/** Decimal, as strtoll reads a whole text; anything else, and what int64 can't hold, is the default. */
function atoi(text: string, fallback: Integer): Integer {
  if (!/^[ \t\n\r]*[+-]?\d{1,19}[ \t\n\r]*$/.test(text)) return fallback
  const value = BigInt(text.trim().replace(/^\+/, ''))
  if (BigInt.asIntN(64, value) !== value) return fallback
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function bytesToHex(text: string): string {
  const length = Buffer.byteLength(text) * 4
  if (length > LONGEST_TEXT) throw tooLong(length)
  return Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '\\x$&')
}

function hexToAscii(text: string): string {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return ''
  return Buffer.from(text, 'hex').toString('utf8')
}

const WHITE = ' \t\n\v\f\r'

/** A loop, since a regular expression for the end takes quadratic time on long runs inside. */
function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && WHITE.includes(text[start]!)) start++
  while (end > start && WHITE.includes(text[end - 1]!)) end--
  return text.slice(start, end)
}

/** A text from a text. */
const one = (name: string, description: string, run: (text: string) => string): FunctionSpec => ({
  name,
  description,
  unit: none,
  overloads: [scalar('string:STRING -> STRING', (_, text) => run(text))],
})

export const TEXT: readonly FunctionSpec[] = [
  {
    name: 'contains',
    description: 'Whether the first text holds the second.',
    unit: none,
    overloads: [containsAny],
  },
  {
    name: 'length',
    description: 'Bytes of the text.',
    unit: none,
    overloads: [scalar('s:STRING -> INT64', (_, text) => Buffer.byteLength(text))],
  },
  {
    name: 'find',
    description: 'Where the second text first starts in the first one, or -1.',
    unit: none,
    overloads: [
      scalar('text:STRING part:STRING -> INT64', (_, text: string, part: string) => find(text, part)),
    ],
  },
  {
    name: 'substring',
    description: "As many bytes as asked, from a position on; '' from one before the text.",
    unit: none,
    overloads: [
      scalar(
        'string:STRING pos:INT64 length:INT64 -> STRING',
        (_, text: string, position: Integer, length: Integer) => substring(text, position, length),
      ),
    ],
  },
  one('tolower', 'ASCII letters in lower case.', (text) =>
    text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  one('toupper', 'ASCII letters in upper case.', (text) =>
    text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  one('trim', 'Without white space at both ends.', trimmed),
  {
    name: 'strip_prefix',
    description: 'The second text without the first one at its start.',
    unit: none,
    overloads: [
      scalar('prefix:STRING string:STRING -> STRING', (_, prefix: string, text: string) =>
        text.startsWith(prefix) ? text.slice(prefix.length) : text,
      ),
    ],
  },
  {
    name: 'split',
    description: 'The parts between delimiters, as a JSON array of texts.',
    unit: none,
    overloads: [
      scalar('input_str:STRING delimiter:STRING -> STRING', (_, text: string, delimiter: string) =>
        split(text, delimiter),
      ),
    ],
  },
  one('bytes_to_hex', 'The bytes of the text in hexadecimal: \\x61 is an a.', bytesToHex),
  one(
    'hex_to_ascii',
    "The text whose bytes these hexadecimal digits are; '' when they are none.",
    hexToAscii,
  ),
  {
    name: 'atoi',
    description: 'The integer that the text is, or the second argument.',
    unit: none,
    overloads: [
      scalar('text:STRING default:INT64 -> INT64', (_, text: string, fallback: Integer) =>
        atoi(text, fallback),
      ),
    ],
  },
  {
    name: 'itoa',
    description: 'The integer as text.',
    unit: none,
    overloads: [scalar('value:INT64 -> STRING', (_, value: Integer) => String(value))],
  },
]
