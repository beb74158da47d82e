/**
 * Which request a response answers, on connections where nothing but the order says so (HTTP/1, Redis, …), or hardly anything
 * else.
 *
 * As long as no byte was lost the n-th response answers the n-th request. A loss makes the count unsure:
 *
 * - Requests before a hole in the requests are still answered in order.
 * - Behind a hole a response can only answer the newest request before it, and only if the client doesn't pipeline.
 *   Such a pair is tentative: it holds when the next thing on the connection is a new request or silence (no further
 *   response), and then the count is sure again.
 * - On a connection that pipelines, nothing is paired behind a hole until it has been silent. Two requests in a row show that,
 *   unless responses are missing in between and the two ends have taken turns before.
 * - Where the opening wasn't seen, the first response may itself stand behind a hole that nobody knows of. When requests
 *   that came one by one wait for it, or one is missing among them, it is taken for that.
 * - A response with no request outstanding is nobody's, and means that a request went by unseen.
 */

/** A tentative pair holds when nothing was said for so long. */
const CONFIRM_NS = 100e6
/** More requests than this without a response: nobody answers here, or the responses aren't seen. */
const MAX_OUTSTANDING = 8192
/** A client that has waited so often for a response is taken to do so always, until it is seen not to. */
const MIN_TURNS = 2
/** A connection that pipelines has answered everything when nothing was said for so long. */
const IDLE_NS = 1e9

export type Certainty = 'sure' | 'tentative' | 'refuted'

/** What a response's parser gets to know when the response begins; `seq` is -1 when it is nobody's. */
export interface Answer<H> {
  readonly seq: number
  /** What the request said about its response (in HTTP its method). */
  readonly hint: H | undefined
  certainty: Certainty
  done: boolean
  endNs: number
}

export interface Numbered {
  readonly seq: number
  /** Read to its end, or to where it was cut. */
  readonly done: boolean
}

export interface Answering<H> {
  readonly answer: Answer<H>
  readonly done: boolean
}

/** What becomes of the messages that are taken out of the queues. */
export interface Pairs<Q, P> {
  pair(request: Q, response: P): void
  /** The connection has ended, and it is sure that nobody answered. */
  unanswered(request: Q, nowNs: number): void
  /** Another message has its half, or nobody knows which. */
  drop(message: Q | P): void
}

export class Pairing<H> {
  readonly #isWhole: () => boolean
  /** Hints of the requests [#answered, #asked). */
  #hints: H[] = []
  #asked = 0
  #answered = 0
  /** Requests below are answered in order; Infinity while the count is sure. */
  #sureBelow = Number.POSITIVE_INFINITY
  #pipelines = false
  /** Responses that came before a further request. */
  #turns = 0
  #tentative: Answer<H> | undefined
  #lastNs = 0
  /** How many requests there were when the last hole in them was found. */
  #askedBeforeHole = -1
  /** How many requests there were when the last hole in the responses was found. */
  #askedBeforeLoss = 0
  #responded = false
  #firstNs = 0
  /** When the newest request began. */
  #askedNs = 0

  /** `isWhole`: whether every byte of the connection, from its opening on, is accounted for. */
  constructor(isWhole: () => boolean) {
    this.#isWhole = isWhole
  }

  /** Requests without a response so far. */
  get outstanding(): number {
    return this.#asked - this.#answered
  }

  /** A request's head was read; gives it its number. */
  requestBegins(hint: H, timeNs: number): number {
    if (this.#sureBelow !== Number.POSITIVE_INFINITY) {
      if (this.#tentative) this.#resolve(this.#tentative.done)
      if (this.#pipelines && timeNs - this.#lastNs >= IDLE_NS) this.#restart()
    }
    if (this.#hints.length >= MAX_OUTSTANDING) {
      this.#hints = []
      this.#answered = this.#asked
      this.#sureBelow = this.#asked
    }
    if (this.#asked === 0) this.#firstNs = timeNs
    this.#lastNs = timeNs
    this.#askedNs = timeNs
    this.#hints.push(hint)
    return this.#asked++
  }

  responseBegins(timeNs: number): Answer<H> {
    if (!this.#responded) {
      this.#responded = true
      if (this.#isWhole()) {
        // Nothing went by unseen.
      } else if (this.#askedBeforeHole === this.#asked) this.responseGap(true)
      else if (this.outstanding > 1 && this.#lastNs > this.#firstNs) this.#responsesUnsure()
    }
    this.#lastNs = timeNs
    if (this.#answered < this.#asked && this.#answered < this.#sureBelow) {
      // With no hole in between, a further request that is there already was sent without waiting for this response.
      if (this.#asked - this.#answered > 1) this.#pipelines = true
      else this.#turns++
      return answer(this.#answered++, this.#hints.shift(), 'sure')
    }
    if (this.#sureBelow === Number.POSITIVE_INFINITY) this.#sureBelow = this.#asked
    if (this.#tentative) this.#refute()
    if (this.#answered >= this.#asked) return answer<H>(-1, undefined, 'refuted')
    // Lost responses explain that several requests wait where client and server have taken turns so far.
    const explained = this.#turns >= MIN_TURNS ? this.#askedBeforeLoss : 0
    if (this.#asked - Math.max(this.#answered, explained) > 1) this.#pipelines = true
    const hint = this.#hints.at(-1)
    this.#hints = []
    this.#answered = this.#asked
    // With a hole behind the newest request it may be the answer to one in there.
    if (this.#pipelines || this.#askedBeforeHole === this.#asked) return answer<H>(-1, undefined, 'refuted')
    this.#tentative = answer(this.#asked - 1, hint, 'tentative')
    return this.#tentative
  }

  /** A response begins that says itself which request it answers: those before it have none to come. */
  responseNames({ seq }: Numbered, timeNs: number): Answer<H> {
    this.#responded = true
    this.#lastNs = timeNs
    if (this.#tentative) this.#refute()
    if (seq >= this.#answered) {
      const behind = this.#asked - seq - 1
      this.#hints = this.#hints.slice(this.#hints.length - behind)
      this.#answered = seq + 1
      if (behind > 0) this.#pipelines = true
      // From here on the count is sure again, unless requests went by unseen behind this one.
      this.#sureBelow = this.#askedBeforeHole <= seq ? Number.POSITIVE_INFINITY : seq + 1
    }
    return answer<H>(seq, undefined, 'sure')
  }

  responseEnds(response: Answer<H>, timeNs: number): void {
    response.done = true
    response.endNs = timeNs
    this.#lastNs = timeNs
  }

  requestGap(): void {
    // The response may be to a request in the hole.
    if (this.#tentative) this.#refute()
    this.#askedBeforeHole = this.#asked
    this.requestsUnsure()
  }

  /**
   * `takesAnswer`: the hole has (a part of) the answer to the oldest request, of which nothing was read. Otherwise it begins in
   * an answer, which is still the one that it is.
   */
  responseGap(takesAnswer: boolean): void {
    if (takesAnswer && this.#tentative) this.#refute()
    if (takesAnswer && this.#answered < Math.min(this.#asked, this.#sureBelow)) {
      this.#hints.shift()
      this.#answered++
    } else if (takesAnswer) this.#expectNobody()
    this.#askedBeforeLoss = this.#asked
    this.#responsesUnsure()
  }

  /** The end of a response went by unseen, and others perhaps with it; it is still the answer that it is. */
  responseEndsUnseen(endNs: number): void {
    this.#askedBeforeLoss = this.#asked
    this.#responsesUnsure()
    // What was moved after the next request began isn't of this response but of the next.
    if (this.outstanding > 0 && endNs > this.#askedNs) this.#expectNobody()
  }

  /** An answer that was taken to have ended goes on: when there is a further request, the client didn't wait for its end. */
  responseGoesOn(): void {
    if (this.outstanding === 0) return
    this.#pipelines = true
    this.#expectNobody()
    this.#responsesUnsure()
  }

  requestsUnsure(): void {
    this.#sureBelow = Math.min(this.#sureBelow, this.#asked)
  }

  /** Whether the next response is surely this request's. */
  isNext({ seq }: Numbered): boolean {
    return seq === this.#answered && seq < this.#sureBelow
  }

  /** Whether this request is known to have no response so far. */
  isUnanswered({ seq }: Numbered): boolean {
    return seq >= this.#answered && seq < this.#sureBelow
  }

  /**
   * Takes what belongs together out of the two queues, in order. `final`: the connection has ended; messages that are not done
   * were cut by that, and both queues are empty after.
   */
  take<Q extends Numbered, P extends Answering<H>>(
    requests: Q[],
    responses: P[],
    nowNs: number,
    final: boolean,
    pairs: Pairs<Q, P>,
  ): void {
    if (this.#tentative?.done && (final || nowNs - this.#tentative.endNs >= CONFIRM_NS)) this.#resolve(true)
    let q = 0
    let p = 0
    for (; p < responses.length; p++) {
      const response = responses[p]!
      const { seq, certainty } = response.answer
      if (certainty === 'tentative' && !final) break
      if (certainty !== 'sure') {
        pairs.drop(response)
        continue
      }
      while (q < requests.length && requests[q]!.seq < seq) pairs.drop(requests[q++]!)
      const request = requests[q]
      if (request?.seq !== seq) {
        pairs.drop(response)
        continue
      }
      if (!final && !(request.done && response.done)) break
      q++
      pairs.pair(request, response)
    }
    if (final) {
      for (; q < requests.length; q++) {
        const request = requests[q]!
        if (this.isUnanswered(request)) pairs.unanswered(request, nowNs)
        else pairs.drop(request)
      }
    }
    drop(responses, p)
    drop(requests, q)
  }

  #responsesUnsure(): void {
    this.#sureBelow = Math.min(this.#sureBelow, this.#answered)
  }

  /** Which of the requests were answered isn't known: none of them is waited for. */
  #expectNobody(): void {
    this.#hints = []
    this.#answered = this.#asked
  }

  #settle(holds: boolean): void {
    this.#tentative!.certainty = holds ? 'sure' : 'refuted'
    this.#tentative = undefined
  }

  #resolve(holds: boolean): void {
    this.#settle(holds)
    if (holds && !this.#pipelines) this.#restart()
  }

  #refute(): void {
    this.#settle(false)
  }

  /** Nothing is outstanding: from here on the count is sure. */
  #restart(): void {
    this.#expectNobody()
    this.#sureBelow = Number.POSITIVE_INFINITY
  }
}

function answer<H>(seq: number, hint: H | undefined, certainty: Certainty): Answer<H> {
  return { seq, hint, certainty, done: false, endNs: 0 }
}

function drop(frames: unknown[], count: number): void {
  if (count === frames.length) frames.length = 0
  else if (count > 0) frames.splice(0, count)
}
