/** Plays pieces of a conversation through `Streams`, as live traffic would come, and looks at what holds always. */
import { RECEIVED, SENT, type SocketEvent } from '../../../src/events/socket-event'
import type { Counters } from '../../../src/health/counters'
import type { Protocol } from '../../../src/protocols/protocol'
import type { StreamLimits } from '../../../src/streams/limits'
import { bytesOf, type Recorder, type Rig, type Row, rig, type SocketOptions, Wire } from '../../streams/wire'
import {
  type Member,
  messagesOf,
  type Piece,
  partsOf,
  piecesOf,
  type Sample,
  textsOf,
  transportOf,
} from './sample'
import { Problems, spied } from './spy'

export const STREAM_BYTES = 64 << 10

export interface Stage extends Rig {
  readonly wire: Wire
}

export interface Options {
  /** The connection's opening is seen; so it is unless said otherwise. */
  readonly isFresh?: boolean
  /** What the rig knows besides the member. */
  readonly others?: readonly Protocol[]
  readonly limits?: Partial<StreamLimits>
  readonly socket?: SocketOptions
  /** The bytes come as the plaintext of a TLS connection. */
  readonly isPlaintext?: boolean
  /** Called before each piece, and once before the end, with the index of the piece. */
  before?(stage: Stage, piece: number): void
}

export interface Outcome {
  readonly rows: readonly Row[]
  /** What the rows say, whatever the times were. */
  readonly records: readonly string[]
  /** For each record of the sample the texts that only its row holds. */
  readonly texts: readonly (readonly string[])[]
  readonly live: readonly Row[]
  readonly counters: Counters
  /** What is wrong however the bytes came. */
  readonly problems: readonly string[]
}

/** What a record says, whatever the times were. */
export function said(row: Row, { context = [] }: Pick<Sample, 'context'> = {}): string {
  const { time_, latency, first_body_latency, ...rest } = row
  for (const name of context) delete rest[name]
  return JSON.stringify(rest)
}

const rowsIn = (sink: Recorder, tables?: Protocol['tables']): Row[] =>
  tables ? tables.flatMap(({ name }) => sink.rows(name)) : [...sink.tables.values()].flat()

/** The events of the pieces; a loss splits its piece in two around what is missing. */
export function eventsOf(wire: Wire, pieces: readonly Piece[], isDatagram = false): SocketEvent[] {
  return pieces.flatMap(({ from, bytes, lost }) => {
    const direction = from === 'client' ? RECEIVED : SENT
    const at = lost?.at ?? bytes.length
    const behind = at + (lost?.bytes ?? 0)
    if (isDatagram) {
      const event = { ...wire.data(direction, bytes, lost ? at : undefined), offset: 0 }
      return lost && at === 0 ? [] : [event]
    }
    const parts = [bytes.subarray(0, at), bytes.subarray(at, behind), bytes.subarray(behind)]
    const [head, , tail] = parts.map((part) => wire.data(direction, part))
    return [head!, tail!].filter(({ size }) => size > 0)
  })
}

/** The first record of a TLS handshake, by which a connection is known to be encrypted. */
const CLIENT_HELLO = '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00'

export function play(
  { protocol, handshake }: Member,
  sample: Sample,
  pieces: readonly Piece[],
  options: Options = {},
): Outcome {
  const problems = new Problems()
  const limits = { streamBytes: STREAM_BYTES, ...options.limits }
  const others = [...(handshake?.protocols ?? []), ...(options.others ?? [])]
  const stage = rig([spied(protocol, problems), ...others], limits)
  const wire = new Wire({ ...options.socket, transport: transportOf(sample) === 'udp' ? 'udp' : 'tcp' })
  try {
    run({ ...stage, wire }, sample, pieces, { ...options, first: handshake ? piecesOf(handshake) : [] })
  } catch (error) {
    problems.add(`throws ${error}`)
  }
  // `Streams` gives up a connection whose reader throws.
  if (stage.counters.readerFaults > 0) problems.add('throws')
  const tables = handshake && protocol.tables
  const rows = rowsIn(stage.sink, tables)
  const live = rowsIn(stage.live, tables)
  stage.counters.frames -= handshake?.messages.length ?? 0
  always(sample, pieces, stage, { rows, live }, problems)
  return {
    rows,
    records: rows.map((row) => said(row, sample)),
    texts: textsOf(sample),
    live,
    counters: stage.counters,
    problems: problems.all,
  }
}

function run(
  stage: Stage,
  sample: Sample,
  pieces: readonly Piece[],
  options: Options & { readonly first: readonly Piece[] },
): void {
  const { streams, wire } = stage
  const isDatagram = transportOf(sample) === 'udp'
  if (options.isFresh !== false) streams.handle(wire.open())
  if (options.isPlaintext) streams.handle(wire.data(RECEIVED, CLIENT_HELLO))
  const offsets = [0, 0]
  const say = (piece: Piece) => {
    for (const event of eventsOf(wire, [piece], isDatagram)) {
      if (!options.isPlaintext) streams.handle(event)
      else {
        streams.plaintext({ ...event, offset: offsets[event.direction]! })
        offsets[event.direction]! += event.size
      }
    }
  }
  for (const piece of options.first) say(piece)
  pieces.forEach((piece, i) => {
    options.before?.(stage, i)
    say(piece)
  })
  options.before?.(stage, pieces.length)
  streams.handle(wire.close())
  wire.timeNs += 200e6
  streams.tick(wire.timeNs)
}

/** What holds however the bytes came. */
function always(
  sample: Sample,
  pieces: readonly Piece[],
  { streams, counters }: Rig,
  { rows, live }: Pick<Outcome, 'rows' | 'live'>,
  problems: Problems,
): void {
  if (streams.heldBytes !== 0) problems.add(`${streams.heldBytes} bytes are held after the end`)
  for (const row of [...rows, ...live]) {
    const text = JSON.stringify(row)
    for (const secret of sample.secrets ?? [])
      if (text.includes(secret)) problems.add(`a row holds the secret ${secret}`)
  }
  const most = Math.max(1, ...messagesOf(sample).map(({ length }) => length))
  const parts = partsOf(sample)
  const silent = pieces.filter(({ message }) => parts[message]?.length === 0).length
  const explained = most * rows.length + counters.unpairedFrames + silent + repeated(sample, pieces)
  if (counters.frames > explained)
    problems.add(`of ${counters.frames} messages only ${explained} are in a row or counted as dropped`)
}

/** Whole messages that came before: what is said again may be the same record's. */
function repeated({ messages }: Sample, pieces: readonly Piece[]): number {
  const whole = pieces.filter(({ message, bytes }) => messages[message]?.bytes.length === bytes.length)
  return whole.length - new Set(whole.map(({ message }) => message)).size
}

const cache = new WeakMap<Protocol, Map<Sample, Outcome>>()

/** What the conversation gives when each message comes whole. */
export function whole(member: Member, sample: Sample): Outcome {
  const known = cache.get(member.protocol) ?? new Map<Sample, Outcome>()
  cache.set(member.protocol, known)
  const outcome = known.get(sample) ?? play(member, sample, piecesOf(sample))
  known.set(sample, outcome)
  return outcome
}

export const piece = (from: Piece['from'], bytes: string | Uint8Array): Piece => ({
  from,
  bytes: bytesOf(bytes),
  message: -1,
})
