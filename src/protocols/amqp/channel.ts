/** What is known of a channel. */
import type { Side } from '../protocol'
import { Confirms } from './confirms'
import type { Content } from './content'

export interface Consumer {
  readonly queue: string
  /** What it gets needs no acknowledgement. */
  readonly noAck: boolean
}

/** Consumers that are remembered of a connection, and the letters of their names. */
const MAX_CONSUMERS = 16 << 10
const MAX_LETTERS = 256 << 10
/** Memory of a channel or a consumer beside its texts. */
const OWN_BYTES = 300
/** Servers allow half as many unless they are told otherwise. */
const MAX_CHANNELS = 4096

export class Channel {
  readonly confirms: Confirms
  readonly contents: Partial<Record<Side, Content>> = {}
  readonly consumers = new Map<string, Consumer>()
  /** The server's Close was an answer: the row of what it answers is that of the close, too. */
  isClosedByAnswer = false

  constructor(isFresh: boolean) {
    this.confirms = new Confirms(isFresh)
  }
}

/** The channels of a connection, bounded in number and memory. */
export class Channels implements Iterable<readonly [id: number, channel: Channel]> {
  readonly #channels = new Map<number, Channel>()
  #consumers = 0
  #letters = 0

  get held(): number {
    return OWN_BYTES * (this.#channels.size + this.#consumers) + 2 * this.#letters
  }

  [Symbol.iterator](): Iterator<readonly [id: number, channel: Channel]> {
    return this.#channels[Symbol.iterator]()
  }

  get(id: number): Channel {
    return this.#channels.get(id) ?? this.open(id, false)
  }

  /** `isFresh`: it is seen from its opening on. */
  open(id: number, isFresh: boolean): Channel {
    const channel = new Channel(isFresh)
    this.close(id)
    this.#channels.set(id, channel)
    if (this.#channels.size > MAX_CHANNELS) {
      const [oldest] = this.#channels.keys()
      this.close(oldest!)
    }
    return channel
  }

  close(id: number): void {
    const channel = this.#channels.get(id)
    if (!channel) return
    this.#channels.delete(id)
    for (const [tag, consumer] of channel.consumers) this.#count(tag, consumer, -1)
  }

  clear(): void {
    this.#channels.clear()
    this.#consumers = 0
    this.#letters = 0
  }

  consumes({ consumers }: Channel, tag: string, consumer: Consumer): void {
    const before = consumers.get(tag)
    if (before) this.#count(tag, before, -1)
    consumers.set(tag, consumer)
    this.#count(tag, consumer, 1)
    if (this.#consumers > MAX_CONSUMERS || this.#letters > MAX_LETTERS) this.#forget()
  }

  #forget(): void {
    for (const { consumers } of this.#channels.values()) consumers.clear()
    this.#consumers = 0
    this.#letters = 0
  }

  #count(tag: string, { queue }: Consumer, sign: 1 | -1): void {
    this.#consumers += sign
    this.#letters += sign * (tag.length + queue.length)
  }
}
