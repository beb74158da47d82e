/**
 * The requests of a connection that have begun and not ended, by id. An id is used again as soon as its request has ended: of two that have
 * it the older one ends first. Their number and their memory are bounded; the oldest leave first.
 */
import type { Request } from './request'

const MAX_REQUESTS = 256
const MAX_BYTES = 2 << 20

export class OpenRequests {
  readonly #open: Request[] = []
  readonly #drop: (request: Request) => void
  #held = 0

  /** `drop` is told of each that leaves before its end. */
  constructor(drop: (request: Request) => void) {
    this.#drop = drop
  }

  get held(): number {
    return this.#held
  }

  get all(): readonly Request[] {
    return this.#open
  }

  begin(request: Request): void {
    // An older one under its id has ended: that was lost.
    for (const other of this.#open.filter(({ id, isUnsure }) => id === request.id && isUnsure))
      this.#dropOne(other)
    this.#open.push(request)
    this.#held += request.held
    if (this.#open.length > MAX_REQUESTS) this.#dropOldest()
  }

  /** What the web server says is of the newest request under an id. */
  newest(id: number): Request | undefined {
    return this.#open.findLast((request) => request.id === id)
  }

  /** What the application says is of the oldest one. */
  oldest(id: number): Request | undefined {
    return this.#open.find((request) => request.id === id)
  }

  /** Lets a request take something, and counts the memory that it takes. */
  change(request: Request, take: (request: Request) => void): void {
    const before = request.held
    take(request)
    this.#held += request.held - before
    while (this.#held > MAX_BYTES) this.#dropOldest()
  }

  end(request: Request): void {
    this.#held -= request.held
    this.#open.splice(this.#open.indexOf(request), 1)
  }

  /** Bytes of the web server's side were lost: requests too, perhaps. */
  askedLost(): void {
    for (const request of [...this.#open]) {
      request.losesAsked()
      request.isOvertaken = true
      if (request.isUnsure) this.#dropOne(request)
    }
  }

  /** Bytes of the application's side were lost, ends too, perhaps: of two requests under an id only the newer one can still be answered. */
  answeredLost(): void {
    for (const request of [...this.#open]) {
      request.mayLoseAnswered()
      if (request.isOvertaken || this.newest(request.id) !== request) this.#dropOne(request)
    }
  }

  /** Takes out all. */
  takeAll(): Request[] {
    this.#held = 0
    return this.#open.splice(0)
  }

  #dropOldest(): void {
    this.#dropOne(this.#open[0]!)
  }

  #dropOne(request: Request): void {
    this.end(request)
    this.#drop(request)
  }
}
