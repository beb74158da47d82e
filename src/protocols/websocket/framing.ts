/**
 * Divides one side's bytes into frames, and joins them to messages (RFC 6455 §5). Of a payload only what is needed is copied; the rest is
 * passed over, however long it is.
 */
import { KeptBytes } from '../lib/kept-bytes'
import { type Input, invalid, type Read, type Side } from '../protocol'
import { CONTINUATION, isControl, MAX_CONTROL, readHead, unmask } from './frames'

/** A message, as far as it has come. */
export interface Message {
  readonly opcode: number
  /** The bits of extensions in its first frame. */
  readonly rsv: number
  readonly startNs: number
  /** When the newest of its bytes was moved. */
  endNs: number
  /** Its kept beginning. */
  readonly kept: KeptBytes
  /** Bytes of all its payload so far. */
  size: number
  frames: number
  /** Bytes of it were not captured: what is kept isn't all of it, even if it is as long. */
  hasHole: boolean
}

export interface Listener {
  /** Bytes of such a message that are kept at most. */
  needs(side: Side, rsv: number): number
  /** It has come to its end; `isCut`: or no further byte of it will be seen. */
  says(side: Side, message: Message, isCut: boolean): void
  /** The rest of a message came whose beginning was lost. */
  misses(): void
}

interface Frame {
  readonly opcode: number
  readonly isLast: boolean
  /** The message that it is of; undefined where the beginning of that was lost. */
  readonly message: Message | undefined
  /** Undefined: it isn't masked. */
  readonly key: Uint8Array | undefined
  readonly length: number
  /** Bytes that are still to come. */
  left: number
}

export class Framing {
  readonly #side: Side
  readonly #listener: Listener
  readonly #rsv: number
  #frame: Frame | undefined
  /** A text or binary message whose last frame is still to come. */
  #message: Message | undefined
  /** Messages may have been lost: the next frame may continue one. */
  #isBehindLoss: boolean

  constructor(side: Side, listener: Listener, rsv: number, isWhole: boolean) {
    this.#side = side
    this.#listener = listener
    this.#rsv = rsv
    this.#isBehindLoss = !isWhole
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    const ofControl = this.#frame && this.#frame.message !== this.#message ? this.#frame.message : undefined
    return (this.#message?.kept.held ?? 0) + (ofControl?.kept.held ?? 0)
  }

  /** The message that has begun. */
  get underWay(): Message | undefined {
    return this.#message
  }

  /** Bytes of the current frame that are still to come and won't be kept. */
  get unwanted(): number {
    const frame = this.#frame
    return frame && (frame.message?.kept.isFull ?? true) ? frame.left : 0
  }

  read(input: Input): Read {
    for (;;) {
      const frame = this.#frame
      if (!frame) {
        const begun = this.#begin(input)
        if (begun !== 'go-on') return begun
        continue
      }
      this.#take(frame, input)
      if (frame.left > 0) return 'need-more'
      if (this.#end(frame)) return 'message'
    }
  }

  /** `bytes` are missing here. True when they lie within the current frame. */
  pass(bytes: number, timeNs: number): boolean {
    const frame = this.#frame
    if (!frame || !Number.isFinite(bytes)) return false
    const within = Math.min(bytes, frame.left)
    const { message } = frame
    frame.left -= within
    if (message) {
      message.hasHole ||= within > 0
      message.size += within
      message.kept.close()
      message.endNs = timeNs
    }
    if (bytes === within) return true
    // A message that ended within the hole was sent all the same.
    this.#end(frame)
    return false
  }

  /** No further byte of what is under way will be seen. */
  cut(): void {
    const message = this.#message
    const control = this.#frame?.message
    this.reset()
    if (control && control !== message) this.#listener.says(this.#side, control, true)
    if (message) this.#listener.says(this.#side, message, true)
  }

  /** Gives up what is under way; returns how many messages. */
  reset(): number {
    const messages = new Set([this.#message, this.#frame?.message])
    messages.delete(undefined)
    this.#frame = undefined
    this.#message = undefined
    this.#isBehindLoss = true
    return messages.size
  }

  #begin(input: Input): Read | 'go-on' {
    const { bytes, pos, end } = input
    const head = readHead(bytes, pos, end, this.#side, this.#rsv)
    if (head === 'need-more') return head
    if (head === 'no') return invalid('no frame of WebSocket')
    const { opcode, isLast, rsv, length, keyAt } = head
    // §5.4: extensions mark the first frame of a message.
    const isFirst = opcode !== CONTINUATION
    if (!isFirst && (rsv !== 0 || !(this.#message || this.#isBehindLoss)))
      return invalid('a frame that continues no message')
    // Only control frames may come in between: the end of the message before was never sent.
    if (isFirst && this.#message && !isControl(opcode)) this.cut()
    const timeNs = input.timeAt(pos)
    const message = isFirst ? this.#newMessage(opcode, rsv, timeNs) : this.#message
    if (isFirst && !isControl(opcode)) {
      this.#message = message
      this.#isBehindLoss = false
    }
    if (message) {
      message.frames++
      message.endNs = input.timeAt(head.end - 1)
    }
    const key = keyAt < 0 ? undefined : bytes.slice(keyAt, head.end)
    this.#frame = { opcode, isLast, message, key, length, left: length }
    input.pos = head.end
    return 'go-on'
  }

  #newMessage(opcode: number, rsv: number, startNs: number): Message {
    const most = isControl(opcode) ? MAX_CONTROL : this.#listener.needs(this.#side, rsv)
    const kept = new KeptBytes(most)
    return { opcode, rsv, startNs, endNs: startNs, kept, size: 0, frames: 0, hasHole: false }
  }

  #take(frame: Frame, input: Input): void {
    const take = Math.min(frame.left, input.end - input.pos)
    if (take === 0) return
    const { message, key } = frame
    if (message) {
      const { kept } = message
      const at = kept.length
      const taken = kept.add(input.bytes, input.pos, input.pos + take)
      if (key && taken > 0) unmask(kept.bytes, at, at + taken, key, frame.length - frame.left)
      message.size += take
      message.endNs = input.timeAt(input.pos + take - 1)
    }
    input.pos += take
    frame.left -= take
  }

  /** The frame has ended; true when a message has. */
  #end({ opcode, isLast, message }: Frame): boolean {
    this.#frame = undefined
    if (!isLast) return false
    if (!isControl(opcode)) {
      this.#message = undefined
      this.#isBehindLoss = false
    }
    if (message) this.#listener.says(this.#side, message, false)
    else this.#listener.misses()
    return true
  }
}
