/** The messages of Kafka as plans for the decoder: the fields of one version of one message, in their order. Made when first needed. */
import { MESSAGES } from './definitions'

/** As in `definitions.ts`. */
const SCALARS = ['b', 'i8', 'i16', 'u16', 'i32', 'u32', 'i64', 'f64', 'id', 's', 'y', 'r'] as const
export type Scalar = (typeof SCALARS)[number]
export type Kind = Scalar | 'array' | 'struct'

/** Of a field, what else it says than its value. */
export type Note = 'error' | 'acks' | 'topic' | 'name' | 'value' | undefined

/** A field of a plan. */
export interface Op {
  readonly name: string
  /** The name as the key of a JSON object; '' for the elements of an array. */
  readonly key: string
  readonly kind: Kind
  readonly isNullable: boolean
  readonly note: Note
  /** Of an array. */
  readonly element: Op | undefined
  /** Of a struct. */
  readonly plan: Plan | undefined
}

export interface Plan {
  readonly fields: readonly Op[]
  /** Lengths are compact, and tagged fields follow. */
  readonly isFlexible: boolean
  readonly tagged: ReadonlyMap<number, Op>
  /** It names a topic, beside its id or without one. */
  readonly hasName: boolean
}

export interface Api {
  readonly key: number
  readonly name: string
  readonly from: number
  readonly to: number
  /** From this version on messages are flexible. */
  readonly flexible: number
  readonly request: string
  readonly response: string
}

const HEAD = /^(\d+) (\w+) (\d+)-(\d+)(?: (\d+))?$/

function parse(): Map<number, Api[]> {
  const lines = MESSAGES.slice(1, -1).split('\n')
  const apis = new Map<number, Api[]>()
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [, key, name, from, to, flexible] = HEAD.exec(lines[at]!)!
    const api: Api = {
      key: Number(key),
      name: name!,
      from: Number(from),
      to: Number(to),
      flexible: flexible === undefined ? Number.POSITIVE_INFINITY : Number(flexible),
      request: lines[at + 1]!,
      response: lines[at + 2]!,
    }
    apis.set(api.key, [...(apis.get(api.key) ?? []), api])
  }
  return apis
}

const APIS = parse()
const LAST_KEY = Math.max(...APIS.keys())

/** Names by key, as kafka.apache.org/protocol has them in "Api Keys". */
export const nameOfApi = (key: number): string | undefined => APIS.get(key)?.[0]?.name

/** A request or an answer in one version. */
export interface Form {
  readonly request: Plan
  readonly response: Plan
  readonly isFlexible: boolean
}

/** By key and version. */
const forms: (Form | undefined)[][] = []
const MOST_VERSIONS = 64

/** Undefined where no such version is known. */
export function formOf(key: number, version: number): Form | undefined {
  const known = forms[key]?.[version]
  if (known) return known
  const api = APIS.get(key)?.find(({ from, to }) => version >= from && version <= to)
  if (!api) return undefined
  const isFlexible = version >= api.flexible
  const form: Form = {
    request: new Reader(api.request, version, api).plan(),
    response: new Reader(api.response, version, api).plan(),
    isFlexible,
  }
  forms[key] ??= []
  forms[key][version] = form
  return form
}

/** Whether there may be such a request: newer versions than those known here are. */
export const mayBeApi = (key: number, version: number): boolean =>
  key >= 0 && key <= LAST_KEY + 32 && version >= 0 && version < MOST_VERSIONS

type Range = readonly [from: number, to: number]

const isWithin = (version: number, [from, to]: Range) => version >= from && version <= to

/** Reads fields as `definitions.ts` writes them, and keeps those of one version. */
class Reader {
  readonly #text: string
  readonly #version: number
  readonly #all: Range
  readonly #isFlexible: boolean
  #at = 0

  constructor(text: string, version: number, { from, to, flexible }: Api) {
    this.#text = text
    this.#version = version
    this.#all = [from, to]
    this.#isFlexible = version >= flexible
  }

  plan(around: Range = this.#all): Plan {
    const fields: Op[] = []
    const tagged = new Map<number, Op>()
    while (this.#at < this.#text.length && this.#text[this.#at] !== '}') {
      const { op, tag, range } = this.#field(around)
      if (!isWithin(this.#version, range)) continue
      if (tag === undefined) fields.push(op)
      else tagged.set(tag, op)
    }
    const hasName = fields.some(({ name, kind }) => name === 'name' && kind === 's')
    return { fields, tagged, isFlexible: this.#isFlexible, hasName }
  }

  #field(around: Range): { op: Op; tag: number | undefined; range: Range } {
    const name = this.#word(/\w+/y)
    const range = this.#range('@', around)
    const nullable = this.#text[this.#at] === '?' ? this.#range('?', range) : undefined
    const tag = this.#text[this.#at] === '~' ? this.#number() : undefined
    const tags = tag === undefined ? undefined : this.#range('~', range)
    this.#at++
    const type = this.#type(name, range)
    if (this.#text[this.#at] === ' ') this.#at++
    const isNullable = nullable !== undefined && isWithin(this.#version, nullable)
    const isTagged = tags !== undefined && isWithin(this.#version, tags)
    return { op: { ...type, isNullable }, tag: isTagged ? tag : undefined, range }
  }

  #type(name: string, around: Range): Op {
    const op = { name, key: name && `"${name}":`, isNullable: false, element: undefined, plan: undefined }
    const mark = this.#text[this.#at]
    if (mark === '[') {
      this.#at++
      const element = this.#type('', around)
      this.#at++
      return { ...op, kind: 'array', note: undefined, element }
    }
    if (mark === '{') {
      this.#at++
      const plan = this.plan(around)
      this.#at++
      return { ...op, kind: 'struct', note: undefined, plan }
    }
    const word = this.#word(/[a-z]+\d*/y)
    const kind = SCALARS.find((scalar) => scalar === word)!
    return { ...op, kind, note: noteOf(name, kind) }
  }

  #range(mark: string, around: Range): Range {
    if (this.#text[this.#at] !== mark) return around
    const from = this.#number()
    if (Number.isNaN(from)) return around
    if (this.#text[this.#at] !== '-') return [from, around[1]]
    return [from, this.#number()]
  }

  /** The number behind a mark; NaN where there is none. */
  #number(): number {
    this.#at++
    return Number.parseInt(this.#word(/\d*/y), 10)
  }

  #word(form: RegExp): string {
    form.lastIndex = this.#at
    const [word] = form.exec(this.#text)!
    this.#at += word.length
    return word
  }
}

function noteOf(name: string, kind: Scalar): Note {
  if (kind === 'i16' && name.endsWith('error_code')) return 'error'
  if (kind === 'i16' && name === 'acks') return 'acks'
  if (kind === 'id' && name === 'topic_id') return 'topic'
  if (kind !== 's') return undefined
  if (name === 'name' || name === 'key') return 'name'
  return name === 'value' ? 'value' : undefined
}
