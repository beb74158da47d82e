/**
 * BSON (bsonspec.org, version 1.1): where its elements begin and end.
 *
 *     document   size:4 element* NUL                  an array is a document whose names are 0, 1, 2, …
 *     element    type:1 name, NUL, value
 */
import { i32 } from './message'

export const DOUBLE = 1
export const STRING = 2
export const DOCUMENT = 3
export const ARRAY = 4
export const BINARY = 5
export const UNDEFINED = 6
export const OBJECT_ID = 7
export const BOOLEAN = 8
export const DATE = 9
export const NULL = 10
export const REGEX = 11
export const POINTER = 12
export const CODE = 13
export const SYMBOL = 14
export const SCOPED_CODE = 15
export const INT32 = 16
export const TIMESTAMP = 17
export const INT64 = 18
export const DECIMAL = 19
export const MAX_KEY = 127
export const MIN_KEY = 255

/** The least document: its size and its end. */
export const LEAST_DOCUMENT = 5

/** Bytes of values that are always as long. */
const FIXED = new Int8Array(256).fill(-1)
for (const [type, bytes] of [
  [DOUBLE, 8],
  [UNDEFINED, 0],
  [OBJECT_ID, 12],
  [BOOLEAN, 1],
  [DATE, 8],
  [NULL, 0],
  [INT32, 4],
  [TIMESTAMP, 8],
  [INT64, 8],
  [DECIMAL, 16],
  [MAX_KEY, 0],
  [MIN_KEY, 0],
] as const)
  FIXED[type] = bytes

/** What a length of four bytes in front of a value doesn't count. */
const BESIDE_LENGTH: Readonly<Record<number, number>> = {
  [STRING]: 4,
  [CODE]: 4,
  [SYMBOL]: 4,
  [BINARY]: 5,
  [POINTER]: 16,
  [DOCUMENT]: 0,
  [ARRAY]: 0,
  [SCOPED_CODE]: 0,
}

export const isType = (type: number): boolean =>
  FIXED[type]! >= 0 || type === REGEX || BESIDE_LENGTH[type] !== undefined

export const isDocument = (type: number): boolean => type === DOCUMENT || type === ARRAY

/** Bytes of the value of this type at `at`; -1: there are too few bytes before `end` to tell, -2: there is no such value. */
export function valueBytes(type: number, bytes: Uint8Array, at: number, end: number): number {
  const fixed = FIXED[type]!
  if (fixed >= 0) return fixed
  if (type === REGEX) return regexBytes(bytes, at, end)
  const beside = BESIDE_LENGTH[type]
  if (beside === undefined) return -2
  if (at + 4 > end) return -1
  const length = i32(bytes, at)
  const least = type === BINARY ? 0 : beside === 0 ? LEAST_DOCUMENT : 1
  return length < least ? -2 : length + beside
}

/** Two texts, each with a NUL behind it. */
function regexBytes(bytes: Uint8Array, at: number, end: number): number {
  const pattern = bytes.indexOf(0, at)
  const options = pattern < 0 || pattern >= end ? -1 : bytes.indexOf(0, pattern + 1)
  return options < 0 || options >= end ? -1 : options + 1 - at
}
