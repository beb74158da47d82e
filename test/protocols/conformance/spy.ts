/** Stands between the reader and a protocol, and notes where a conversation breaks the contract. */
import type {
  Conversation,
  Input,
  Link,
  Opening,
  Protocol,
  Read,
  Side,
  Sink,
} from '../../../src/protocols/protocol'

/** Reads in a row that may use no byte: what ends may become clear only by what follows. */
const MAX_IDLE_READS = 4

/** What went wrong, each thing once. */
export class Problems {
  readonly #texts = new Set<string>()

  add(text: string): void {
    if (this.#texts.size < 20) this.#texts.add(text)
  }

  get all(): string[] {
    return [...this.#texts]
  }
}

class SpiedConversation implements Conversation {
  readonly #inner: Conversation
  readonly #problems: Problems
  #idleReads = 0

  constructor(inner: Conversation, problems: Problems) {
    this.#inner = inner
    this.#problems = problems
  }

  get held(): number {
    const { held } = this.#inner
    if (!(held >= 0 && Number.isFinite(held))) this.#problems.add(`held is ${held}`)
    return held
  }

  get isUndecided(): boolean {
    return this.#inner.isUndecided
  }

  read(side: Side, input: Input): Read {
    const before = input.pos
    const read = this.#inner.read(side, input)
    const { pos, end } = input
    if (!(pos >= before && pos <= end)) this.#problems.add(`read moved from ${before} to ${pos} of ${end}`)
    this.#idleReads = pos > before || !isIdle(read) ? 0 : this.#idleReads + 1
    if (this.#idleReads > MAX_IDLE_READS) this.#problems.add('read goes on without using a byte')
    if (typeof read === 'object') this.#check(read, pos > before)
    return read
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    const at = this.#inner.seek(side, bytes, from)
    if (at !== -1 && !(at >= from && at < bytes.length))
      this.#problems.add(`seek from ${from} gave ${at} of ${bytes.length}`)
    return at
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const isPassed = this.#inner.gap(side, bytes, timeNs)
    if (isPassed && bytes === Number.POSITIVE_INFINITY) this.#problems.add('passed a gap without an end')
    return isPassed
  }

  settle(nowNs: number, final: boolean): void {
    this.#inner.settle(nowNs, final)
    if (!final) return
    if (this.held !== 0) this.#problems.add(`held is ${this.held} after the end`)
    if (this.isUndecided) this.#problems.add('is undecided after the end')
  }

  underWay(nowNs: number, sink: Sink): void {
    this.#inner.underWay?.(nowNs, sink)
  }

  shed(): void {
    this.#inner.shed()
    if (this.held !== 0) this.#problems.add(`held is ${this.held} after shed`)
  }

  #check(read: Exclude<Read, string>, isFurther: boolean): void {
    if ('skip' in read && !(read.skip > 0)) this.#problems.add(`read skips ${read.skip}`)
    if ('invalid' in read && read.bytes !== undefined && !(read.bytes > 0 || (isFurther && read.bytes === 0)))
      this.#problems.add(`read passes over ${read.bytes} bytes that are none`)
  }
}

const isIdle = (read: Read) => read === 'message' || (typeof read === 'object' && 'skip' in read)

/** The same protocol, watched. */
export function spied(protocol: Protocol, problems: Problems): Protocol {
  return Object.create(protocol, {
    open: {
      value: (link: Link, opening?: Opening) => new SpiedConversation(protocol.open(link, opening), problems),
    },
  })
}
