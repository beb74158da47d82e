/**
 * What comes with a statement (<query_parameters>, native_protocol_v5.spec §4.1.4):
 *
 *     consistency:2  flags:1 (4 from version 5 on)  [number:2 ([name] value)…]  [page size:4]  [paging state]  [serial consistency:2]
 *     [timestamp:8]  [keyspace]  [now:4]
 */
import type { Fields } from './fields'

const FLAG = {
  VALUES: 1,
  PAGE_SIZE: 4,
  PAGING_STATE: 8,
  SERIAL: 0x10,
  TIMESTAMP: 0x20,
  NAMES: 0x40,
  KEYSPACE: 0x80,
} as const
/** Values of one statement that are read. */
const MAX_VALUES = 1024
const UNSET = -2

export interface Value {
  readonly name: string | undefined
  /** Undefined for null and for what isn't set. */
  readonly bytes: Uint8Array | undefined
  readonly isSet: boolean
  /** Its end isn't there. */
  readonly isCut: boolean
}

export interface Parameters {
  readonly consistency: number
  readonly values: readonly Value[]
  /** As many values as there are said to be. */
  readonly isWhole: boolean
  readonly keyspace: string | undefined
}

export function parametersOf(fields: Fields, version: number): Parameters {
  const consistency = fields.short()
  const flags = flagsOf(fields, version)
  const has = (flag: number): boolean => (flags & flag) !== 0
  const count = has(FLAG.VALUES) ? fields.short() : 0
  const values = valuesOf(fields, count, has(FLAG.NAMES))
  // What follows has no known place.
  if (values.length < count) return { consistency, values, isWhole: false, keyspace: undefined }
  if (has(FLAG.PAGE_SIZE)) fields.skip(4)
  if (has(FLAG.PAGING_STATE)) fields.longBytes()
  const keyspace = settingsOf(fields, flags, version)
  return { consistency, values, isWhole: true, keyspace }
}

/** What comes behind the statements of a batch. */
export function batchEnd(fields: Fields, version: number): Pick<Parameters, 'consistency' | 'keyspace'> {
  const consistency = fields.short()
  return { consistency, keyspace: settingsOf(fields, flagsOf(fields, version), version) }
}

const flagsOf = (fields: Fields, version: number): number => (version >= 5 ? fields.int() : fields.byte())

/** The keyspace that the request names. */
function settingsOf(fields: Fields, flags: number, version: number): string | undefined {
  if ((flags & FLAG.SERIAL) !== 0) fields.skip(2)
  if ((flags & FLAG.TIMESTAMP) !== 0) fields.skip(8)
  const isNamed = version >= 5 && (flags & FLAG.KEYSPACE) !== 0 && !fields.isShort
  return isNamed ? fields.text() : undefined
}

export function valuesOf(fields: Fields, count: number, isNamed: boolean): readonly Value[] {
  const values: Value[] = []
  while (values.length < Math.min(count, MAX_VALUES) && !fields.isShort) {
    const name = isNamed ? fields.text() : undefined
    const size = fields.int()
    if (fields.isShort) break
    const bytes = size < 0 ? undefined : fields.take(size)
    values.push({ name, bytes, isSet: size !== UNSET, isCut: fields.isShort })
  }
  return values
}
