/** Memcached on one connection: its first byte tells whether it is text or binary. */
import {
  type Conversation,
  type Input,
  invalid,
  type Link,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import { BinaryConversation } from './binary'
import { boundary as packetBoundary, REQUEST, RESPONSE } from './packet'
import { mayBecomeAnswer, mayBecomeCommand, boundary as textBoundary } from './recognise-text'
import { TextConversation } from './text'

export class MemcachedConversation implements Conversation {
  readonly #link: Link
  #inner: Conversation | undefined

  constructor(link: Link) {
    this.#link = link
  }

  get held(): number {
    return this.#inner?.held ?? 0
  }

  read(side: Side, input: Input): Read {
    if (input.pos === input.end) return 'need-more'
    this.#inner ??= this.#begun(side, input)
    return this.#inner?.read(side, input) ?? invalid('neither text nor a packet of Memcached')
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    if (this.#inner) return this.#inner.seek(side, bytes, from)
    const [text, packet] = [textBoundary(side, bytes, from), packetBoundary(side, bytes, from)]
    return text < 0 || (packet >= 0 && packet < text) ? packet : text
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    return this.#inner?.gap(side, bytes, timeNs) ?? false
  }

  passOver(timeNs: number, begins: boolean, counted: number | undefined): void {
    this.#inner?.passOver?.(timeNs, begins, counted)
  }

  get unsure(): number {
    return this.#inner?.unsure ?? 0
  }

  get isUndecided(): boolean {
    return this.#inner?.isUndecided ?? false
  }

  unwanted(side: Side): number {
    return this.#inner?.unwanted?.(side) ?? 0
  }

  settle(nowNs: number, final: boolean): void {
    this.#inner?.settle(nowNs, final)
  }

  underWay(nowNs: number, sink: Sink): void {
    this.#inner?.underWay?.(nowNs, sink)
  }

  shed(): void {
    this.#inner?.shed()
  }

  #begun(side: Side, { bytes, pos, end }: Input): Conversation | undefined {
    const first = bytes[pos]!
    if (first === REQUEST || first === RESPONSE) return new BinaryConversation(this.#link)
    const isText = side === 'client' ? mayBecomeCommand(bytes, pos, end) : mayBecomeAnswer(bytes, pos, end)
    return isText ? new TextConversation(this.#link) : undefined
  }
}
