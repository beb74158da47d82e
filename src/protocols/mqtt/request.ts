/** A packet that waits for its answer. */
import type { Waiting } from '../lib/keyed'
import type { Side } from '../protocol'
import {
  CONNACK,
  CONNECT,
  PUBACK,
  PUBCOMP,
  PUBLISH,
  PUBREC,
  SUBACK,
  SUBSCRIBE,
  UNSUBACK,
  UNSUBSCRIBE,
} from './packet'
import type { Details } from './requests'

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 500

export interface Asked {
  readonly type: number
  readonly packetId: number
  readonly topic: string
  readonly qos: number
  readonly flags: number
  readonly req: Details
  readonly payload: string
  readonly payloadSize: number
  readonly startNs: number
  /** A part of what is shown is missing. */
  readonly isCut: boolean
}

export class Request implements Waiting<number, Request> {
  readonly asked: Asked
  readonly asker: Side
  readonly req: string
  /** A PUBLISH of QoS 2 has had its PUBREC. */
  isReceived = false
  isUnsure = false
  next: Request | undefined

  constructor(asker: Side, asked: Asked) {
    this.asker = asker
    this.asked = asked
    this.req = JSON.stringify(asked.req)
  }

  get key(): number {
    return this.asked.packetId
  }

  get startNs(): number {
    return this.asked.startNs
  }

  get bytes(): number {
    return REQUEST_BYTES + this.req.length + this.asked.payload.length + this.asked.topic.length
  }

  get hasAnswer(): boolean {
    const { type, qos } = this.asked
    return type === PUBLISH ? qos > 0 : ANSWERS[type] !== undefined
  }

  isAnsweredBy(type: number): boolean {
    const { type: own, qos } = this.asked
    if (own !== PUBLISH) return ANSWERS[own] === type
    return qos === 1 ? type === PUBACK : type === PUBREC || type === PUBCOMP
  }
}

const ANSWERS: Readonly<Record<number, number>> = {
  [CONNECT]: CONNACK,
  [SUBSCRIBE]: SUBACK,
  [UNSUBSCRIBE]: UNSUBACK,
}
