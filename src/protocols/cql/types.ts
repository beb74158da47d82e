/** Types of columns and values ([option]): native_protocol_v5.spec §4.2.5.2. Their depth and number are bounded. */
import type { Fields } from './fields'

export type Type =
  | { readonly kind: 'simple'; readonly code: number }
  | { readonly kind: 'list' | 'set'; readonly of: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly of: Type }
  | { readonly kind: 'tuple'; readonly of: readonly Type[] }
  | { readonly kind: 'udt'; readonly fields: readonly { readonly name: string; readonly type: Type }[] }
  | { readonly kind: 'vector'; readonly size: number }

const CODE = { CUSTOM: 0, LIST: 0x20, MAP: 0x21, SET: 0x22, UDT: 0x30, TUPLE: 0x31 } as const
const SIMPLE = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21] as const
const BLOB = 3

/** Types within types that are read. */
const MAX_DEPTH = 8
/** Types that are read of one answer. */
export const MAX_TYPES = 2048

/** How many more types may be read. */
export interface TypesLeft {
  types: number
}

const simple: ReadonlyMap<number, Type> = new Map(SIMPLE.map((code) => [code, { kind: 'simple', code }]))

/** The next type; undefined where none is known, or it is too deep. */
export function typeOf(fields: Fields, left: TypesLeft, depth = 0): Type | undefined {
  if (depth > MAX_DEPTH || --left.types < 0) return undefined
  const code = fields.short()
  if (fields.isShort) return undefined
  switch (code) {
    case CODE.CUSTOM:
      return customType(fields.text())
    case CODE.LIST:
    case CODE.SET: {
      const of = typeOf(fields, left, depth + 1)
      return of && { kind: code === CODE.LIST ? 'list' : 'set', of }
    }
    case CODE.MAP: {
      const key = typeOf(fields, left, depth + 1)
      const of = key && typeOf(fields, left, depth + 1)
      return of && { kind: 'map', key, of }
    }
    case CODE.UDT: {
      fields.text()
      fields.text()
      const all = allOf(fields, () => {
        const name = fields.text()
        const type = typeOf(fields, left, depth + 1)
        return type && { name, type }
      })
      return all && { kind: 'udt', fields: all }
    }
    case CODE.TUPLE: {
      const of = allOf(fields, () => typeOf(fields, left, depth + 1))
      return of && { kind: 'tuple', of }
    }
    default:
      return simple.get(code)
  }
}

/** So many as the number in front says; undefined where one of them isn't known. */
function allOf<T>(fields: Fields, read: () => T | undefined): T[] | undefined {
  const count = fields.short()
  const all: T[] = []
  for (let i = 0; i < count; i++) {
    const one = read()
    if (one === undefined) return undefined
    all.push(one)
  }
  return all
}

const VECTOR = /VectorType\([\w.]*\bFloatType\s?,\s?(\d{1,5})\)$/

/** By their classes, which stand for types that a version of the protocol has no number for. */
const CLASSES: Readonly<Record<string, number>> = {
  SimpleDateType: 17,
  TimeType: 18,
  ShortType: 19,
  ByteType: 20,
  DurationType: 21,
}
const MARSHAL = 'org.apache.cassandra.db.marshal.'

/** Values of other classes are shown as bytes. */
function customType(name: string): Type {
  const code = name.startsWith(MARSHAL) ? CLASSES[name.slice(MARSHAL.length)] : undefined
  const size = VECTOR.exec(name)?.[1]
  if (size) return { kind: 'vector', size: Number(size) }
  return simple.get(code ?? BLOB)!
}
