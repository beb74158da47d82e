/**
 * The body of an answer, proven while it streams: frames of `length u32 (big-endian) · HMAC-SHA-256 · bytes`, each MAC over
 * the number of the question, the frame's own and its bytes. A frame of no bytes ends it, so that none can be left out.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { NixieError } from '../errors'

const LENGTH = 4
const MAC = 32
const HEAD = LENGTH + MAC
/** Most bytes of a frame: the reader holds a frame until it is proven. */
export const MOST_BYTES = 64 << 10

/** RFC 9110 §9.3.2, §15: other responses have no body to prove. */
export const hasBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304

const macOf = (key: string, nonce: string, index: number, bytes: Uint8Array): Buffer =>
  createHmac('sha256', key).update(`body:${nonce}:${index}:`).update(bytes).digest()

/** The side that answers: the same bytes, in frames. */
export function sealBody(
  body: ReadableStream<Uint8Array> | null,
  key: string,
  nonce: string,
): ReadableStream<Uint8Array> {
  let index = 0
  const frame = (bytes: Uint8Array) => {
    const head = Buffer.allocUnsafe(LENGTH)
    head.writeUInt32BE(bytes.length)
    return Buffer.concat([head, macOf(key, nonce, index++, bytes), bytes])
  }
  const sealing = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, out) {
      for (let at = 0; at < bytes.length; at += MOST_BYTES)
        out.enqueue(frame(bytes.subarray(at, at + MOST_BYTES)))
    },
    flush: (out) => out.enqueue(frame(new Uint8Array(0))),
  })
  return (body ?? new Blob([]).stream()).pipeThrough(sealing)
}

const changed = (node: string) =>
  new NixieError(
    'unavailable',
    `What came from node '${node}' is not all that its Nixie said, or was changed on the way`,
    'Ask again; something between the nodes may cut or change what they say.',
  )

/** The side that asked: passes bytes on once they are proven, and throws an error where they are not. */
export function openBody(
  body: ReadableStream<Uint8Array> | null,
  key: string,
  nonce: string,
  node: string,
): ReadableStream<Uint8Array> {
  let held = Buffer.alloc(0)
  /** Not yet behind `held`: joined once there is a whole frame, however small the pieces are. */
  let pieces: Uint8Array[] = []
  let size = 0
  let index = 0
  let isWhole = false
  const opening = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, out) {
      pieces.push(bytes)
      size += bytes.length
      const length = held.length < HEAD ? 0 : held.readUInt32BE(0)
      if (length <= MOST_BYTES && size < HEAD + length) return
      held = Buffer.concat([held, ...pieces])
      pieces = []
      while (held.length >= HEAD) {
        const length = held.readUInt32BE(0)
        if (isWhole || length > MOST_BYTES) throw changed(node)
        if (held.length < HEAD + length) break
        const content = held.subarray(HEAD, HEAD + length)
        if (!timingSafeEqual(held.subarray(LENGTH, HEAD), macOf(key, nonce, index++, content)))
          throw changed(node)
        if (length === 0) isWhole = true
        else out.enqueue(new Uint8Array(content))
        held = held.subarray(HEAD + length)
      }
      size = held.length
    },
    flush() {
      if (!isWhole || size > 0) throw changed(node)
    },
  })
  return (body ?? new Blob([]).stream()).pipeThrough(opening)
}
