/** Reads JSON texts: headers, bodies, quantiles. Invalid JSON and missing keys give '' or 0. */
import { isTooDeep } from '../../../json'
import { type FunctionSpec, type Overload, scalar } from '../base/function'
import { always, none } from '../base/units'

/** Total length of the texts that stay parsed. Scripts pluck several keys out of one column. */
const KEPT_LENGTH = 1 << 20
const LONGEST_KEPT = 4096

let parsed = new Map<string, unknown>()
let keptLength = 0

declare global {
  /** https://tc39.es/proposal-json-parse-with-source, which TypeScript doesn't know yet. */
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

/** Numbers that may be written otherwise than here, read as doubles: many digits, `1.0`, `1e3`, `-0`, 0.0000001. */
const EXACT_NUMBER = /\d{16}|[\d.]{17}|\.\d*0(?!\d)|\d[eE][+-]?\d|-0|\.000000/

/** Numbers that would be written otherwise stay as they are written. */
const asWritten = (_: string, value: unknown, { source }: { source?: string }): unknown =>
  typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value

/** `exact`: numbers stay as they are written, which takes several times as long where there may be such. */
function parse(text: string, exact: boolean): unknown {
  const isExact = exact && EXACT_NUMBER.test(text)
  const key = isExact ? `=${text}` : text
  const known = parsed.get(key)
  if (known !== undefined) return known
  let value: unknown = null
  try {
    // A document that is nested too deeply counts as invalid.
    if (!isTooDeep(text)) value = isExact ? JSON.parse(text, asWritten) : JSON.parse(text)
  } catch {
    // Bodies are cut and headers may hold anything, so invalid JSON is a normal case.
  }
  if (text.length <= LONGEST_KEPT) {
    if (keptLength > KEPT_LENGTH) {
      parsed = new Map()
      keptLength = 0
    }
    keptLength += text.length
    parsed.set(key, value)
  }
  return value
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !JSON.isRawJSON(value)

function member(text: string, key: string, exact = true): unknown {
  const value = parse(text, exact)
  if (!isObject(value) || Array.isArray(value)) return undefined
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A number, as it is written or as a text. */
const digitsOf = (value: unknown): string =>
  value === null || isObject(value) || typeof value === 'boolean' ? '' : asText(value).trim()

function asFloat(value: unknown): number {
  const number = Number(digitsOf(value))
  return Number.isNaN(number) ? 0 : number
}

/** All digits of an integer, the integer part of any other number. Values outside int64 become its nearest limit. */
function asInteger(value: unknown): number | bigint {
  const digits = digitsOf(value)
  if (!/^-?\d{16,}$/.test(digits)) return Math.trunc(asFloat(value))
  if (digits.length > 20) return digits.startsWith('-') ? INT64_MIN : INT64_MAX
  const exact = BigInt(digits)
  return exact > INT64_MAX ? INT64_MAX : exact < INT64_MIN ? INT64_MIN : exact
}

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

function element(text: string, index: number): string {
  const value = parse(text, true)
  return Array.isArray(value) ? asText(value[index]) : ''
}

/** A single value, or one of a JSON array: a pod may belong to several services. */
export function hasValue(list: string, value: string): boolean {
  if (list === value) return true
  if (!list.startsWith('[')) return false
  const values = parse(list, false)
  return Array.isArray(values) && values.includes(value)
}

const has = (name: string, argument: string, description: string): FunctionSpec => ({
  name,
  description,
  unit: none,
  overloads: [
    scalar(`${argument}:STRING value:STRING -> BOOLEAN`, (_, list: string, value: string) =>
      hasValue(list, value),
    ),
  ],
})

const pluck = (name: string, description: string, read: Overload): FunctionSpec => ({
  name,
  description,
  unit: none,
  overloads: [read],
})

/** A link to another script with its arguments: `{label, script, args}`. */
export function scriptReference(label: string, script: string, ...pairs: string[]): string {
  const args: Record<string, string> = {}
  for (let i = 0; i + 1 < pairs.length; i += 2) args[pairs[i]!] = pairs[i + 1]!
  return JSON.stringify({ label, script, args })
}

/** What a link shows: its label, or the script where it has none; any other text as it stands. */
function labelOf(reference: string): string {
  const script = asText(member(reference, 'script'))
  return script === '' ? reference : asText(member(reference, 'label')) || script
}

/** Names and values of the target's arguments come as pairs of texts. */
const MOST_PAIRS = 16

export const JSON_FUNCTIONS: readonly FunctionSpec[] = [
  pluck(
    'pluck',
    'The value of a key of a JSON object, as text.',
    scalar('json_str:STRING key:STRING -> STRING', (_, text: string, key: string) =>
      asText(member(text, key, true)),
    ),
  ),
  pluck(
    'pluck_int64',
    'The value of a key of a JSON object, as an integer.',
    scalar('json_str:STRING key:STRING -> INT64', (_, text: string, key: string) =>
      asInteger(member(text, key, true)),
    ),
  ),
  pluck(
    'pluck_float64',
    'The value of a key of a JSON object, as a float.',
    scalar('json_str:STRING key:STRING -> FLOAT64', (_, text: string, key: string) =>
      asFloat(member(text, key, false)),
    ),
  ),
  {
    name: 'pluck_array',
    description: 'The element of a JSON array at a position, as text.',
    unit: none,
    overloads: [
      scalar('json_str:STRING index:INT64 -> STRING', (_, text: string, index: number | bigint) =>
        element(text, Number(index)),
      ),
    ],
  },
  has('has_value', 'array_or_value', 'Whether a text is the value, or a JSON array that holds it.'),
  has('has_service_name', 'service', 'Whether a service name, or a JSON array of them, holds the value.'),
  has('has_service_id', 'service_id', 'Whether a service id, or a JSON array of them, holds the value.'),
  {
    name: '_script_label',
    description: 'What a link to a script shows.',
    unit: none,
    overloads: [scalar('reference:STRING -> STRING', (_, reference: string) => labelOf(reference))],
  },
  {
    name: '_script_reference',
    description: 'A link to a script: label, script, then name and value of each argument.',
    unit: always('ST_SCRIPT_REFERENCE'),
    overloads: Array.from({ length: MOST_PAIRS + 1 }, (_, pairs) => {
      const args = Array.from({ length: pairs }, (_, i) => ` name${i}:STRING value${i}:STRING`).join('')
      return scalar(`label:STRING script:STRING${args} -> STRING`, (_, ...texts: string[]) =>
        scriptReference(texts[0]!, texts[1]!, ...texts.slice(2)),
      )
    }),
  },
]
