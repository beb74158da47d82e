/** A request that waits for its answer. */
import type { Waiting } from '../lib/keyed'
import type { RequestHead } from './head'

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 400

export interface Asked {
  readonly head: RequestHead
  readonly body: string
  readonly startNs: number
  readonly isCut: boolean
}

export class Request implements Waiting<number, Request> {
  readonly asked: Asked
  isUnsure = false
  next: Request | undefined

  constructor(asked: Asked) {
    this.asked = asked
  }

  get key(): number {
    return this.asked.head.correlation
  }

  get startNs(): number {
    return this.asked.startNs
  }

  get bytes(): number {
    return REQUEST_BYTES + this.asked.body.length + (this.asked.head.clientId?.length ?? 0)
  }
}
