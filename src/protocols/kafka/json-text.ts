/** Fields as JSON, bounded: behind the bound further elements of arrays are counted and not shown. */
import type { Frame } from './frame'
import type { Op } from './schema'

const NOT_MUTED = -1

export class JsonText {
  readonly #limit: number
  /** The depth of the array whose further elements aren't shown. */
  #muted = NOT_MUTED
  /** How many those are. */
  #hidden = 0
  #text = ''

  constructor(limit: number) {
    this.#limit = limit
  }

  begin(): void {
    this.#text = '{'
    this.#muted = NOT_MUTED
  }

  get length(): number {
    return this.#text.length
  }

  get isMuted(): boolean {
    return this.#muted !== NOT_MUTED
  }

  /** Before an element of the array at this depth, which has so many left. */
  mayMute(depth: number, left: number): void {
    if (this.#muted !== NOT_MUTED || this.#text.length <= this.#limit) return
    this.#muted = depth
    this.#hidden = left
  }

  value(frame: Frame, op: Op, text: string): void {
    if (this.#muted !== NOT_MUTED) return
    this.#text += (frame.isFirst ? op.key : `,${op.key}`) + text
    frame.isFirst = false
  }

  close(frame: Frame, depth: number): void {
    if (frame.isHeader) return
    if (this.#muted === depth) {
      this.#muted = NOT_MUTED
      this.#text += `${frame.isFirst ? '' : ','}"<${this.#hidden} more>"`
    }
    if (this.#muted === NOT_MUTED) this.#text += frame.element ? ']' : '}'
  }

  /** What there is, with all that is open closed. */
  closed(frames: readonly Frame[], depth: number, last = ''): string {
    let text = this.#muted === NOT_MUTED ? this.#text + last : this.#text
    const open = this.#muted === NOT_MUTED ? depth : Math.min(depth, this.#muted)
    for (let at = open; at >= 0; at--) {
      const { element, isHeader } = frames[at]!
      if (!isHeader) text += element ? ']' : '}'
    }
    return text
  }

  get text(): string {
    return this.#text
  }
}
