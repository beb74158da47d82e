/**
 * The messages since bytes were lost that held an unknown number of requests, or of responses.
 *
 * One number, the shift, tells which response belongs to which request: response number `j` since then answers request `j − shift`.
 * A request number below 0 means an earlier request, or a lost one; a negative shift means that the answers to the first requests
 * were lost. Everything that becomes known narrows the range of the shift; when one value is left, it holds for all that waits here.
 */

/** `GET / HTTP/1.1` and `HTTP/1.1 200` with an empty line, without carriage returns: no message is shorter. */
export const LEAST_BYTES = 14

/** Lost bytes: how many, whether they begin where a message begins, and when the bytes after them were moved. */
export interface Hole {
  readonly bytes: number
  readonly isBetween: boolean
  readonly timeNs: number
}

/** A number that isn't known. */
export const ANY: Hole = { bytes: Number.POSITIVE_INFINITY, isBetween: false, timeNs: 0 }

export type Certainty = 'sure' | 'tentative' | 'refuted'

/** Told to a response's parser when the response begins; `seq` is -1 when its request is lost, or not known yet. */
export interface Answer<H> {
  seq: number
  /** What the request tells about its response (in HTTP its method). `tentative`: it is the likeliest request. */
  readonly hint: H | undefined
  certainty: Certainty
  done: boolean
  endNs: number
}

/** A request that was sent; a lost one has the number -1. */
export interface Asked<H> {
  readonly seq: number
  readonly hint: H | undefined
}

/** A silence after which everything was answered. */
export interface Quiet {
  /** The shift that follows from it; undefined when there may be responses that no request asked for. */
  readonly shift: number | undefined
  /** How many requests had been sent by then. */
  readonly asked: number
  /** A request came after it. */
  isAsked: boolean
  readonly silence: number
}

/** Responses, or requests, that were counted without being seen. */
const MAX_UNSEEN = 1024

export class Unsure<H> {
  readonly asked: Asked<H>[]
  /** Responses since then. */
  readonly answers: Answer<H>[] = []
  /** The shift is between these. */
  least: number
  most: number
  /** Responses since then, as long as each came after one request of its own. */
  turns = 0
  /** Every response came after a request of its own, except those before the first request. */
  isRegular = true
  /**
   * A response never begins before its request, so the shift is no smaller than this, unless a request was in a hole that
   * isn't noticed yet; the next request tells that.
   */
  #claim: number
  /** The hole in the requests before it, as long as its bytes may have room for fewer requests than assumed. */
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

  /** The shift when only one value is left and each response has a known request. */
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

  /** All requests so far are known, except `unseen`. False: there are more responses than are possible. */
  knowsRequests(unseen: number): boolean {
    this.least = Math.max(this.least, this.#claim - unseen)
    if (this.least <= this.most) this.#claim = Number.NEGATIVE_INFINITY
    return this.least <= this.most
  }

  /** Responses may have been seen before their requests, or belong to none. */
  loosen(): void {
    this.least = Math.min(this.least, this.most)
    this.most = Math.max(this.most, this.#claim)
  }

  /** A copy for the messages from here on, after `fewest` to `most` more requests in so many bytes. */
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

  /** A copy after `least` to `most` more responses, the first `front` of which answer earlier requests. */
  behindResponses(least: number, most: number, front = 0): Unsure<H> {
    const shift = front - this.answers.length
    this.refute()
    return answeredUnseen(this.asked, this.least + shift - most, this.most + shift - least)
  }

  /** Pairs the messages that waited here by `shift`; returns the requests that still wait for their response, in order. */
  resolve(shift: number): Asked<H>[] {
    const { asked, answers } = this
    answers.forEach((answer, j) => {
      settle(answer, asked[j - shift])
    })
    const next = answers.length - shift
    return next >= 0 ? asked.slice(next) : [...unseen(-next), ...asked]
  }

  /** It will never be known: gives all of them up. */
  refute(): void {
    for (const answer of this.answers) settle(answer, undefined)
  }
}

export const unseen = (count: number): Asked<never>[] =>
  Array.from({ length: Math.min(count, MAX_UNSEEN) }, () => ({ seq: -1, hint: undefined as never }))

/** The answers to the first requests were lost: as many as the shift is below 0. */
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

/** Makes the answer to a request. */
export function answer<H>({ seq, hint }: { readonly seq: number; readonly hint: H | undefined }): Answer<H> {
  return { seq, hint, certainty: seq < 0 ? 'refuted' : 'sure', done: false, endNs: 0 }
}
