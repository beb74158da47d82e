/** WebSocket on one connection, or on a stream of HTTP/2: each message of both sides as a row of `websocket_events` (RFC 6455). */
import { bodyText, utf8Text } from '../lib/body-text'
import { redactText } from '../lib/redact'
import type { Conversation, Input, Link, Opening, Read, Side, Sink } from '../protocol'
import { Context } from './deflate'
import { CLOSE, isControl, nameOf, RSV1, TEXT } from './frames'
import { Framing, type Listener, type Message } from './framing'
import { type Agreed, agreedIn } from './opening'
import { boundary } from './recognise'
import { websocketEvents } from './table'

/** A message that takes longer is shown while it runs. */
const LONG_NS = 10e9
/** §7.4.1: what a close frame without a code means. */
const NO_STATUS = 1005
const CODE_BYTES = 2

/** What a message says. */
interface Content {
  readonly body: string
  readonly plainSize: number
}

export class WebsocketConversation implements Conversation, Listener {
  readonly isUndecided = false
  readonly #link: Link
  readonly #agreed: Agreed
  readonly #framings: Readonly<Record<Side, Framing>>
  /** Of each side that compresses, what its messages may refer to. */
  readonly #contexts: Readonly<Record<Side, Context>> | undefined

  constructor(link: Link, opening: Opening | undefined) {
    this.#link = link
    this.#agreed = agreedIn(opening)
    const { rsv, deflating } = this.#agreed
    const framing = (side: Side) => new Framing(side, this, rsv, opening !== undefined)
    this.#framings = { client: framing('client'), server: framing('server') }
    if (deflating)
      this.#contexts = { client: new Context(deflating.client), server: new Context(deflating.server) }
  }

  get held(): number {
    const { client, server } = this.#framings
    const windows = this.#contexts ? this.#contexts.client.held + this.#contexts.server.held : 0
    return client.held + server.held + windows
  }

  read(side: Side, input: Input): Read {
    return this.#framings[side].read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from, this.#agreed.rsv)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framings[side]
    if (framing.pass(bytes, timeNs)) return true
    framing.cut()
    this.#contexts?.[side].loses()
    return false
  }

  unwanted(side: Side): number {
    return this.#framings[side].unwanted
  }

  settle(_nowNs: number, final: boolean): void {
    if (!final) return
    for (const side of ['client', 'server'] as const) {
      this.#framings[side].cut()
      this.#contexts?.[side].forget()
    }
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const side of ['client', 'server'] as const) {
      const message = this.#framings[side].underWay
      if (message && nowNs - message.startNs >= LONG_NS)
        this.#append(sink, side, message, this.#soFar(message), 'running')
    }
  }

  shed(): void {
    for (const side of ['client', 'server'] as const) {
      this.#link.dropped(this.#framings[side].reset())
      this.#contexts?.[side].forget()
    }
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  needs(side: Side, rsv: number): number {
    const { bodyLimit } = this.#link.settings
    if (rsv === 0) return bodyLimit
    return this.#contexts?.[side].needs(bodyLimit) ?? 0
  }

  says(side: Side, message: Message, isCut: boolean): void {
    const content = message.rsv === 0 ? this.#soFar(message) : this.#decompressed(side, message, isCut)
    const outcome = isCut ? (this.#link.goesOn ? 'running' : 'cut') : 'complete'
    this.#append(this.#link.sink, side, message, content, outcome)
  }

  misses(): void {
    this.#link.dropped(1)
  }

  /** What is known of a message that isn't compressed, or not at its end. */
  #soFar({ opcode, rsv, kept, size }: Message): Content {
    if (rsv !== 0) return this.#hidden(size)
    const { bytes } = kept
    const text = opcode === CLOSE ? bytes.subarray(Math.min(CODE_BYTES, bytes.length)) : bytes
    const { bodyLimit } = this.#link.settings
    const shown = isControl(opcode) ? text.subarray(0, bodyLimit) : text
    return {
      body: this.#safe(shown, opcode, opcode === CLOSE ? Math.max(0, size - CODE_BYTES) : size),
      plainSize: size,
    }
  }

  #decompressed(side: Side, { opcode, rsv, kept, size, hasHole }: Message, isCut: boolean): Content {
    const { bodyLimit, decodeBudget } = this.#link.settings
    const context = rsv === RSV1 ? this.#contexts?.[side] : undefined
    const isWhole = !isCut && !hasHole && kept.length === size
    const inflated = context?.next(kept.bytes, isWhole, bodyLimit, decodeBudget)
    if (!inflated) return this.#hidden(size)
    const { head, size: plainSize } = inflated
    return { body: this.#safe(head, opcode, Math.max(plainSize, head.length)), plainSize }
  }

  #hidden(size: number): Content {
    const isShown = this.#link.settings.bodyLimit > 0
    return { body: isShown ? `<${this.#agreed.coding} ${size} bytes>` : '', plainSize: -1 }
  }

  /** Texts, and the reason of a close, are UTF-8 (RFC 6455, 5.5.1 and 5.6). */
  #safe(bytes: Uint8Array, opcode: number, size: number): string {
    const { bodyLimit, redact } = this.#link.settings
    if (bodyLimit === 0 || size === 0) return ''
    const text = opcode === TEXT || opcode === CLOSE ? utf8Text(bytes, size) : bodyText(bytes, size)
    return redact ? redactText(text) : text
  }

  #append(
    sink: Sink,
    sender: Side,
    { opcode, rsv, endNs, size, frames, kept }: Message,
    { body, plainSize }: Content,
    outcome: 'complete' | 'cut' | 'running',
  ): void {
    const { path, host, subprotocol } = this.#agreed
    sink.append(websocketEvents, {
      ...this.#link.connection,
      time_: endNs,
      path,
      host,
      subprotocol,
      sender,
      type: nameOf(opcode),
      body,
      size,
      plain_size: plainSize,
      frames,
      compressed: rsv !== 0,
      close_code: opcode === CLOSE ? codeIn(kept.bytes) : 0,
      outcome,
    })
  }
}

const codeIn = (bytes: Uint8Array): number =>
  bytes.length < CODE_BYTES ? NO_STATUS : (bytes[0]! << 8) | bytes[1]!
