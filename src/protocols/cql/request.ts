/** A request that waits for its answer. */
import type { Waiting } from '../lib/keyed'
import type { Body } from './body'
import { FLAG, type Head } from './envelope'
import type { Asked } from './requests'

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 400

interface About {
  /** Its place among all requests of the connection. */
  readonly number: number
  readonly keyspace: string
  readonly startNs: number
  readonly isCut: boolean
}

export class Request implements Waiting<number, Request> {
  /** The stream's id. */
  readonly key: number
  readonly number: number
  readonly opcode: number
  readonly version: number
  readonly isTraced: boolean
  readonly text: string
  readonly consistency: string
  readonly keyspace: string
  readonly payload: string
  readonly startNs: number
  readonly isCut: boolean
  isUnsure = false
  next: Request | undefined

  constructor(head: Head, asked: Asked, { payload }: Pick<Body, 'payload'>, about: About) {
    this.key = head.stream
    this.opcode = head.opcode
    this.version = head.version
    this.isTraced = (head.flags & FLAG.TRACING) !== 0
    this.text = asked.text
    this.consistency = asked.consistency
    this.keyspace = asked.keyspace ?? about.keyspace
    this.payload = payload
    this.number = about.number
    this.startNs = about.startNs
    this.isCut = about.isCut
  }

  get bytes(): number {
    return REQUEST_BYTES + 2 * (this.text.length + this.payload.length)
  }
}
