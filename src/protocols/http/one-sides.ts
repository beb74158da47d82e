import { Body, messagesIn, wholeBodyFacts, wholeBodyText } from '../lib/http/body'
import type { Fields } from '../lib/http/fields'
import { typeOf } from '../lib/protobuf/connection-names'
import type { MessageType } from '../lib/protobuf/descriptors'
import type { Invalid, Leave, Side } from '../protocol'
import type { Dialogue } from './dialogue'
import type { Framed, Messages } from './framing'
import type { HeadPlace } from './head'
import type { HttpMessage } from './types'

/** The messages of one side, as far as requests and responses are alike. */
export abstract class OneSides<M extends HttpMessage> implements Messages {
  /** The message whose head was read, and whose end wasn't reached yet. */
  underWay: M | undefined
  protected readonly dialogue: Dialogue
  readonly #side: Side
  #fields: Fields | undefined

  constructor(dialogue: Dialogue, side: Side) {
    this.dialogue = dialogue
    this.#side = side
  }

  abstract mayStart(bytes: Uint8Array, start: number, end: number): boolean
  abstract isStartLine(line: string): boolean
  abstract isMessage(bytes: Uint8Array): boolean
  abstract begins(head: HeadPlace, startNs: number): Framed | 'interim' | Invalid
  abstract isParked(): boolean
  abstract goesOn(): void

  newBody(): Body {
    return new Body(this.#fields!, this.dialogue.link.settings, this.#type())
  }

  endsWhole(bytes: Uint8Array, start: number, end: number, contentNs: number, endNs: number): void {
    const { settings } = this.dialogue.link
    const message = this.underWay!
    let text = ''
    if (end > start) {
      text = wholeBodyText(bytes, start, end, this.#fields!, settings, this.#type())
      message.facts = wholeBodyFacts(bytes, start, end, this.#fields!, settings)
      message.contentNs = contentNs
    }
    message.messages = messagesIn(bytes, start, end, this.#fields!)
    this.#end(text, end - start, endNs, false)
  }

  ends(body: Body | undefined, endNs: number, hasLostEnd: boolean): void {
    const message = this.underWay!
    message.messages = body?.messages ?? 0
    const text = body?.text() ?? ''
    message.facts = body?.facts(!hasLostEnd) ?? ''
    message.contentNs = body?.firstNs ?? -1
    this.#end(text, body?.size ?? 0, endNs, hasLostEnd)
  }

  next(): Leave | undefined {
    return this.dialogue.next
  }

  protected begun(message: M, fields: Fields): void {
    this.underWay = message
    this.#fields = fields
  }

  /** Tells the pairing. `hasLostEnd`: other messages may have been lost with its end. */
  protected abstract ended(message: M, endNs: number, hasLostEnd: boolean): void

  /** The path that the message asks for, or that the client surely did which it answers; undefined where that isn't known. */
  protected abstract asked(message: M): string | undefined

  /** Of the messages of a procedure call in the content, where it is known. */
  #type(): MessageType | undefined {
    if (!this.#fields!.rpc?.isProto) return undefined
    const path = this.asked(this.underWay!)
    return path === undefined ? undefined : typeOf(this.dialogue.link, path, this.#side)
  }

  #end(body: string, size: number, endNs: number, hasLostEnd: boolean): void {
    const message = this.underWay!
    this.underWay = undefined
    if (hasLostEnd) message.isCut = true
    this.ended(message, endNs, hasLostEnd)
    this.dialogue.ends(message, body, size, endNs)
  }
}
