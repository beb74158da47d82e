/**
 * JSON schemas. One declaration gives both the schema that `/openapi.json` shows and the TypeScript type (TypeBox).
 * Where another part of Nixie declares the type, `schemaOf` checks that the schema matches it.
 */
import { type Static, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox'

export type { Static }
/** A schema of a value of type T. */
export type SchemaOf<T> = TUnsafe<T>

const described = (description?: string) => (description === undefined ? {} : { description })

/** Keywords of a JSON schema that have no counterpart in the type T. */
export const raw = <T>(schema: object): SchemaOf<T> => Type.Unsafe<T>({ ...schema })

export const string = (description?: string) => Type.String(described(description))
export const number = (description?: string) => Type.Number(described(description))
export const boolean = (description?: string) => Type.Boolean(described(description))
/** An integer of at least `minimum`, by default 0. */
export const integer = (description?: string, minimum = 0) =>
  Type.Integer({ minimum, ...described(description) })
export const optional = Type.Optional

export const oneOf = <const T extends readonly string[]>(choices: T, description?: string) =>
  raw<T[number]>({ type: 'string', enum: choices, ...described(description) })

export const list = <T extends TSchema>(items: T, description?: string) =>
  raw<readonly Static<T>[]>({ type: 'array', items, ...described(description) })

/** An object with these properties and no others. */
export const object = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** An object with any property names, whose values have this schema. */
export const mapOf = <T extends TSchema>(values: T, description?: string) =>
  raw<Readonly<Record<string, Static<T>>>>({
    type: 'object',
    additionalProperties: values,
    ...described(description),
  })

export const numberOrNull = (description: string, type: 'number' | 'integer' = 'number') =>
  raw<number | null>({ type: [type, 'null'], description })

export const EPOCH_NS = raw<string | null>({
  type: ['string', 'null'],
  pattern: '^-?\\d+$',
  description: 'Epoch nanoseconds',
})

const COMPONENTS = new Map<string, TSchema>()

/** The schemas that have names, for `/openapi.json`. */
export const components = (): Readonly<Record<string, TSchema>> => Object.fromEntries(COMPONENTS)

/** Gives a schema a name. Returns a reference to it. */
export function component<T extends TSchema>(name: string, schema: T): SchemaOf<Static<T>> {
  if (COMPONENTS.has(name)) throw new Error(`There are two schemas named ${name}`)
  COMPONENTS.set(name, schema)
  return raw<Static<T>>({ $ref: `#/components/schemas/${name}` })
}

/** The type without `readonly`, which schemas can't express. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T

type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Returns the schema if its type is T. A property that only one of the two has is a compile error. */
export const schemaOf =
  <T>() =>
  <S extends TSchema>(
    schema: S & (IsSame<Plain<Static<S>>, Plain<T>> extends true ? unknown : { readonly differs: Plain<T> }),
  ): S =>
    schema
