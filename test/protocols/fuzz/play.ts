/** Plays mutated conversations through `Streams` with all protocols, and says what must not happen. */
import { PROTOCOLS } from '../../../src/protocols'
import type { Protocol } from '../../../src/protocols/protocol'
import { type Rig, random, rig, Wire } from '../../streams/wire'
import { eventsOf } from '../conformance/play'
import { type Member, type Piece, piecesOf, type Sample, transportOf } from '../conformance/sample'
import { MEMBERS } from '../members'
import { mutated } from './mutate'

/** CPU time that a conversation of some KiB may take, ns: far more than any takes, far less than a hang. */
const MOST_NS = 500e6
/** All that one connection may hold at once: what its streams may, and what waits in its conversation. */
const MOST_HELD = 4 << 20
/** Conversations that share their streams: what one leaves behind may harm the next. */
const TOGETHER = 200

export interface Finding {
  readonly protocol: string
  readonly seed: number
  readonly problem: string
}

interface Played {
  readonly member: Member
  readonly sample: Sample
  readonly pieces: readonly Piece[]
  readonly isFresh: boolean
}

const MESSAGES = MEMBERS.flatMap(({ samples }) =>
  samples.flatMap((sample) => piecesOf(sample).map(({ bytes }) => bytes)),
)

/** The input with this seed, whatever came before it. */
export function inputOf(member: Member, seed: number): Played {
  const next = random(seed)
  const sample = member.samples[Math.floor(next() * member.samples.length)]!
  const handshake = member.handshake ? piecesOf(member.handshake) : []
  const pieces = [...handshake, ...mutated(piecesOf(sample), MESSAGES, next)]
  return { member, sample, pieces, isFresh: next() < 0.7 }
}

export class Fuzzer {
  readonly #protocols: readonly Protocol[]
  #stage: Rig
  #played = 0

  constructor(protocols: readonly Protocol[] = PROTOCOLS) {
    this.#protocols = protocols
    this.#stage = rig(protocols)
  }

  /** The problem of this input, if it has one. */
  play(member: Member, seed: number): Finding | undefined {
    if (this.#played++ % TOGETHER === 0) this.#stage = rig(this.#protocols)
    const problem = problemOf(observe(this.#stage, inputOf(member, seed)))
    this.#stage.sink.tables.clear()
    this.#stage.live.tables.clear()
    if (!problem) return undefined
    this.#played = 0
    return { protocol: member.protocol.name, seed, problem }
  }
}

function observe({ streams, counters }: Rig, { sample, pieces, isFresh }: Played): Observed {
  const isDatagram = transportOf(sample) === 'udp'
  const wire = new Wire({ transport: isDatagram ? 'udp' : 'tcp' })
  const before = process.cpuUsage()
  let mostHeld = 0
  let thrown: unknown
  try {
    if (isFresh) streams.handle(wire.open())
    for (const event of eventsOf(wire, pieces, isDatagram)) {
      streams.handle(event)
      mostHeld = Math.max(mostHeld, streams.heldBytes)
    }
    wire.timeNs += 2e9
    streams.tick(wire.timeNs)
    streams.underWay(wire.timeNs)
    streams.handle(wire.close())
    wire.timeNs += 200e6
    streams.tick(wire.timeNs)
  } catch (error) {
    thrown = error
  }
  const { user, system } = process.cpuUsage(before)
  return {
    thrown,
    faults: counters.readerFaults,
    tookNs: (user + system) * 1000,
    mostHeld,
    left: streams.heldBytes,
  }
}

interface Observed {
  readonly thrown: unknown
  readonly faults: number
  readonly tookNs: number
  readonly mostHeld: number
  readonly left: number
}

function problemOf({ thrown, faults, tookNs, mostHeld, left }: Observed): string | undefined {
  if (thrown !== undefined) return `throws ${thrown}`
  if (faults > 0) return 'its reader throws'
  if (tookNs > MOST_NS) return `takes ${Math.round(tookNs / 1e6)} ms of CPU`
  if (mostHeld > MOST_HELD) return `holds ${mostHeld} bytes`
  return left === 0 ? undefined : `${left} bytes are held after its end`
}
