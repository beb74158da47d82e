/** A query, or a login, that waits for the end of its answer. */
import type { Block } from './block'

const ASKED_BYTES = 400

export class Asked {
  readonly cmd: 'query' | 'hello'
  readonly text: string
  readonly id: string
  readonly client: string
  readonly startNs: number
  /** '' where no block was seen. */
  method = ''
  blocks = 0
  readRows = 0
  readBytes = 0
  writtenRows = 0
  errorCode = 0
  error = ''
  isAnswered = false
  isCut = false
  #rows = 0
  #told: number | undefined

  constructor(cmd: 'query' | 'hello', text: string, id: string, client: string, startNs: number) {
    this.cmd = cmd
    this.text = text
    this.id = id
    this.client = client
    this.startNs = startNs
  }

  get bytes(): number {
    return ASKED_BYTES + this.text.length + this.error.length
  }

  /** As the server tells, else as they were counted. */
  get rows(): number {
    return this.#told ?? this.#rows
  }

  sends({ rows, method }: Block): void {
    this.#compressedBy(method)
    this.writtenRows += Math.max(0, rows)
  }

  block({ rows, method }: Block, isResult: boolean): void {
    this.isAnswered = true
    this.#compressedBy(method)
    if (!isResult || rows === 0) return
    this.blocks++
    this.#rows += Math.max(0, rows)
  }

  progress(rows: number, bytes: number): void {
    this.isAnswered = true
    this.readRows += rows
    this.readBytes += bytes
  }

  profile(rows: number): void {
    this.#told = rows
  }

  #compressedBy(method: string): void {
    this.method = method === '' ? 'none' : method
  }
}
