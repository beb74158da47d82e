/**
 * A DNS message (RFC 1035 §4): twelve bytes of header, then questions, answers, authorities and additional records.
 *
 *     id 16 │ QR 1 · opcode 4 · AA TC RD RA 1 each · Z 1 · AD CD 1 each · rcode 4 │ counts of the four sections, 16 each
 *     question: name · type 16 · class 16
 *     record:   name · type 16 · class 16 · TTL 32 · length 16 · data
 */
import { Data } from './data'
import { type Edns, edns, extendedRcode } from './edns'
import { nameAt, skipName } from './names'
import { CLASS_IN, className, TYPE_OPT, typeName } from './numbers'
import { dataFields, type Fields } from './records'

export const HEADER_BYTES = 12
/** Records of a section, and questions, that are shown at most. */
const MAX_RECORDS = 64
/** Characters of all records together that are shown at most. */
const MAX_SHOWN = 8192
/** Of a record: type, class, TTL, length. */
const FIXED_BYTES = 10

export interface Header {
  readonly id: number
  /** As on the wire; the fields below are its parts. */
  readonly flags: number
  readonly questions: number
  readonly answers: number
  readonly authorities: number
  readonly additionals: number
}

export interface Question {
  readonly name: string
  readonly type: number
  readonly code: number
}

export interface Message {
  readonly header: Header
  readonly isResponse: boolean
  /** The first question; undefined when there is none. */
  readonly question: Question | undefined
  /** The upper bits of the response code. */
  readonly extendedRcode: number
  /** Sections as JSON. */
  readonly body: string
  /** The message has fewer bytes than it announces. */
  readonly isCut: boolean
}

const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** Needs HEADER_BYTES bytes from `at` on. */
export function headerAt(bytes: Uint8Array, at: number): Header {
  return {
    id: uint16(bytes, at),
    flags: uint16(bytes, at + 2),
    questions: uint16(bytes, at + 4),
    answers: uint16(bytes, at + 6),
    authorities: uint16(bytes, at + 8),
    additionals: uint16(bytes, at + 10),
  }
}

export const isResponse = ({ flags }: Header): boolean => (flags & 0x8000) !== 0
export const opcodeOf = ({ flags }: Header): number => (flags >> 11) & 15

/** The message in `bytes[start..end)`; undefined when its header or questions are missing or malformed. */
export function readMessage(bytes: Uint8Array, start: number, end: number): Message | undefined {
  if (end - start < HEADER_BYTES) return undefined
  const header = headerAt(bytes, start)
  const reader = new Sections(bytes, start, end)
  const question = reader.questions(header.questions)
  if (header.questions > 0 && !question) return undefined
  const answers = reader.records(header.answers)
  const authorities = reader.records(header.authorities)
  const additionals = reader.records(header.additionals)
  const isAnswer = isResponse(header)
  const { asked, opt } = reader
  // A question has records in an update, a notification or a transfer only (RFC 2136 §2, RFC 1996 §3.7, RFC 1995 §3).
  const first = isAnswer ? `{"answers":[${answers}]` : `{"queries":[${asked}]${list('answers', answers)}`
  const parts = [first, list('authorities', authorities), list('additionals', additionals)]
  if (opt) parts.push(`,"edns":${JSON.stringify(opt.edns)}`)
  parts.push('}')
  return {
    header,
    isResponse: isAnswer,
    question,
    extendedRcode: opt?.rcode ?? 0,
    body: flat(parts),
    isCut: reader.isCut,
  }
}

/** A flat copy of a text: a concatenated one keeps its parts, in several times its own memory, and these texts wait. */
const flat = (parts: readonly string[]): string => parts.join('')

const list = (name: string, texts: readonly string[]): string =>
  texts.length === 0 ? '' : `,"${name}":[${texts}]`

/** The header as JSON. */
export function headerText(header: Header, extendedRcode: number): string {
  const { id, flags, questions, answers, authorities, additionals } = header
  const bit = (at: number) => (flags >> at) & 1
  return (
    `{"txid":${id},"qr":${bit(15)},"opcode":${opcodeOf(header)},"aa":${bit(10)},"tc":${bit(9)},"rd":${bit(8)},` +
    `"ra":${bit(7)},"ad":${bit(5)},"cd":${bit(4)},"rcode":${extendedRcode | (flags & 15)},"num_queries":${questions},` +
    `"num_answers":${answers},"num_auth":${authorities},"num_addl":${additionals}}`
  )
}

/** Reads the sections one after the other; beyond the shown part it only steps over names and data. */
class Sections {
  /** The message ends before its sections do. */
  isCut = false
  /** Questions as JSON. */
  readonly asked: string[] = []
  opt: { readonly edns: Edns; readonly rcode: number } | undefined
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #end: number
  #at: number
  #shown = 0
  /** Nothing after this place can be read. */
  #isOver = false

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#at = start + HEADER_BYTES
  }

  questions(count: number): Question | undefined {
    let first: Question | undefined
    for (let i = 0; i < count && !this.#isOver; i++) {
      if (i >= MAX_RECORDS) {
        this.#stop(false)
        break
      }
      const name = nameAt(this.#bytes, this.#at, this.#start, this.#end)
      if (!name || name.end + 4 > this.#end) {
        this.#stop(true)
        break
      }
      const question = {
        name: name.text,
        type: uint16(this.#bytes, name.end),
        code: uint16(this.#bytes, name.end + 2),
      }
      this.#at = name.end + 4
      first ??= question
      this.asked.push(`${ownerText(question)}}`)
    }
    return first
  }

  /** Records as JSON. */
  records(count: number): string[] {
    const shown: string[] = []
    for (let i = 0; i < count && !this.#isOver; i++) this.#record(shown)
    return shown
  }

  #record(shown: string[]): void {
    const bytes = this.#bytes
    const from = this.#at
    const fixed = skipName(bytes, from, this.#end)
    if (fixed < 0 || fixed + FIXED_BYTES > this.#end) {
      this.#stop(true)
      return
    }
    const type = uint16(bytes, fixed)
    const code = uint16(bytes, fixed + 2)
    const ttl = uint16(bytes, fixed + 4) * 65_536 + uint16(bytes, fixed + 6)
    const at = fixed + FIXED_BYTES
    const end = at + uint16(bytes, fixed + 8)
    if (end > this.#end) {
      this.#stop(true)
      return
    }
    this.#at = end
    if (type === TYPE_OPT) {
      this.opt ??= {
        edns: edns(code, ttl, new Data(bytes, this.#start, at, end)),
        rcode: extendedRcode(ttl),
      }
    } else if (shown.length < MAX_RECORDS && this.#shown < MAX_SHOWN) {
      const name = nameAt(bytes, from, this.#start, this.#end)?.text ?? ''
      const fields = dataFields(typeName(type), bytes, this.#start, at, end)
      const text = `${ownerText({ name, type, code })}${fieldsText(fields)},"ttl":${ttl}}`
      this.#shown += text.length
      if (this.#shown <= MAX_SHOWN) shown.push(text)
    }
  }

  #stop(isCut: boolean): void {
    this.#isOver = true
    this.isCut = isCut
  }
}

/** The fields with which questions and records begin; the JSON object is left open. */
export function ownerText({ name, type, code }: Question): string {
  const kind = code === CLASS_IN ? '' : `,"class":"${className(code)}"`
  return `{"name":${JSON.stringify(name)},"type":"${typeName(type)}"${kind}`
}

function fieldsText(fields: Fields): string {
  let text = ''
  for (const key in fields) text += `,"${key}":${JSON.stringify(fields[key])}`
  return text
}
