/** Protocols for tests: lines that name their side, so that every way of speaking can be played. */
import type {
  Conversation,
  Head,
  Input,
  Link,
  Protocol,
  Read,
  Recognition,
  Side,
} from '../../src/protocols/protocol'
import { defineTable, int, string, time, upid } from '../../src/records/table'

const LF = 10

export const linesTable = defineTable('lines', 'Lines that were said', {
  time_: time('When it was read'),
  upid: upid('Who owns the traced end'),
  remote_port: int('Port of the other end'),
  trace_role: int('Role of the traced end'),
  side: string('Who said it'),
  text: string('The line'),
})

interface Options {
  readonly name?: string
  /** What a line begins with, by side. */
  readonly client?: string
  readonly server?: string
  readonly sure?: boolean
  readonly transports?: Protocol['transports']
  readonly upgrades?: readonly string[]
}

class Lines implements Conversation {
  readonly held = 0
  readonly isUndecided = false
  readonly #link: Link
  readonly #marks: Readonly<Record<Side, string>>

  constructor(link: Link, marks: Readonly<Record<Side, string>>) {
    this.#link = link
    this.#marks = marks
  }

  read(side: Side, input: Input): Read {
    const end = input.bytes.indexOf(LF, input.pos)
    if (end < 0 || end >= input.end) return 'need-more'
    const text = Buffer.from(input.bytes.subarray(input.pos, end)).toString('latin1')
    const leave = /^leave (.+)/.exec(text.slice(this.#marks[side].length))
    if (!text.startsWith(this.#marks[side])) return { invalid: `no line of a ${side}` }
    const timeNs = input.timeAt(end)
    input.pos = end + 1
    const { connection, sink } = this.#link
    const { upid, remote_port, trace_role } = connection
    sink.append(linesTable, { time_: timeNs, upid, remote_port, trace_role, side, text })
    return leave ? { leave: leave[1]! } : 'message'
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(this.#marks[side], from)
  }

  gap(): boolean {
    return false
  }

  settle(): void {}

  shed(): void {}
}

/** A protocol whose lines begin with `client` or `server`. */
export function linesProtocol(options: Options = {}): Protocol {
  const {
    name = 'lines',
    client = '>',
    server = '<',
    sure = true,
    transports = ['tcp', 'tls', 'udp'],
  } = options
  const marks = { client, server }
  return {
    name,
    label: 'Lines',
    code: 99,
    tables: [linesTable],
    transports,
    captureCap: 4096,
    ...(options.upgrades ? { upgrades: options.upgrades } : {}),
    recognise({ bytes }: Head): Recognition {
      const text = Buffer.from(bytes).toString('latin1')
      for (const side of ['client', 'server'] as const) {
        if (text.startsWith(marks[side])) return { side, sure }
        if (marks[side].startsWith(text)) return 'need-more'
      }
      return 'no'
    },
    search(bytes, from) {
      const text = Buffer.from(bytes).toString('latin1')
      const places = [text.indexOf(client, from), text.indexOf(server, from)].filter((at) => at >= 0)
      return places.length === 0 ? -1 : Math.min(...places)
    },
    open: (link) => new Lines(link, marks),
  }
}
