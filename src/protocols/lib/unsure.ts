/**
 * What was said since bytes went by unseen from which nobody knows how many requests, or responses, they were.
 *
 * One number tells which response is whose: of the responses since, number `j` answers request `j − shift`. Those below 0 answer
 * requests from before, or unseen ones; a negative shift means that the first requests were answered unseen. Everything
 * that is known narrows the range of that number, and when one is left it holds for all that has waited here.
 */

/** `GET / HTTP/1.1` and `HTTP/1.1 200` with an empty line, without carriage returns: shorter messages are none. */
export const LEAST_BYTES = 14

/** Bytes that went by unseen: how many, whether they begin where a message begins, and when what follows them was moved. */
export interface Hole {
  readonly bytes: number
  readonly isBetween: boolean
  readonly timeNs: number
}

/** Nobody knows how many. */
export const ANY: Hole = { bytes: Number.POSITIVE_INFINITY, isBetween: false, timeNs: 0 }

export type Certainty = 'sure' | 'tentative' | 'refuted'

/** What a response's parser gets to know when the response begins; `seq` is -1 when it is nobody's, or not known yet. */
export interface Answer<H> {
  seq: number
  /** What the request said about its response (in HTTP its method); of a tentative one the likeliest request. */
  readonly hint: H | undefined
  certainty: Certainty
  done: boolean
  endNs: number
}

/** A request that was asked; one that went by unseen has the number -1. */
export interface Asked<H> {
  readonly seq: number
  readonly hint: H | undefined
}

/** A silence after which everything was answered. */
export interface Quiet {
  /** The shift as it tells it; undefined when there may be responses that nobody asked for. */
  readonly shift: number | undefined
  /** How many had been asked. */
  readonly asked: number
  /** A request came behind it. */
  isAsked: boolean
  readonly silence: number
}

/** Responses, or requests, that were counted without being seen. */
const MAX_UNSEEN = 1024

export class Unsure<H> {
  readonly asked: Asked<H>[]
  /** Those since; undefined: one that went by unseen. */
  readonly answers: Answer<H>[] = []
  /** The shift is between these. */
  least: number
  most: number
  /** Responses since, as long as each came behind one request of its own. */
  turns = 0
  /** No response came without a request since the one before, but in front of the first request. */
  isRegular = true
  /**
   * A response never begins before its request, so the shift is no smaller than this: if no request was in a hole that
   * isn't noticed yet, which only the next one tells.
   */
  #claim: number
  /** The hole in the requests that it is behind, as long as its bytes may have room for fewer than was thought. */
  #hole: { readonly bytes: number; readonly fewest: number; readonly before: number } | undefined

  constructor(least: number, most: number, asked: Asked<H>[] = []) {
    this.asked = asked
    this.least = least
    this.most = most
    this.#claim = -asked.length
  }

  /** The shift if nothing is outstanding now. */
  get allAnswered(): number {
    return this.answers.length - this.asked.length
  }

  /** The shift when only one is left, and each response has a request that is known of. */
  get only(): number | undefined {
    return this.least >= this.most && this.allAnswered <= this.most ? this.most : undefined
  }

  allows(shift: number): boolean {
    return shift >= this.least && shift <= this.most
  }

  answered(answer: Answer<H>): void {
    this.answers.push(answer)
    this.#claim = Math.max(this.#claim, this.allAnswered)
  }

  /** All requests so far are known of, but for `unseen`. False: there are more responses than can be. */
  knowsRequests(unseen: number): boolean {
    this.least = Math.max(this.least, this.#claim - unseen)
    if (this.least <= this.most) this.#claim = Number.NEGATIVE_INFINITY
    return this.least <= this.most
  }

  /** Responses may have been seen before their requests, or be to none. */
  loosen(): void {
    this.least = Math.min(this.least, this.most)
    this.most = Math.max(this.most, this.#claim)
  }

  /** The same, for what comes from here on, with `fewest` to `most` more requests in between, in so many bytes. */
  behindRequests(fewest: number, most: number, bytes = 0): Unsure<H> {
    const outstanding = -this.allAnswered
    const before = this.most + outstanding
    this.refute()
    const least = Math.max(0, this.#claim + outstanding, this.least + outstanding + fewest)
    const behind = new Unsure<H>(least, before + most)
    behind.#hole = { bytes, fewest, before }
    return behind
  }

  /** A request has at least so many bytes. */
  narrow(size: number): void {
    if (!this.#hole) return
    const { bytes, fewest, before } = this.#hole
    this.most = Math.min(this.most, before + Math.max(fewest, Math.floor(bytes / size)))
  }

  /** The same, behind `least` to `most` more responses, of which the first `front` answer requests from before. */
  behindResponses(least: number, most: number, front = 0): Unsure<H> {
    const shift = front - this.answers.length
    this.refute()
    return answeredUnseen(this.asked, this.least + shift - most, this.most + shift - least)
  }

  /** What has waited here is as sure as `shift` is; gives those that still wait for their response, in order. */
  resolve(shift: number): Asked<H>[] {
    const { asked, answers } = this
    answers.forEach((answer, j) => {
      settle(answer, asked[j - shift])
    })
    const next = answers.length - shift
    return next >= 0 ? asked.slice(next) : [...unseen(-next), ...asked]
  }

  /** Nobody will know. */
  refute(): void {
    for (const answer of this.answers) settle(answer, undefined)
  }
}

export const unseen = (count: number): Asked<never>[] =>
  Array.from({ length: Math.min(count, MAX_UNSEEN) }, () => ({ seq: -1, hint: undefined as never }))

/** Of those asked the first were answered unseen: as many as the shift is below 0. */
export function answeredUnseen<H>(asked: readonly Asked<H>[], least: number, most: number): Unsure<H> {
  const surely = Math.min(asked.length, Math.max(0, -most))
  return new Unsure(least + surely, most + surely, asked.slice(surely))
}

function settle<H>(answer: Answer<H>, asked: Asked<H> | undefined): void {
  answer.seq = asked?.seq ?? -1
  answer.certainty = answer.seq < 0 ? 'refuted' : 'sure'
}

/** How many messages of at least `size` bytes may be among so many bytes. */
export function countIn(bytes: number, isBetween: boolean, size: number): readonly [number, number] {
  const least = isBetween && bytes >= LEAST_BYTES ? 1 : 0
  return [least, Math.max(least, Math.floor(bytes / size))]
}

/** The answer to what was asked. */
export function answer<H>({ seq, hint }: { readonly seq: number; readonly hint: H | undefined }): Answer<H> {
  return { seq, hint, certainty: seq < 0 ? 'refuted' : 'sure', done: false, endNs: 0 }
}
