/** A request that has begun: what was seen of its streams so far. */
import { bodyText } from '../lib/body-text'
import { KeptBytes } from '../lib/kept-bytes'
import { redactText, redactUrl } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import { NO_PARAMS, type Params, paramsIn } from './params'
import { beginsAt, contentAt, type Responded, respondedIn } from './response'
import { type Begun, STDERR, STDIN, STDOUT } from './wire'

/** Bytes of parameters, and of the fields of a response, that are read. */
export const MAX_PARAMS = 64 << 10
const MAX_HEAD = 16 << 10
/** Memory of a request beside what it keeps. */
const REQUEST_BYTES = 600

/** The kept beginning of a stream, and its size. */
class Stream {
  size = 0
  readonly kept: KeptBytes

  constructor(limit: number) {
    this.kept = new KeptBytes(limit)
  }

  /** `bytes[start..end)` are the kept part of `size` bytes. */
  take(bytes: Uint8Array, start: number, end: number, size: number): void {
    this.size += size
    this.kept.add(bytes, start, end)
  }
}

export class Request {
  readonly id: number
  readonly begun: Begun
  readonly startNs: number
  readonly stdin: Stream
  readonly stdout: Stream
  readonly stderr: Stream
  isAborted = false
  /** All of it was said. */
  isSaid = false
  /** Bytes of it are missing. */
  isCut = false
  /** Its end may have been lost. */
  isUnsure = false
  /** A later request that has its id may have been lost. */
  isOvertaken = false
  readonly #settings: ProtocolSettings
  #params: KeptBytes | undefined
  #read: Params | undefined
  /** Where the content of the response begins; -1: that isn't known. */
  #contentAt = -1
  #areParamsLost = false

  constructor(id: number, begun: Begun, startNs: number, settings: ProtocolSettings) {
    const { bodyLimit } = settings
    this.id = id
    this.begun = begun
    this.startNs = startNs
    this.#settings = settings
    this.stdin = new Stream(bodyLimit)
    this.stdout = new Stream(MAX_HEAD + bodyLimit)
    this.stderr = new Stream(bodyLimit)
  }

  get held(): number {
    const { stdin, stdout, stderr } = this
    const kept = (this.#params?.held ?? 0) + stdin.kept.held + stdout.kept.held + stderr.kept.held
    return REQUEST_BYTES + kept + (this.#read?.json.length ?? 0)
  }

  get isAnswered(): boolean {
    return this.stdout.size + this.stderr.size > 0
  }

  /** Bytes of the next record of STDOUT that are of interest. */
  get wantedOfStdout(): number {
    const { bodyLimit } = this.#settings
    const most = this.#contentAt < 0 ? MAX_HEAD + bodyLimit : this.#contentAt + bodyLimit
    return Math.max(0, most - this.stdout.kept.length)
  }

  /** More of the stream would be kept. */
  wants(type: number): boolean {
    if (type === STDOUT) return this.wantedOfStdout > 0
    if (type === STDIN) return !this.stdin.kept.isFull
    return type === STDERR ? !this.stderr.kept.isFull : true
  }

  takeParams(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) this.#endParams()
    else if (!this.#read && !this.#areParamsLost) {
      this.#params ??= new KeptBytes(MAX_PARAMS)
      this.#params.add(bytes, start, end)
    }
  }

  takeStdin(bytes: Uint8Array, start: number, end: number, size: number): void {
    if (size === 0) this.isSaid = true
    else this.stdin.take(bytes, start, end, size)
  }

  takeStdout(bytes: Uint8Array, start: number, end: number, size: number): void {
    const { kept } = this.stdout
    if (this.isUnsure && !this.isAnswered && !beginsAt(bytes, start, end)) this.losesAnswered()
    const from = Math.max(0, kept.length - 2)
    this.stdout.take(bytes, start, Math.min(end, start + this.wantedOfStdout), size)
    if (this.#contentAt < 0) this.#contentAt = contentAt(kept.bytes, from)
  }

  /** Bytes of what the web server says are missing: pairs behind them can't be told apart. */
  losesAsked(): void {
    if (this.isSaid) return
    this.isCut = true
    this.stdin.kept.close()
    if (!this.#read) this.#areParamsLost = true
  }

  /** Bytes of some responses are missing. Of one that hadn't begun its beginning tells whether it is whole. */
  mayLoseAnswered(): void {
    this.isUnsure = true
    if (this.isAnswered) this.losesAnswered()
  }

  /** Bytes of the response are missing: what follows isn't shown as what follows the kept ones. */
  losesAnswered(): void {
    this.isCut = true
    this.stdout.kept.close()
    this.stderr.kept.close()
  }

  get params(): Params {
    if (this.#read) return this.#read
    return this.#params ? paramsIn(this.#params.bytes, this.#settings.redact) : NO_PARAMS
  }

  /** Undefined where none has begun. */
  get response(): Responded | undefined {
    const { kept } = this.stdout
    if (kept.length === 0) return undefined
    const isWhole = this.#contentAt >= 0
    const head = isWhole ? kept.bytes.subarray(0, this.#contentAt) : kept.bytes
    return respondedIn(head, isWhole, this.#settings.redact)
  }

  get responseBodySize(): number {
    return this.#contentAt < 0 ? 0 : this.stdout.size - this.#contentAt
  }

  requestBody(contentType: string): string {
    return this.#text(this.stdin.kept.bytes, this.stdin.size, contentType)
  }

  responseBody(contentType: string): string {
    if (this.#contentAt < 0) return ''
    const { bodyLimit } = this.#settings
    const bytes = this.stdout.kept.bytes.subarray(this.#contentAt, this.#contentAt + bodyLimit)
    return this.#text(bytes, this.responseBodySize, contentType)
  }

  get errors(): string {
    return this.#text(this.stderr.kept.bytes, this.stderr.size, '')
  }

  /** Most requests have all of them in one record: what was read of it is kept, and not its bytes. */
  #endParams(): void {
    this.#read = this.params
    this.#params = undefined
  }

  #text(bytes: Uint8Array, size: number, contentType: string): string {
    if (bytes.length === 0) return ''
    const text = bodyText(bytes, size)
    if (!this.#settings.redact) return text
    return contentType.startsWith('application/x-www-form-urlencoded') ? redactUrl(text) : redactText(text)
  }
}
