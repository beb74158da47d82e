/** Requests and responses that wait, each in order, and which of them belong together. */
import type { Answer } from './unsure'

export interface Numbered {
  readonly seq: number
  /** Read to its end, or to where it was cut. */
  readonly done: boolean
}

export interface Answering<H> {
  readonly answer: Answer<H>
  readonly done: boolean
}

/** Receives the messages that are taken out of the queues. */
export interface Pairs<Q, P> {
  pair(request: Q, response: P): void
  /** The connection has ended, and the request surely has no answer. */
  unanswered(request: Q, nowNs: number): void
  /** Its other half was lost, or it isn't known which message that is. */
  drop(message: Q | P): void
}

/**
 * Takes what belongs together out of the two queues, in order. `final`: messages that are not done were cut by the end of the
 * connection, and no response is left after.
 */
export function takePairs<H, Q extends Numbered, P extends Answering<H>>(
  requests: Q[],
  responses: P[],
  final: boolean,
  pairs: Pairs<Q, P>,
): void {
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
  drop(responses, p)
  drop(requests, q)
}

function drop(frames: unknown[], count: number): void {
  if (count === frames.length) frames.length = 0
  else if (count > 0) frames.splice(0, count)
}
