/** A command that waits for its answers. */
import type { Waiting } from '../lib/keyed'
import type { Found } from './found'

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 500

/** What one side said, as it is shown. */
export interface Shown {
  readonly text: string
  /** Bytes of the message, decompressed. */
  readonly size: number
  readonly found: Found
  readonly isCut: boolean
}

export class Request implements Waiting<number, Request> {
  readonly key: number
  readonly shown: Shown
  readonly compression: string
  readonly startNs: number
  isUnsure = false
  next: Request | undefined
  /** The first of its answers, with the counts of all. */
  answer: Shown | undefined
  answers = 0
  answerBytes = 0
  isCut: boolean
  /** The last answer's id, while another one is to come. */
  lastAnswer: number | undefined

  constructor(key: number, shown: Shown, compression: string, startNs: number) {
    this.key = key
    this.shown = shown
    this.compression = compression
    this.startNs = startNs
    this.isCut = shown.isCut
  }

  get bytes(): number {
    return REQUEST_BYTES + this.shown.text.length
  }

  answered(answer: Shown): void {
    this.answers++
    this.answerBytes += answer.size
    this.isCut ||= answer.isCut
    if (!this.answer) {
      this.answer = answer
      return
    }
    const { found } = this.answer
    found.documents += answer.found.documents
    found.n += answer.found.n
    found.modified += answer.found.modified
    found.hasErrors ||= answer.found.hasErrors
    if (answer.found.ok === false) found.ok = false
    if (found.code === 0) found.code = answer.found.code
    if (found.text === '') found.text = answer.found.text
  }
}
