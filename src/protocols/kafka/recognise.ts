/** Which bytes are Kafka: a request that has the fields of its version. An answer alone says nothing, as only its request tells what it is. */
import { indexOfByte } from '../lib/bytes'
import type { Head, Recognition } from '../protocol'
import { Decoder, type Message } from './decoder'
import { type RequestHead, requestAt } from './head'
import { NO_TOPICS } from './topics'

/** Bytes that are looked at behind a head. */
const MAX_READ = 4096
/** So many bytes that fit, though not all are there, are no chance: behind a client id, and without one. */
const ENOUGH = 8
const ENOUGH_ALONE = 32
/** A whole message without a client id says too little when it is shorter. */
const LEAST_ALONE = 12

/** Reads nothing but whether a message fits. */
const checker = new Decoder({ limit: 0, redact: false, topics: NO_TOPICS })

/** How many bytes from `pos` on fit the message; Infinity: it is there and fits; -1: it doesn't fit. */
export function fits(message: Message, bytes: Uint8Array, pos: number, end: number): number {
  checker.begin(message)
  const progress = checker.read(bytes, pos, Math.min(end, pos + MAX_READ))
  if (progress === 'wrong') return -1
  return progress === 'whole' ? Number.POSITIVE_INFINITY : checker.pos - pos
}

export const requestOf = ({ form, bytes, size }: RequestHead): Message => ({
  plan: form!.request,
  size: size + 4 - bytes,
  hasTags: form!.isFlexible,
  tellsTopics: false,
})

function judge(bytes: Uint8Array, at: number): Recognition {
  const head = requestAt(bytes, at, bytes.length)
  if (typeof head === 'string') return head
  if (!head.form) return 'no'
  const fitting = fits(requestOf(head), bytes, at + head.bytes, bytes.length)
  if (fitting < 0) return 'no'
  const hasClient = head.clientId !== undefined && head.clientId !== ''
  if (fitting !== Number.POSITIVE_INFINITY)
    return fitting >= (hasClient ? ENOUGH : ENOUGH_ALONE) ? { side: 'client', sure: true } : 'need-more'
  return { side: 'client', sure: hasClient || head.size + 4 - head.bytes >= LEAST_ALONE }
}

export const recognise = ({ bytes }: Head): Recognition => judge(bytes, 0)

/** Places that a search looks at closely, and bytes between two of them. */
const MAX_CANDIDATES = 256

/** The first offset ≥ `from` at which a request begins that is surely one; or -1. */
export function search(bytes: Uint8Array, from: number): number {
  let candidates = 0
  // Sizes below 16 MiB, keys and versions begin with a zero byte.
  for (let at = indexOfByte(bytes, 0, from, bytes.length); at >= 0; ) {
    if (bytes[at + 4] === 0 && bytes[at + 6] === 0) {
      const answer = judge(bytes, at)
      if (typeof answer === 'object' && answer.sure) return at
      if (answer !== 'no' && ++candidates > MAX_CANDIDATES) return -1
    }
    at = indexOfByte(bytes, 0, at + 1, bytes.length)
  }
  return -1
}
