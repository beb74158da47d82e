/**
 * Shapes of JSON, each declared once: the schema that `/openapi.json` shows and the TypeScript type are of one declaration
 * (TypeBox). Of what another part of Nixie declares as a type, `schemaOf` proves that the schema says the same.
 */
import { type Static, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox'

export type { Static }
/** A schema of a value of type T. */
export type SchemaOf<T> = TUnsafe<T>

const described = (description?: string) => (description === undefined ? {} : { description })

/** What only a JSON schema tells, of a value of type T. */
export const raw = <T>(schema: object): SchemaOf<T> => Type.Unsafe<T>({ ...schema })

export const string = (description?: string) => Type.String(described(description))
export const number = (description?: string) => Type.Number(described(description))
export const boolean = (description?: string) => Type.Boolean(described(description))
/** Whole and not negative, or from `minimum` on. */
export const integer = (description?: string, minimum = 0) =>
  Type.Integer({ minimum, ...described(description) })
export const optional = Type.Optional

export const oneOf = <const T extends readonly string[]>(choices: T, description?: string) =>
  raw<T[number]>({ type: 'string', enum: choices, ...described(description) })

export const list = <T extends TSchema>(items: T, description?: string) =>
  raw<readonly Static<T>[]>({ type: 'array', items, ...described(description) })

/** No other properties than these. */
export const object = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** Names that are not known before, each with such a value. */
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

/** Gives a schema a name; what comes back refers to it. */
export function component<T extends TSchema>(name: string, schema: T): SchemaOf<Static<T>> {
  if (COMPONENTS.has(name)) throw new Error(`There are two schemas named ${name}`)
  COMPONENTS.set(name, schema)
  return raw<Static<T>>({ $ref: `#/components/schemas/${name}` })
}

/** A type without `readonly`, which schemas don't tell. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T

type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** The schema, if its type is T: a property that one of both lacks is an error of the compiler. */
export const schemaOf =
  <T>() =>
  <S extends TSchema>(
    schema: S & (IsSame<Plain<Static<S>>, Plain<T>> extends true ? unknown : { readonly differs: Plain<T> }),
  ): S =>
    schema
