/**
 * The probe on the function that hands out a library's ciphertext (`BIO_write`). Only programs that move the ciphertext themselves need
 * it, but it is hit by all that use the file. So it rests while it is hit often and was of no use, and is back as soon as it
 * may be needed.
 */
import { closeSync } from 'node:fs'
import type { Attachment } from '../../kernel/object'
import type { Place } from './openssl'
import type { Hits, TlsProbe } from './probe'

/** Hits of a second that are worth to be spared, and for how many seconds it has been of no use. */
const OFTEN = 1000
const SECONDS = 3

export class CipherProbe {
  readonly #probe: TlsProbe
  readonly #target: number
  readonly #fd: number
  readonly #places: readonly Place[]
  #attached: readonly Attachment[] = []
  #hits: Hits = { calls: 0, transfers: 0 }
  #useless = 0

  /** @param fd of the file; closed with this */
  constructor(probe: TlsProbe, target: number, fd: number, places: readonly Place[]) {
    this.#probe = probe
    this.#target = target
    this.#fd = fd
    this.#places = places
  }

  get rests(): boolean {
    return this.#attached.length === 0
  }

  /** Returns what refused to attach it. */
  wake(): unknown {
    this.#useless = 0
    if (!this.rests || this.#places.length === 0) return undefined
    const { attached, refused } = this.#probe.attach(this.#target, this.#fd, this.#places)
    this.#attached = attached
    return refused[0]
  }

  /** Each second. */
  settle(): void {
    if (this.rests) return
    const { calls, transfers } = this.#probe.hits(this.#target)
    const isUseless = transfers === this.#hits.transfers && calls - this.#hits.calls >= OFTEN
    this.#hits = { calls, transfers }
    this.#useless = isUseless ? this.#useless + 1 : 0
    if (this.#useless >= SECONDS) this.#rest()
  }

  #rest(): void {
    for (const attachment of this.#attached) attachment.detach()
    this.#attached = []
  }

  close(): void {
    this.#rest()
    closeSync(this.#fd)
  }
}
