/** The message of one side that is being read. */
import type { Input, Skip } from '../protocol'
import { Decoder, type Message, type Showing } from './decoder'

export class Incoming<About> {
  readonly #decoder: Decoder
  /** What it is; undefined between messages. */
  about: About | undefined
  size = 0
  startNs = 0
  /** Something of what is shown is missing. */
  isCut = false
  /** It is given up, and read to its end. */
  isForgotten = false
  /** Only bytes are counted: a form that isn't known, or what is behind a hole. */
  #isPassing = false
  #isKnown = false
  /** Bytes of its body, and those of them that are still to be passed over. */
  #bodySize = 0
  #left = 0

  constructor(showing: Showing) {
    this.#decoder = new Decoder(showing)
  }

  get held(): number {
    return this.about !== undefined && this.#isKnown && !this.isForgotten ? this.#decoder.held : 0
  }

  get error(): number {
    return this.#isKnown ? this.#decoder.error : 0
  }

  get acks(): number | undefined {
    return this.#isKnown ? this.#decoder.acks : undefined
  }

  get lacksNames(): boolean {
    return this.#isKnown && this.#decoder.lacksNames
  }

  /** Its body as a JSON object. */
  get text(): string {
    return this.#isKnown ? this.#decoder.text : `{"undecoded_bytes":${this.#bodySize}}`
  }

  /** `message`: how its body is read, when that is known. */
  begin(about: About, size: number, bodySize: number, startNs: number, message: Message | undefined): void {
    this.about = about
    this.size = size
    this.startNs = startNs
    this.isCut = this.isForgotten = false
    this.#isKnown = message !== undefined
    this.#isPassing = message === undefined
    this.#left = this.#bodySize = bodySize
    if (message) this.#decoder.begin(message)
  }

  /** 'whole': its last byte was read. */
  read(input: Input): 'whole' | 'need-more' | 'wrong' | Skip {
    if (!this.#isPassing) {
      const progress = this.#decoder.read(input.bytes, input.pos, input.end)
      input.pos = this.#decoder.pos
      return progress
    }
    const skip = this.#left
    this.#left = 0
    return skip > 0 ? { skip } : 'whole'
  }

  /** Takes a hole; false when it reaches behind the message's end. */
  pass(bytes: number): boolean {
    const left = this.#isPassing ? this.#left : this.#decoder.left
    if (this.about === undefined || bytes > left) return false
    if (this.#isPassing || !this.#decoder.pass(bytes)) {
      this.isCut ||= !this.#isPassing
      this.#isPassing = true
      this.#left = left - bytes
    }
    return true
  }

  /** Gives up what it says. */
  forget(): void {
    if (!this.#isPassing) this.#left = this.#decoder.left
    this.#isPassing = this.isForgotten = true
  }

  end(): void {
    this.about = undefined
  }
}
