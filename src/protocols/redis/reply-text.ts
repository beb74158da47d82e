/**
 * The text of a value while it is read: a string, number or error as it is, and JSON for anything with values in it. It has an end: what
 * it has no room for is counted, and `…` stands for it.
 */
import { REDACTED } from '../lib/redact'
import { secretsBehind } from './secrets'

/** What stands for nothing, outside of JSON. */
export const NULL_TEXT = '<NULL>'
const MORE = '…'

interface Frame {
  readonly isMap: boolean
  /** Nothing in it is shown. */
  readonly isHidden: boolean
  /** Values so far, and how many of them aren't shown. */
  values: number
  omitted: number
  /** So many of the next values are secrets. */
  secrets: number
}

export class ReplyText {
  #text = ''
  #room: number
  readonly #redact: boolean
  readonly #frames: Frame[] = []

  constructor(limit: number, redact: boolean) {
    this.#room = limit
    this.#redact = redact
  }

  /** How much of a string may be kept. */
  get room(): number {
    return Math.max(0, this.#isHidden ? 0 : this.#room)
  }

  get held(): number {
    return 2 * this.#text.length + 64 * this.#frames.length
  }

  /** What was said so far; values that are not at their end are closed. */
  get text(): string {
    let text = this.#text
    for (let i = this.#frames.length - 1; i >= 0; i--) text += closing(this.#frames[i]!)
    return text
  }

  /** Of what follows nothing is shown: something is missing that may tell what a secret is. */
  end(): void {
    this.#room = 0
  }

  /** A string, or an error with its sign. */
  string(text: string): void {
    const { length } = this.#frames
    if (length === 0) {
      this.#text = text
      return
    }
    const frame = this.#frames[length - 1]!
    const isName = frame.values % 2 === 0
    const isHidden = frame.secrets > 0
    this.#value(JSON.stringify(text), true)
    if (this.#redact && !isHidden) frame.secrets = secretsBehind(text, isName)
  }

  /** A number, true, false or null, as JSON has it. */
  literal(text: string): void {
    if (this.#frames.length === 0) this.#text = text === 'null' ? NULL_TEXT : text
    else this.#value(text, false)
  }

  open(isMap: boolean): void {
    const frame = this.#frames.at(-1)
    const isName = frame?.isMap === true && frame.values % 2 === 0
    const isShown = frame === undefined || this.#begins(frame)
    const isSecret = frame !== undefined && frame.secrets > 0
    const isHidden = !isShown || isName || isSecret
    if (!isHidden) this.#add(isMap ? '{' : '[')
    // A name in JSON is a string.
    else if (isShown) this.#add(JSON.stringify(isName ? MORE : REDACTED))
    if (isSecret) frame.secrets--
    this.#frames.push(newFrame(isMap, isHidden))
  }

  close(): void {
    const frame = this.#frames.pop()
    if (frame && !frame.isHidden) this.#text += closing(frame)
  }

  get #isHidden(): boolean {
    return this.#frames.at(-1)?.isHidden ?? false
  }

  #value(json: string, isString: boolean): void {
    const frame = this.#frames.at(-1)!
    const isName = frame.isMap && frame.values % 2 === 0
    const isSecret = frame.secrets > 0
    if (isSecret) frame.secrets--
    if (!this.#begins(frame)) return
    const text = isSecret ? JSON.stringify(REDACTED) : json
    this.#add(isName && !isString ? JSON.stringify(text) : text)
  }

  /** Counts a value, and writes what stands before it; false where it isn't shown. */
  #begins(frame: Frame): boolean {
    const at = frame.values++
    if (frame.isHidden) return false
    const isValue = frame.isMap && at % 2 === 1
    if (this.#room <= 0 && !(isValue && frame.omitted === 0)) {
      frame.omitted++
      return false
    }
    if (isValue) this.#text += ':'
    else if (at > 0) this.#text += ','
    return true
  }

  #add(text: string): void {
    this.#text += text
    this.#room -= text.length
  }
}

const newFrame = (isMap: boolean, isHidden: boolean): Frame => ({
  isMap,
  isHidden,
  values: 0,
  omitted: 0,
  secrets: 0,
})

function closing({ isMap, isHidden, values, omitted }: Frame): string {
  if (isHidden) return ''
  const sign = values > omitted ? ',' : ''
  if (!isMap) return omitted > 0 ? `${sign}"${MORE} ${omitted} more"]` : ']'
  if (omitted > 0) return `${sign}"${MORE}":"${Math.ceil(omitted / 2)} more"}`
  // Cut behind a name.
  return values % 2 === 1 ? ':null}' : '}'
}
