/** Records what the rings give while the same flow runs as in the capture thread, so that the kernel is told what it is told there. */
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { Pause } from '../capture/pause'
import { Pipeline } from '../capture/pipeline'
import type { Config } from '../config'
import { NixieError } from '../errors'
import type { RingProcessEvent } from '../events/identity'
import type { RingSocketEvent } from '../events/socket'
import type { ProbeStatus } from '../health/probe-status'
import { openKernel } from '../kernel'
import { Processes } from '../metadata'
import { agentId } from '../metadata/agent-id'
import { ROLE_SERVER } from '../records/types'
import { Identities, identities } from '../sources/identities'
import { type IdentityFeed, IdentityProbe } from '../sources/identities/probe'
import { openProbe, sockets } from '../sources/sockets'
import type { SocketFeed } from '../sources/sockets/feed'
import { ownListener, portOf } from '../sources/sockets/own-traffic'
import { Sockets } from '../sources/sockets/sockets'
import type { RowSource } from '../sources/source'
import { countsOf, type Ending, type Header, type Lost, NOTHING_LOST } from './format'
import { LAYOUT } from './layout'
import { NO_STORE } from './no-store'
import { redactTape, type Unsaid } from './redact'
import { Tape } from './tape'

export interface RecordOptions {
  readonly seconds: number
  /** Most that the frames of the file may take. */
  readonly maxBytes: number
  /** Of the Nixie that is recorded for: `listen`, `redactExtra`, `nodeName`. */
  readonly config: Config
  readonly version: string
  /** All that can be attached is. */
  readonly began: () => void
}

export interface Recording {
  readonly header: Header
  readonly tape: Tape
  /** What could not be attached. */
  readonly missing: readonly ProbeStatus[]
  readonly unsaid: Unsaid
}

/** The feed of the identity probe, with a copy of each event to the tape. */
function tapedIdentities(probe: IdentityProbe, tape: Tape): IdentityFeed {
  return {
    probes: probe.probes,
    isTold: probe.isTold,
    drain: (handler, maxEvents) =>
      probe.drain((event: RingProcessEvent) => {
        tape.add('process', event.raw)
        handler(event)
      }, maxEvents),
    listening: () => probe.listening(),
    lost: () => probe.lost(),
    close: () => probe.close(),
  }
}

type Probe = NonNullable<ReturnType<typeof openProbe>['feed']>

/** The feed of the socket probe, with a copy of all that it says to the tape, but of what a running Nixie says and is told. */
function tapedSockets(probe: Probe, tape: Tape, listen: string): SocketFeed {
  const isOwn = ownListener(listen)
  const port = portOf(listen)
  const isNixies = (event: RingSocketEvent) =>
    isOwn(event) || (event.localPort === port && event.role === ROLE_SERVER)
  return {
    drain: (handler, maxEvents, maxBytes) =>
      probe.drain(
        (event) => {
          if (!isNixies(event)) tape.add('socket', event.raw)
          handler(event)
        },
        maxEvents,
        maxBytes,
      ),
    fill: () => probe.fill(),
    setVerdict: (connId, verdict) => probe.setVerdict(connId, verdict),
    setPlainVerdict: (connId, verdict) => probe.setPlainVerdict(connId, verdict),
    leaveOut: (connId, direction, until) => probe.leaveOut(connId, direction, until),
    setGate: (gate) => probe.setGate(gate),
    drawAnew: () => probe.drawAnew(),
    totals(handler) {
      const numbers: number[] = []
      probe.totals((totals) => {
        const { connId, bytesSent, bytesReceived, lostEvents, shedExchanges } = totals
        numbers.push(connId, bytesSent, bytesReceived, lostEvents, shedExchanges)
        handler(totals)
      })
      tape.addNumbers('totals', numbers)
    },
    lost: () => probe.lost(),
    uncaptured: () => probe.uncaptured(),
    close: () => probe.close(),
  }
}

/** What the kernel has lost and left out, whichever source counts it. */
class Losses {
  identities: IdentityProbe | undefined
  sockets: Probe | undefined

  get now(): Lost {
    const lost = this.sockets?.lost()
    return {
      ...NOTHING_LOST,
      ...this.sockets?.uncaptured(),
      lostEvents: lost?.events ?? 0,
      lostBytes: lost?.bytes ?? 0,
      lostIdentities: this.identities?.lost() ?? 0,
    }
  }
}

function tapedSources(tape: Tape, losses: Losses): RowSource[] {
  return [
    {
      ...identities,
      open(context) {
        losses.identities = new IdentityProbe(context.kernel)
        return new Identities(tapedIdentities(losses.identities, tape), context)
      },
    },
    {
      ...sockets,
      open(context) {
        const { probes, feed } = openProbe(context)
        losses.sockets = feed
        return new Sockets(probes, feed && tapedSockets(feed, tape, context.config.listen), context)
      },
    },
  ]
}

const bootedAt = (): string => {
  const seconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0
  return new Date(Number(seconds) * 1000).toISOString()
}

/**
 * Records until the time is over, the tape is full or `stop` is aborted; then replaces the secrets.
 * @throws NixieError when nothing can be captured here
 */
export async function record(options: RecordOptions, stop: AbortSignal): Promise<Recording> {
  const { config, maxBytes, seconds, version, began } = options
  const tape = new Tape(maxBytes)
  const losses = new Losses()
  const kernel = openKernel({ enabled: true })
  const asid = agentId(config.nodeName)
  const processes = new Processes(config.nodeName, asid)
  const sources = tapedSources(tape, losses)
  const pipeline = new Pipeline(kernel, NO_STORE, config, sources, undefined, undefined, processes)
  const { base } = kernel.clock
  const clock = { timeBase: String(kernel.timeBase), ...base, startNs: kernel.now() }
  const startedMs = Date.now()
  const missing = pipeline.probes.filter(({ attached }) => !attached)
  const mark = (kind: 'look' | 'second') => {
    if (kind === 'second') tape.addNumbers('lost', countsOf(losses.now))
    tape.addNumbers(kind, [kernel.now(), kernel.clock.correctionNs])
  }
  let ending: Ending
  try {
    const refused = missing.find(({ required }) => required)
    if (refused) {
      // What the kernel's library says goes on for lines.
      const why = refused.error.split('\n', 1)[0]
      throw new NixieError('unavailable', `${refused.name} could not be attached: ${why}`, refused.hint)
    }
    began()
    ending = await run(pipeline, tape, mark, seconds, stop)
  } finally {
    // Its last look at the rings and at what the kernel counted is recorded, too.
    pipeline.close()
  }
  mark('look')
  const ranSeconds = (Date.now() - startedMs) / 1000
  const { secret, unread, unsaid } = redactTape(tape)
  const header: Header = {
    nixie: version,
    kernel: release(),
    arch: process.arch,
    startedAt: new Date(startedMs).toISOString(),
    bootedAt: bootedAt(),
    seconds: ranSeconds,
    ending,
    clock,
    asid,
    listen: config.listen,
    redacted: { secret, unread },
    layout: LAYOUT,
  }
  return { header, tape, missing, unsaid }
}

/** As the capture thread does: looks at the rings by what it finds there, and once a second at all else. */
async function run(
  pipeline: Pipeline,
  tape: Tape,
  mark: (kind: 'look' | 'second') => void,
  seconds: number,
  stop: AbortSignal,
): Promise<Ending> {
  const pause = new Pause()
  const until = performance.now() + seconds * 1000
  let nextSecond = performance.now() + 1000
  for (;;) {
    const from = performance.now()
    const events = pipeline.drain()
    if (events > 0) mark('look')
    const isOver = performance.now() >= until || stop.aborted
    if (performance.now() >= nextSecond || isOver) {
      nextSecond += 1000
      pipeline.second(Date.now())
      mark('second')
    }
    if (tape.isFull) return 'size'
    if (isOver) return stop.aborted ? 'signal' : 'time'
    await Bun.sleep(pause.after(events, performance.now() - from, false))
  }
}
