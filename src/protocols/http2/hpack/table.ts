/**
 * The fields that a sender may name by a number (RFC 7541 §2.3). The reader of a connection that was joined under way, or
 * in which a block was lost, knows the newest of them only: what an older number means is unknown, and never guessed.
 */
import { type FieldLine, fieldLine } from '../../lib/http/fields'
import type { Known } from '../../lib/list-memo'
import { Memo } from '../../lib/memo'
import { REDACTED } from '../../lib/redact'
import { STATIC_FIELDS } from './static-table'

/** RFC 7541 §4.1. */
const ENTRY_BYTES = 32
/** The size of a table until the sender says otherwise (RFC 9113 §6.5.2). */
const USUAL_BYTES = 4096
/** Bytes of fields that are kept for one side at most; what older numbers mean is unknown then. */
const MAX_BYTES = 64 << 10
/**
 * Where the table's size isn't known, a field of this size may be larger than the table, which it empties then (§4.4): what
 * is known of it is forgotten.
 */
const DOUBTFUL_BYTES = 1024

export const UNKNOWN = '<unknown>'

/** How many there were. */
let fields = 0

/** A field of a block. One that is in a table is one object, so that it is looked at once, however often it is sent. */
export class Field implements Known {
  readonly id = ++fields
  readonly name: string
  readonly value: string
  /** Its sender wants it in no table, as its value is a secret (RFC 7541 §7.1.3). */
  readonly isSecret: boolean
  #line: FieldLine | undefined
  #safe: FieldLine | undefined

  /** One character per byte. */
  constructor(name: string, value: string, isSecret = false) {
    this.name = name
    this.value = value
    this.isSecret = isSecret
  }

  get size(): number {
    return this.name.length + this.value.length + ENTRY_BYTES
  }

  line(redact: boolean): FieldLine {
    if (redact) {
      this.#safe ??= fieldLine(this.name, this.#safeValue, true, this.isSecret && !this.name.startsWith(':'))
      return this.#safe
    }
    this.#line ??= fieldLine(this.name, this.value, false)
    return this.#line
  }

  get #safeValue(): string {
    // Any field may have that name, a secret one too.
    if (this.name === UNKNOWN && this.value !== UNKNOWN) return REDACTED
    // Method, path and status say what an exchange is; of these the query alone may be a secret.
    return this.isSecret && this.name === ':path' ? this.value.replace(/\?.*/s, `?${REDACTED}`) : this.value
  }
}

/** Fields that are remembered, whoever sends them, so that the same fields are one object. */
const KNOWN = 4096
const LONGEST = 512
/** Between name and value: no field has it (§8.2.1 of RFC 9113). */
const BETWEEN = '\n'

const literalsWith = (isSecret: boolean) =>
  new Memo<Field>(
    (text) => {
      const end = text.indexOf(BETWEEN)
      return new Field(text.slice(0, end), text.slice(end + 1), isSecret)
    },
    KNOWN,
    LONGEST,
  )
const literals = literalsWith(false)
const secrets = literalsWith(true)

/** One character per byte. */
export const fieldOf = (name: string, value: string, isSecret: boolean): Field =>
  name.includes(BETWEEN)
    ? new Field(name, value, isSecret)
    : (isSecret ? secrets : literals).get(name + BETWEEN + value)

const STATIC = STATIC_FIELDS.map(([name, value]) => new Field(name, value))
const UNKNOWN_FIELD = new Field(UNKNOWN, UNKNOWN)

export class FieldTable {
  /** The newest one is last. */
  #fields: Field[] = []
  #bytes = 0
  /** The most bytes that the sender keeps; undefined where its choice wasn't seen. */
  #limit: number | undefined
  /** Every field that the sender may name is here. */
  #isWhole: boolean

  /** `isWhole`: the first block of this side will be read. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole
    this.#limit = isWhole ? USUAL_BYTES : undefined
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#bytes
  }

  /** The field of a number ≥ 1; undefined where no field can have it. */
  at(index: number): Field | undefined {
    if (index <= STATIC.length) return STATIC[index - 1]
    const field = this.#fields[this.#fields.length - (index - STATIC.length)]
    return field ?? (this.#isWhole ? undefined : UNKNOWN_FIELD)
  }

  add(field: Field): void {
    const { size } = field
    if (this.#limit === undefined && size > DOUBTFUL_BYTES) {
      this.forget()
      return
    }
    const most = Math.min(this.#limit ?? MAX_BYTES, MAX_BYTES)
    if (size > most && this.#limit !== undefined && size <= this.#limit) {
      this.forget()
      return
    }
    this.#shrink(most - size)
    if (size > most) return
    this.#fields.push(field)
    this.#bytes += size
  }

  /** The sender keeps so many bytes from now on (§6.3). */
  resize(limit: number): void {
    this.#limit = limit
    this.#shrink(limit)
  }

  /** A block was lost: it isn't known what it added. */
  forget(): void {
    this.#fields = []
    this.#bytes = 0
    this.#isWhole = false
    this.#limit = undefined
  }

  #shrink(most: number): void {
    let gone = 0
    while (gone < this.#fields.length && this.#bytes > most) this.#bytes -= this.#fields[gone++]!.size
    if (gone === 0) return
    this.#fields.splice(0, gone)
    // The sender still knows them.
    if (this.#limit !== undefined && this.#limit > MAX_BYTES) this.#isWhole = false
  }
}
