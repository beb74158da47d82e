/** A method with its content, and one that waits for its answer. */
import { bodyText } from '../lib/body-text'
import type { Waiting } from '../lib/keyed'
import { redactText } from '../lib/redact'
import type { ProtocolSettings, Side } from '../protocol'
import type { Args } from './arguments'
import { keyOf, type Method } from './methods'

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 500

/** What a method and its content say. */
export interface Said {
  readonly method: Method
  readonly args: Args
  /** As JSON. */
  readonly text: string
  /** -1: it has no content. */
  readonly bodySize: number
  /** A part of what is shown is missing. */
  readonly isCut: boolean
  readonly startNs: number
  readonly endNs: number
}

/** The body's kept beginning, and the properties. */
export interface Contents {
  readonly properties: Args
  readonly size: number
  readonly bytes: Uint8Array
}

export function messageText(
  args: Args,
  { properties, size, bytes }: Contents,
  settings: ProtocolSettings,
): string {
  const { bodyLimit, redact } = settings
  const text = bodyText(bytes.subarray(0, bodyLimit), size)
  return JSON.stringify({ ...args, properties, body_size: size, body: redact ? redactText(text) : text })
}

export const textArg = (args: Args, name: string): string => {
  const value = args[name]
  return typeof value === 'string' ? value : ''
}
export const numberArg = (args: Args, name: string): number => {
  const value = args[name]
  return typeof value === 'number' ? value : 0
}

/** Holes in what each side said before. */
export type Holes = Readonly<Record<Side, number>>

export class Request implements Waiting<number, Request> {
  readonly asker: Side
  readonly channel: number
  readonly said: Said
  /** By which a message is acknowledged; 0 for what isn't one. */
  readonly tag: number
  /** Of the consumer. */
  readonly queue: string
  /** Whether an acknowledgement is due isn't known. */
  readonly isOpen: boolean
  readonly holes: Holes
  isUnsure = false
  next: Request | undefined

  constructor(
    asker: Side,
    channel: number,
    said: Said,
    holes: Holes,
    { tag = 0, queue = '', isOpen = false }: { tag?: number; queue?: string; isOpen?: boolean } = {},
  ) {
    this.asker = asker
    this.channel = channel
    this.said = said
    this.holes = holes
    this.tag = tag
    this.queue = queue || textArg(said.args, 'queue')
    this.isOpen = isOpen
  }

  get key(): number {
    return this.channel
  }

  get startNs(): number {
    return this.said.startNs
  }

  get bytes(): number {
    return REQUEST_BYTES + 2 * this.said.text.length
  }

  isAnsweredBy({ classId, methodId }: Method): boolean {
    return this.said.method.answers.includes(keyOf(classId, methodId))
  }

  /** Its answer may be one to a request that was lost: both sides had holes since. */
  isDoubtful(now: Holes): boolean {
    return now.client > this.holes.client && now.server > this.holes.server
  }
}
