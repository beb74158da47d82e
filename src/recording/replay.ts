/**
 * Plays a recording: its events take the way that they take in the capture thread (rings → sources → streams → protocols → rows), by
 * the recording's clock, on this thread, so that a debugger can stop anywhere on it.
 */
import { Pipeline } from '../capture/pipeline'
import { type Config, readConfig, SETTINGS } from '../config'
import { messageOf, NixieError } from '../errors'
import { SOCKET_EVENT } from '../events/socket'
import { EVENT_DATA } from '../events/socket-event'
import type { Counters } from '../health/counters'
import { Processes } from '../metadata'
import { DECODE_LIMITS, DecodeBudget } from '../protocols/lib/decode-budget'
import type { Table } from '../records/table'
import { Identities, identities } from '../sources/identities'
import { sockets } from '../sources/sockets'
import { Sockets } from '../sources/sockets/sockets'
import type { RowSource } from '../sources/source'
import { faultOfProcess, faultOfSocket } from './check'
import { type CollectedTable, Collector } from './collector'
import { F64_BYTES, type Header } from './format'
import { converted, isOwn, LAYOUT, type Layout } from './layout'
import { PlayedKernel, PlayedRings } from './played'
import { type Frame, numbersOf, RecordingFile } from './reader'

/** Events are played when so many bytes of them wait, also within one look of the recorder's. */
const WAITING_BYTES = 4 << 20
/** A larger time or count is invalid. */
const MAX_NUMBER = 2 ** 53
/** Limits on decoding that are wide enough to decode again all that was decoded during the recording, though a replay is much faster. */
const PATIENT = { ...DECODE_LIMITS, perSecondNs: 1e9, burstNs: 60e9, perBodyNs: 100e6 }

export interface ReplayOptions {
  /** Rows that are kept of each table. */
  readonly maxRows: number
  /** Of this table only. */
  readonly table?: string
  readonly bodyLimit?: number
}

export interface Replayed {
  readonly header: Header
  readonly tables: readonly CollectedTable[]
  readonly counters: Counters
  /** The file was cut: the rows are of the whole frames before that place. */
  readonly cut?: NixieError
}

const configOf = ({ listen }: Header, bodyLimit: number): Config => ({
  ...readConfig({}, {}),
  listen,
  bodyLimit,
  cpuBudget: 0,
  tls: 'off',
})

class Player {
  readonly #file: RecordingFile
  readonly #kernel: PlayedKernel
  readonly #rings: PlayedRings
  readonly #pipeline: Pipeline
  readonly #isOwnLayout: boolean

  constructor(file: RecordingFile, collector: Collector, bodyLimit: number) {
    const { header } = file
    this.#file = file
    this.#kernel = new PlayedKernel(header)
    this.#rings = new PlayedRings(this.#kernel)
    this.#isOwnLayout = isOwn(header.layout)
    const { identityFeed, socketFeed } = this.#rings
    const sources = [
      { ...identities, open: (context) => new Identities(identityFeed, context) },
      { ...sockets, open: (context) => new Sockets([], socketFeed, context) },
    ] satisfies RowSource[]
    const config = configOf(header, bodyLimit)
    const processes = new Processes('', header.asid)
    this.#pipeline = new Pipeline(
      this.#kernel,
      collector.writer,
      config,
      sources,
      undefined,
      undefined,
      processes,
    )
    Object.assign(this.#pipeline.settings, { decodeBudget: new DecodeBudget(undefined, PATIENT) })
  }

  get counters(): Counters {
    return this.#pipeline.counters
  }

  play(): void {
    for (const frame of this.#file.frames()) {
      try {
        this.#take(frame)
      } catch (cause) {
        if (cause instanceof NixieError) throw cause
        throw this.#file.fault(`what came up to here can't be played: ${messageOf(cause)}`, frame.at)
      }
    }
    this.#drain()
    this.#pipeline.close()
  }

  #take(frame: Frame): void {
    const { kind, bytes } = frame
    switch (kind) {
      case 'process':
      case 'socket':
        this.#rings.add(kind, this.#event(frame))
        if (this.#rings.waiting > WAITING_BYTES) this.#drain()
        return
      case 'totals':
        this.#rings.setTotals(this.#numbers(frame))
        return
      case 'lost':
        this.#rings.setLost(this.#numbers(frame))
        return
      default: {
        const [nowNs, correctionNs] = this.#numbers(frame)
        if (bytes.length !== 2 * F64_BYTES) throw this.#file.fault('a time is incomplete', frame.at)
        this.#kernel.set(nowNs!, correctionNs!)
        this.#drain()
        if (kind === 'second') this.#pipeline.second(Date.now())
      }
    }
  }

  #drain(): void {
    while (this.#rings.waiting > 0) this.#pipeline.drain()
  }

  #numbers({ bytes, at }: Frame): number[] {
    const numbers = numbersOf(bytes)
    if (bytes.length % F64_BYTES !== 0 || !numbers.every((number) => Math.abs(number) < MAX_NUMBER))
      throw this.#file.fault('these are no numbers', at)
    return numbers
  }

  /** A copy of the event, in this version's layout. */
  #event({ kind, bytes, at }: Frame): Uint8Array {
    const isSocket = kind === 'socket'
    const layout = this.#file.header.layout[isSocket ? 'socket' : 'process']
    if (bytes.length < layout.bytes)
      throw this.#file.fault(`an event of ${bytes.length} bytes, of at least ${layout.bytes}`, at)
    const event = this.#isOwnLayout
      ? new Uint8Array(bytes)
      : convertedEvent(isSocket, bytes, this.#file.header.layout)
    const fault = isSocket ? faultOfSocket(event) : faultOfProcess(event)
    if (fault !== undefined) throw this.#file.fault(`an event can't be one: ${fault}`, at)
    return event
  }
}

function convertedEvent(isSocket: boolean, bytes: Uint8Array, from: Layout): Uint8Array {
  if (!isSocket) return converted(bytes, from.process, LAYOUT.process)
  const event = converted(bytes, from.socket, LAYOUT.socket)
  const behind = event.length - LAYOUT.socket.bytes
  if (event[SOCKET_EVENT.kind] === EVENT_DATA || behind < from.totals.bytes) return event
  const totals = converted(event.subarray(LAYOUT.socket.bytes), from.totals, LAYOUT.totals)
  return Buffer.concat([event.subarray(0, LAYOUT.socket.bytes), totals])
}

/** The tables that a recording may have rows of. */
export const RECORDED: readonly Table[] = [...identities.tables, ...sockets.tables]

/** @throws NixieError when the file is no recording, or is damaged */
export function replay(path: string, { maxRows, table, bodyLimit }: ReplayOptions): Replayed {
  const file = new RecordingFile(path)
  try {
    const collector = new Collector(maxRows, table)
    const player = new Player(file, collector, bodyLimit ?? SETTINGS.bodyLimit.fallback)
    player.play()
    const { header, cut } = file
    return { header, tables: collector.tables, counters: player.counters, ...(cut && { cut }) }
  } finally {
    file.close()
  }
}
