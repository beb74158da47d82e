/**
 * How nodes prove to each other that they hold the cluster's token, which itself is never sent: HMAC-SHA-256 (RFC 2104)
 * over the whole request, with a time and a nonce; the answer's head is proven with the same nonce, its body by
 * `body-proof.ts`.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { NixieError } from '../errors'
import { hasBody, sealBody } from './body-proof'

/** Of a request: `v2 TIME_MS NONCE PROOF`; of an answer: the proof. */
export const PROOF_HEADER = 'nixie-peer'

/** Clocks of a cluster's nodes differ by less. */
export const WINDOW_MS = 60_000
/** Most nonces that are remembered. Only holders of the token can fill this. */
const MOST_NONCES = 50_000

/** Which of a node's clients asks, as a word that says nothing of it: each has its own share at the other node, too. */
export const CLIENT_HEADER = 'nixie-client'

/** Headers that pass between nodes. All others concern one connection, browser or node. */
export const REQUEST_HEADERS = [
  'accept',
  'content-type',
  'hx-request',
  'hx-current-url',
  'hx-target',
  CLIENT_HEADER,
] as const
export const ANSWER_HEADERS = [
  'content-type',
  'cache-control',
  'location',
  'allow',
  'retry-after',
  'nixie-warnings',
  'hx-push-url',
  'hx-replace-url',
  'hx-redirect',
] as const

/** The listed headers that are present. */
export function onlyHeaders(headers: Headers, names: readonly string[]): Headers {
  const only = new Headers()
  for (const name of names) {
    const value = headers.get(name)
    if (value !== null) only.set(name, value)
  }
  return only
}

export interface Question {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The node that is to answer: a proof for one is worth nothing at another. */
  readonly to: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** Each part follows its length, so that different lists give different texts. */
function proofOf(key: string, parts: readonly string[]): string {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(`${Buffer.byteLength(part)}:${part}`)
  return mac.digest('base64url')
}

const listed = (headers: Headers, names: readonly string[]) =>
  names.flatMap((name) => [name, headers.get(name) ?? ''])

function questionProof(key: string, asked: Question, timeMs: string, nonce: string): string {
  const { method, target, to, headers, body } = asked
  const digest = createHash('sha256').update(body).digest('base64url')
  return proofOf(key, [
    'question',
    timeMs,
    nonce,
    to,
    method,
    target,
    digest,
    ...listed(headers, REQUEST_HEADERS),
  ])
}

function answerProof(key: string, nonce: string, status: number, headers: Headers): string {
  return proofOf(key, ['answer', nonce, String(status), ...listed(headers, ANSWER_HEADERS)])
}

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

export interface Proof {
  readonly nonce: string
  readonly header: string
}

export function prove(key: string, asked: Question, nowMs = Date.now()): Proof {
  const nonce = randomBytes(16).toString('base64url')
  return { nonce, header: `v2 ${nowMs} ${nonce} ${questionProof(key, asked, String(nowMs), nonce)}` }
}

/** Whether the answer comes from a holder of the token and belongs to this request. */
export function isProven(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  key: string,
  nonce: string,
): boolean {
  return isSame(headers.get(PROOF_HEADER) ?? '', answerProof(key, nonce, status, headers))
}

const refused = (message: string, hint: string) => new NixieError('unauthorized', message, hint)

/** The side that answers. */
export class Verifier {
  readonly #key: string
  readonly #node: string
  readonly #now: () => number
  readonly #startedMs: number
  /** Nonce → when it may be forgotten, in order of arrival. */
  readonly #seen = new Map<string, number>()

  /** `node`: this one's name. */
  constructor(key: string, node: string, now: () => number = Date.now) {
    this.#key = key
    this.#node = node
    this.#now = now
    this.#startedMs = now()
  }

  /**
   * Returns the request's nonce, for `seal`.
   * @throws NixieError for a request without proof, too old, for another node, or repeated
   */
  check(header: string, asked: Omit<Question, 'to'>): string {
    const [, timeMs, nonce, proof] = /^v2 (\d{1,15}) ([\w-]{22}) ([\w-]{43})$/.exec(header) ?? []
    if (!timeMs || !nonce || !proof) {
      const hint = 'Ask the Nixie of your own node with node=NAME; nodes share a token (--peer-token-file).'
      throw refused('Only other nodes of this cluster are answered here', hint)
    }
    if (!isSame(proof, questionProof(this.#key, { ...asked, to: this.#node }, timeMs, nonce))) {
      const hint = 'All nodes must share one token: restart those that still have another.'
      throw refused(`This is no proof for the Nixie of node '${this.#node}'`, hint)
    }
    const nowMs = this.#now()
    // Requests from before this process's start are refused, since their nonces aren't remembered.
    if (Math.abs(nowMs - Number(timeMs)) > WINDOW_MS || Number(timeMs) < this.#startedMs) {
      const hint = `The clocks of the nodes may differ by ${WINDOW_MS / 1000} s at most: see that they are set.`
      throw refused('This proof is too old or from the future', hint)
    }
    this.#remember(nonce, nowMs)
    return nonce
  }

  /** The same answer to a request of `method`, with its proof. */
  seal(nonce: string, method: string, { body, status, headers }: Response): Response {
    const sealed = new Headers(headers)
    sealed.delete('content-length')
    sealed.set(PROOF_HEADER, answerProof(this.#key, nonce, status, sealed))
    const frames = hasBody(method, status) ? sealBody(body, this.#key, nonce) : null
    return new Response(frames, { status, headers: sealed })
  }

  #remember(nonce: string, nowMs: number): void {
    if (this.#seen.has(nonce)) throw refused('This proof was used before', 'Ask again.')
    for (const [old, untilMs] of this.#seen) {
      if (untilMs > nowMs) break
      this.#seen.delete(old)
    }
    if (this.#seen.size >= MOST_NONCES)
      throw new NixieError('too_many_requests', 'Too many questions of other nodes', 'Ask again in a minute.')
    this.#seen.set(nonce, nowMs + 2 * WINDOW_MS)
  }
}
