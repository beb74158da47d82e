/** Concatenates vectors, and drops unused entries of dictionaries. */
import {
  type Batch,
  emptyVector,
  type IntVector,
  StringTable,
  type StringVector,
  type Vector,
} from '../records/batch'
import type { DataType } from '../records/types'

/** Entries of `dict` in the order of `codes`, copied as bytes. */
function pickEntries(dict: StringTable, codes: ArrayLike<number>): StringTable {
  const offsets = new Uint32Array(codes.length + 1)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    offsets[i + 1] = offsets[i]! + dict.offsets[code + 1]! - dict.offsets[code]!
  }
  const bytes = new Uint8Array(offsets[codes.length]!)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    bytes.set(dict.bytes.subarray(dict.offsets[code]!, dict.offsets[code + 1]!), offsets[i]!)
  }
  return new StringTable(bytes, offsets)
}

/** The codes that occur, each once, and per row its place among them. */
export function distinctCodes(
  codes: Uint32Array,
  dictionary: number,
): { used: Uint32Array; index: Uint32Array } {
  const place = new Uint32Array(dictionary)
  const index = new Uint32Array(codes.length)
  const used = new Uint32Array(Math.min(codes.length, dictionary))
  let count = 0
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    let at = place[code]!
    if (at === 0) {
      used[count] = code
      at = ++count
      place[code] = at
    }
    index[i] = at - 1
  }
  return { used: used.subarray(0, count), index }
}

/** The vector with a dictionary of only what its rows hold, when the one it has is much larger. */
export function compact(vector: Vector): Vector {
  if (vector.type !== 'STRING' && vector.type !== 'UINT128') return vector
  if (vector.dict.length <= 2 * vector.codes.length) return vector
  const { used, index } = distinctCodes(vector.codes, vector.dict.length)
  return { type: vector.type, codes: index, dict: pickEntries(vector.dict, used) }
}

/** The batch with dictionaries of only what its rows hold. Columns that share one still do: no text is copied twice. */
export function compactBatch({ rows, columns }: Batch): Batch {
  const made = new Map<Vector, Vector>()
  const sharing = Map.groupBy(
    columns.filter((vector) => 'codes' in vector),
    ({ dict }) => dict,
  )
  for (const [dict, vectors] of sharing) {
    if (vectors.length === 1 || dict.length <= 2 * rows) continue
    const codes = new Uint32Array(rows * vectors.length)
    vectors.forEach((vector, i) => {
      codes.set(vector.codes, i * rows)
    })
    const { used, index } = distinctCodes(codes, dict.length)
    const small = pickEntries(dict, used)
    vectors.forEach((vector, i) => {
      made.set(vector, { type: vector.type, codes: index.subarray(i * rows, (i + 1) * rows), dict: small })
    })
  }
  return { rows, columns: columns.map((vector) => made.get(vector) ?? compact(vector)) }
}

interface Joined {
  readonly dict: StringTable
  /** Where each of the dictionaries starts in it. */
  readonly starts: ReadonlyMap<StringTable, number>
}

function joined(dicts: Iterable<StringTable>): Joined {
  const starts = new Map<StringTable, number>()
  let entries = 0
  let size = 0
  for (const dict of dicts) {
    if (starts.has(dict)) continue
    starts.set(dict, entries)
    entries += dict.length
    size += dict.bytes.length
  }
  const [first] = starts.keys()
  if (first && starts.size === 1) return { dict: first, starts }
  const bytes = new Uint8Array(size)
  const offsets = new Uint32Array(entries + 1)
  let at = 0
  let entry = 0
  for (const dict of starts.keys()) {
    bytes.set(dict.bytes, at)
    for (let i = 1; i <= dict.length; i++) offsets[++entry] = at + dict.offsets[i]!
    at += dict.bytes.length
  }
  return { dict: new StringTable(bytes, offsets), starts }
}

/** Dictionaries behind each other; `shift[i]` is where the i-th one starts. The same one given twice is kept once. */
export function joinDictionaries(dicts: readonly StringTable[]): { dict: StringTable; shift: number[] } {
  const { dict, starts } = joined(dicts)
  return { dict, shift: dicts.map((one) => starts.get(one)!) }
}

/** Joins the dictionaries of several columns. Those that share any get one together, so each is copied once. */
class Dictionaries {
  readonly #groups = new Map<StringTable, Set<StringTable>>()
  readonly #joined = new Map<Set<StringTable>, Joined>()

  constructor(columns: readonly (readonly Vector[])[]) {
    for (const parts of columns) {
      let group: Set<StringTable> | undefined
      for (const part of parts) if ('codes' in part) group = this.#linked(group, part.dict)
    }
  }

  #linked(group: Set<StringTable> | undefined, dict: StringTable): Set<StringTable> {
    const own = this.#groups.get(dict) ?? new Set([dict])
    this.#groups.set(dict, own)
    if (!group || group === own) return own
    const [small, large] = own.size < group.size ? [own, group] : [group, own]
    for (const one of small) {
      large.add(one)
      this.#groups.set(one, large)
    }
    return large
  }

  /** The one that this dictionary went into. */
  of(dict: StringTable): Joined {
    const group = this.#groups.get(dict)!
    const known = this.#joined.get(group)
    if (known) return known
    const made = joined(group)
    this.#joined.set(group, made)
    return made
  }
}

function concatStrings(parts: readonly StringVector[], rows: number, dictionaries: Dictionaries): Vector {
  const { dict, starts } = dictionaries.of(parts[0]!.dict)
  const codes = new Uint32Array(rows)
  let at = 0
  for (const { codes: from, dict: own } of parts) {
    const start = starts.get(own)!
    for (let i = 0; i < from.length; i++) codes[at++] = from[i]! + start
  }
  return { type: parts[0]!.type, codes, dict }
}

type Based = Pick<IntVector, 'base' | 'values'>

/**
 * One base for several. When they are too far apart (a time, and the 0 of a row without one), the largest with its low
 * bits cleared: offsets near it stay exact, and so does the offset of 0; others are the nearest doubles.
 */
export function commonBase(parts: readonly Based[]): bigint {
  let base = parts[0]?.base ?? 0n
  if (parts.every((part) => part.base === base)) return base
  for (const part of parts) if (part.base > base) base = part.base
  return BigInt.asIntN(64, (base >> 16n) << 16n)
}

/** Values relative to another base. */
export function rebased(vector: Based, base: bigint): Float64Array {
  if (vector.base === base) return vector.values
  const offset = Number(vector.base - base)
  return vector.values.map((v) => v + offset)
}

/** Vectors of one type behind each other. Empty ones cost nothing and set no base. */
export function concat(type: DataType, all: readonly Vector[]): Vector {
  const parts = filled(all)
  return concatFilled(type, parts, new Dictionaries([parts]))
}

const filled = (all: readonly Vector[]): readonly Vector[] => all.filter((part) => lengthOf(part) > 0)

function concatFilled(type: DataType, parts: readonly Vector[], dictionaries: Dictionaries): Vector {
  if (parts.length === 0) return emptyVector(type)
  if (parts.length === 1) return parts[0]!
  const rows = parts.reduce((sum, part) => sum + lengthOf(part), 0)
  if (type === 'STRING' || type === 'UINT128') return concatStrings(parts as never, rows, dictionaries)
  const values = type === 'BOOLEAN' ? new Uint8Array(rows) : new Float64Array(rows)
  const base = 'base' in parts[0]! ? commonBase(parts as readonly IntVector[]) : 0n
  let at = 0
  for (const part of parts as readonly Exclude<Vector, { codes: Uint32Array }>[]) {
    values.set('base' in part ? rebased(part, base) : part.values, at)
    at += part.values.length
  }
  if (type === 'INT64' || type === 'TIME64NS') return { type, base, values: values as Float64Array }
  return { type, values } as Vector
}

/** Takes no more memory for texts than the batches do: those that columns share stay shared. */
export function concatBatches(types: readonly DataType[], batches: readonly Batch[]): Batch {
  const columns = types.map((_, c) => filled(batches.map((batch) => batch.columns[c]!)))
  const dictionaries = new Dictionaries(columns)
  return {
    rows: batches.reduce((sum, batch) => sum + batch.rows, 0),
    columns: types.map((type, c) => concatFilled(type, columns[c]!, dictionaries)),
  }
}

export const lengthOf = (vector: Vector): number =>
  'codes' in vector ? vector.codes.length : vector.values.length

/** Bytes of a batch; a dictionary that several columns share counts once. */
export function bytesOf(batch: Batch): number {
  const dicts = new Set<StringTable>()
  let bytes = 0
  for (const vector of batch.columns) {
    if ('codes' in vector) {
      bytes += vector.codes.byteLength
      dicts.add(vector.dict)
    } else bytes += vector.values.byteLength
  }
  for (const dict of dicts) bytes += dict.bytes.byteLength + dict.offsets.byteLength
  return bytes
}

/** Memory that a dictionary takes: its bytes, and again as texts, which it keeps once they were read. */
export const memoryOfTexts = (dict: StringTable): number =>
  2 * dict.bytes.byteLength + dict.offsets.byteLength + 8 * dict.length

/** Memory that a batch keeps alive. */
export function memoryOf(batch: Batch): number {
  let bytes = bytesOf(batch)
  for (const dict of new Set(batch.columns.flatMap((vector) => ('codes' in vector ? [vector.dict] : []))))
    bytes += memoryOfTexts(dict) - dict.bytes.byteLength - dict.offsets.byteLength
  return bytes
}
