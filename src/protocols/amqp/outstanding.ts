/**
 * Messages that wait for their acknowledgement: of a channel each has a number, counted from 1 on, and one acknowledgement may be for all
 * up to its own (`multiple`). They are bounded in number and in bytes; the oldest leave first.
 */
import type { Request } from './request'

const MAX_REQUESTS = 4096
const MAX_BYTES = 2 << 20

export class Outstanding {
  /** In the order in which they were sent. */
  readonly #all = new Set<Request>()
  readonly #channels = new Map<number, Map<number, Request>>()
  readonly #evicted: (request: Request) => void
  #held = 0
  /** Those of which it isn't known whether they will have one. */
  #open = 0

  /** `evicted` is given those for which there is no room. */
  constructor(evicted: (request: Request) => void) {
    this.#evicted = evicted
  }

  get held(): number {
    return this.#held
  }

  get size(): number {
    return this.#all.size
  }

  get hasOpen(): boolean {
    return this.#open > 0
  }

  add(request: Request): void {
    const tags = this.#channels.get(request.channel) ?? new Map<number, Request>()
    this.#channels.set(request.channel, tags)
    const before = tags.get(request.tag)
    if (before) this.#leave(before)
    tags.set(request.tag, request)
    // The last of a channel took its map with it.
    this.#channels.set(request.channel, tags)
    this.#all.add(request)
    this.#held += request.bytes
    if (request.isOpen) this.#open++
    while (this.#all.size > MAX_REQUESTS || this.#held > MAX_BYTES) {
      const [oldest] = this.#all
      this.#leave(oldest!)
    }
  }

  /** Takes out what the acknowledgement is for; with the number 0 and `multiple` all of the channel. */
  take(channel: number, tag: number, multiple: boolean): Request[] {
    const tags = this.#channels.get(channel)
    if (!tags) return []
    if (!multiple) {
      const request = tags.get(tag)
      return request ? [this.#remove(request)] : []
    }
    const taken: Request[] = []
    for (const request of tags.values())
      if (tag === 0 || request.tag <= tag) taken.push(request)
      else break
    for (const request of taken) this.#remove(request)
    return taken
  }

  takeChannel(channel: number): Request[] {
    return this.take(channel, 0, true)
  }

  takeAll(): Request[] {
    const all = [...this.#all]
    for (const request of all) this.#remove(request)
    return all
  }

  /** Takes out those sent at `beforeNs` or earlier of which it isn't known whether they will have an acknowledgement. */
  takeOpen(beforeNs: number): Request[] {
    const taken: Request[] = []
    for (const request of this.#all) {
      if (request.startNs > beforeNs) break
      if (request.isOpen) taken.push(this.#remove(request))
    }
    return taken
  }

  /** Those sent at `beforeNs` or earlier whose acknowledgement is surely still to come, oldest first. */
  *since(beforeNs: number): Iterable<Request> {
    for (const request of this.#all) {
      if (request.startNs > beforeNs) return
      if (!request.isUnsure && !request.isOpen) yield request
    }
  }

  /** Acknowledgements may have been lost. */
  answersLost(): void {
    for (const request of this.#all) request.isUnsure = true
  }

  #leave(request: Request): void {
    this.#evicted(this.#remove(request))
  }

  #remove(request: Request): Request {
    this.#all.delete(request)
    this.#held -= request.bytes
    if (request.isOpen) this.#open--
    const tags = this.#channels.get(request.channel)
    tags?.delete(request.tag)
    if (tags?.size === 0) this.#channels.delete(request.channel)
    return request
  }
}
