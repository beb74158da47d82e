/** Facts of a content that is longer than what is kept of it, at a bounded cost: of JSON its two ends, of streams of events all. */
import { indexOfBytes } from '../bytes'
import { JsonLines } from '../json/lines'
import { JsonScanner } from '../json/scanner'
import { Facts } from './facts'

/** How documents stand in a content. */
export type JsonForm = 'document' | 'lines'

/** Bytes that are read of the end of a document, and of the end of each part of a stream whose length is told. */
export const END = 4096
const FIRST_ROOM = 512

export const jsonForm = (type: string): JsonForm | undefined => {
  if (/^text\/event-stream\b|^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines)\b/.test(type))
    return 'lines'
  return /^[\w.-]+\/(?:[\w.-]+\+)?json\b/.test(type) ? 'document' : undefined
}

/** Of all that was kept of a content, which may be cut. */
export function keptFacts(form: JsonForm, bytes: Uint8Array): Facts {
  const facts = new Facts()
  const reader = form === 'lines' ? new JsonLines(facts) : new JsonScanner(facts)
  reader.take(bytes, 0, bytes.length)
  reader.finish(false)
  return facts
}

/** Of a content in one piece, of which the first `kept` bytes are the kept beginning. `isWhole`: it was not cut. */
export function factsIn(form: JsonForm, bytes: Uint8Array, kept: number, isWhole: boolean): Facts {
  const end = Math.max(kept, bytes.length - END)
  if (form === 'document' && !mayHaveFacts(bytes.subarray(0, kept)) && !mayHaveFacts(bytes.subarray(end)))
    return new Facts()
  const behind = bodyFacts(form, bytes.subarray(0, kept))
  behind.take(bytes, kept, bytes.length)
  return behind.facts(bytes.subarray(0, kept), isWhole)
}

/**
 * What stands in each document that has facts which count: most have none of it, and are left at a tenth of what reading them takes. Names
 * have no escapes in practice.
 */
const MARKS = [
  '"usage"',
  '"jsonrpc"',
  '"errors"',
  '"model"',
  '"operationName"',
  'eval_count"',
  '"timings"',
].map((mark) => Buffer.from(mark))

const mayHaveFacts = (bytes: Uint8Array): boolean =>
  MARKS.some((mark) => indexOfBytes(bytes, mark, 0, bytes.length) >= 0)

/** Collects what comes behind the kept beginning. */
export interface BodyFacts {
  readonly held: number
  take(bytes: Uint8Array, start: number, end: number): void
  misses(): void
  /** Of the content so far. `head`: its kept beginning. */
  facts(head: Uint8Array, isWhole: boolean): Facts
}

/** `head`: the kept beginning of the content. */
export const bodyFacts = (form: JsonForm, head: Uint8Array): BodyFacts =>
  form === 'lines' ? new LineFacts(head) : new DocumentFacts()

class LineFacts implements BodyFacts {
  readonly held = Facts.held + 2048
  readonly #facts = new Facts()
  readonly #lines = new JsonLines(this.#facts)

  constructor(head: Uint8Array) {
    this.#lines.take(head, 0, head.length)
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    this.#lines.take(bytes, start, end)
  }

  misses(): void {
    this.#lines.misses()
  }

  facts(_: Uint8Array, isWhole: boolean): Facts {
    if (isWhole) this.#lines.finish(true)
    return this.#facts
  }
}

/** Keeps the last bytes. */
class DocumentFacts implements BodyFacts {
  #end = new Uint8Array(FIRST_ROOM)
  #length = 0
  /** Bytes between the beginning and these aren't there. */
  #isParted = false

  get held(): number {
    return this.#end.length
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const from = Math.max(start, end - END)
    if (from > start) this.misses()
    this.#reserve(end - from)
    this.#end.set(bytes.subarray(from, end), this.#length)
    this.#length += end - from
  }

  misses(): void {
    this.#length = 0
    this.#isParted = true
  }

  facts(head: Uint8Array, isWhole: boolean): Facts {
    const facts = new Facts()
    const end = this.#end.subarray(Math.max(0, this.#length - END), this.#length)
    if (!mayHaveFacts(head) && !mayHaveFacts(end)) return facts
    const scanner = new JsonScanner(facts)
    scanner.take(head, 0, head.length)
    if (this.#isParted || this.#length > END) {
      scanner.misses()
      facts.misses()
    }
    scanner.take(end, 0, end.length)
    scanner.finish(isWhole)
    return facts
  }

  /** Twice as much as is needed may be kept, so that not each piece moves all. */
  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#end.length) return
    const kept = this.#end.subarray(Math.max(0, this.#length - END), this.#length)
    this.#isParted ||= kept.length < this.#length
    const room = Math.min(2 * END, Math.max(kept.length + bytes, 2 * this.#end.length))
    const wider = room > this.#end.length ? new Uint8Array(room) : this.#end
    wider.set(kept)
    this.#end = wider
    this.#length = kept.length
  }
}
