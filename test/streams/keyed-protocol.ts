/**
 * A protocol for tests that can all that takes a key or goes one way:
 *
 *     ?key text    a request           &key text    goes on with it        !key text    its response
 *     >text        one-way             *text        pushed, or a greeting  ~text        a ping, without a record
 */
import type {
  Conversation,
  Head,
  Input,
  Link,
  Protocol,
  Read,
  Recognition,
  Side,
  Sink,
} from '../../src/protocols/protocol'
import { defineTable, int, string, time, upid } from '../../src/records/table'

const LF = 10
const MARKS: Readonly<Record<Side, string>> = { client: '?&>~', server: '!*~' }
const MAX_WAITING = 1000
const REQUEST_BYTES = 64
/** A request is shown when it has waited for so long. */
export const SHOWN_NS = 5e9

export const keyedTable = defineTable('keyed', 'Requests with their responses', {
  time_: time('When the response was read'),
  upid: upid('Who owns the traced end'),
  remote_port: int('Port of the other end'),
  request: string('What was asked, or said one way'),
  response: string('What was answered, or pushed'),
  outcome: string('complete, waiting, unanswered'),
  latency: int('From request to response'),
})

export interface Request {
  text: string
  readonly startNs: number
  /** Parts that it came in. */
  parts: number
}

export class Keyed implements Conversation {
  isUndecided = false
  readonly link: Link
  readonly waiting = new Map<string, Request>()

  constructor(link: Link) {
    this.link = link
  }

  get held(): number {
    let held = 0
    for (const { text } of this.waiting.values()) held += REQUEST_BYTES + text.length
    return held
  }

  read(side: Side, input: Input): Read {
    const end = input.bytes.indexOf(LF, input.pos)
    if (end < 0 || end >= input.end) return 'need-more'
    const line = Buffer.from(input.bytes.subarray(input.pos, end)).toString('latin1')
    if (line === '' || !MARKS[side].includes(line[0]!)) return { invalid: `no line of a ${side}` }
    const timeNs = input.timeAt(end)
    input.pos = end + 1
    this.takes(line[0]!, this.redacted(line.slice(1)), timeNs)
    return 'message'
  }

  takes(mark: string, text: string, timeNs: number): void {
    const space = text.indexOf(' ')
    const key = text.slice(0, Math.max(0, space))
    if (mark === '?') this.asks(key, text, timeNs)
    else if (mark === '&') this.goesOn(key, text.slice(space))
    else if (mark === '!') this.answers(key, text, timeNs)
    else if (mark === '>') this.emit({ request: text, response: '', startNs: timeNs }, 'complete', timeNs)
    else if (mark === '*') this.emit({ request: '', response: text, startNs: timeNs }, 'complete', timeNs)
  }

  asks(key: string, text: string, timeNs: number): void {
    this.giveUp(key)
    this.waiting.set(key, { text, startNs: timeNs, parts: 1 })
    if (this.waiting.size > MAX_WAITING) this.giveUp(this.waiting.keys().next().value!)
  }

  goesOn(key: string, text: string): void {
    const request = this.waiting.get(key)
    if (!request) this.link.dropped(1)
    else {
      request.text += text
      request.parts++
    }
  }

  giveUp(key: string): void {
    this.link.dropped(this.waiting.get(key)?.parts ?? 0)
    this.waiting.delete(key)
  }

  answers(key: string, response: string, timeNs: number): void {
    const request = this.waiting.get(key)
    this.waiting.delete(key)
    if (!request) this.link.dropped(1)
    else this.emit({ request: request.text, response, startNs: request.startNs }, 'complete', timeNs)
  }

  redacted(text: string): string {
    return text.replace(/pass:\S*/g, 'pass:…')
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++)
      if (MARKS[side].includes(String.fromCharCode(bytes[at]!))) return at
    return -1
  }

  gap(_side: Side, _bytes: number, _timeNs: number): boolean {
    return false
  }

  settle(nowNs: number, final: boolean): void {
    if (!final) return
    for (const { text, startNs } of this.waiting.values())
      this.emit({ request: text, response: '', startNs }, 'unanswered', nowNs)
    this.waiting.clear()
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const { text, startNs } of this.waiting.values())
      if (nowNs - startNs >= SHOWN_NS)
        this.emit({ request: text, response: '', startNs }, 'waiting', nowNs, sink)
  }

  shed(): void {
    for (const key of this.waiting.keys()) this.giveUp(key)
  }

  emit(
    { request, response, startNs }: { request: string; response: string; startNs: number },
    outcome: string,
    nowNs: number,
    sink: Sink = this.link.sink,
  ): void {
    const { upid, remote_port } = this.link.connection
    sink.append(keyedTable, {
      time_: nowNs,
      upid,
      remote_port,
      request,
      response,
      outcome,
      latency: nowNs - startNs,
    })
  }
}

/** A line that is there whole tells it for sure; a ping may come from either side. */
function recognise({ bytes, from }: Head): Recognition {
  const [line, ...behind] = Buffer.from(bytes).toString('latin1').split('\n')
  if (!/^(?:[?&>~!*][ -~]{0,200})?$/.test(line!)) return 'no'
  if (behind.length === 0) return 'need-more'
  if (line!.length < 4) return 'no'
  const side = line![0] === '~' ? from : MARKS.client.includes(line![0]!) ? 'client' : 'server'
  return side ? { side, sure: true } : 'no'
}

/** `Conversation`: a variant of it. */
export const keyedProtocol = (Talk: new (link: Link) => Conversation = Keyed): Protocol => ({
  name: 'keyed',
  label: 'Keyed',
  code: 97,
  tables: [keyedTable],
  transports: ['tcp', 'tls', 'udp'],
  captureCap: 4096,
  recognise,
  search: (bytes, from) => {
    const text = Buffer.from(bytes).toString('latin1')
    const at = text.slice(from).search(/[?&>!*][ -~]{3,200}\n/)
    return at < 0 ? -1 : from + at
  },
  open: (link) => new Talk(link),
})
