/**
 * What every stage counts, losses above all. One declaration: `/api/status`, `/metrics` and the health page show
 * these names and sentences. Each thread counts for itself; main adds them up.
 */
import { keysOf, recordOf } from '../keys'

export type Stage = 'kernel' | 'streams' | 'protocols' | 'store' | 'query' | 'api'

/** What is lost, by the names of `/api/status`'s `losses`; a sum may be of several counters. */
const LOSSES = {
  ring: 'events that found the ring full',
  missed: 'runs of a probe that the kernel passed over',
  gaps: 'holes in streams',
  parse: 'messages or places that could not be read',
  shed: 'exchanges, rows or connections that were only counted',
  gone: 'stored rows that are gone',
  names: 'processes whose names are missing',
} as const
export type Loss = keyof typeof LOSSES

/** How much was lost, and of what, for each kind: `256 runs of a probe that the kernel passed over (missed)`. */
export function lossWords(losses: Readonly<Partial<Record<Loss, number>>>): string[] {
  const lost = keysOf(LOSSES).filter((kind) => (losses[kind] ?? 0) > 0)
  return lost.length === 0 ? ['nothing'] : lost.map((kind) => `${losses[kind]} ${LOSSES[kind]} (${kind})`)
}

interface CounterSpec {
  readonly stage: Stage
  readonly unit:
    | 'events'
    | 'bytes'
    | 'connections'
    | 'frames'
    | 'answers'
    | 'rows'
    | 'chunks'
    | 'exchanges'
    | 'processes'
    | 'queries'
    | 'requests'
    | 'ns'
  /** The loss that it belongs to in `/api/status`'s `losses`: never bytes or time, as these are added to numbers of things. */
  readonly loss?: Loss
  /** It tells how many there are now, and may shrink. */
  readonly isGauge?: true
  readonly help: string
}

const spec = <const T extends Record<string, CounterSpec>>(
  table: T,
): { readonly [K in keyof T]: CounterSpec } => table

export const COUNTERS = spec({
  events: { stage: 'kernel', unit: 'events', help: 'Events drained from the ring' },
  eventBytes: { stage: 'kernel', unit: 'bytes', help: 'Bytes that the drained calls moved, captured or not' },
  ringLostEvents: {
    stage: 'kernel',
    unit: 'events',
    loss: 'ring',
    help: 'Events that found the ring full, or went beyond what one call may send',
  },
  ringLostBytes: { stage: 'kernel', unit: 'bytes', help: 'Payload bytes of events that found the ring full' },
  missedRuns: {
    stage: 'kernel',
    unit: 'events',
    loss: 'missed',
    help: 'Times that the kernel passed over a probe, as one was under way on that processor: what it would have told is missing',
  },
  lostIdentities: {
    stage: 'kernel',
    unit: 'events',
    loss: 'names',
    help: 'Starts, ends and renames of processes beyond what is told in a second: a short-lived one may lack its command line and container',
  },
  unixCalls: {
    stage: 'kernel',
    unit: 'events',
    help: 'Calls that moved data over Unix sockets, which are counted only',
  },
  unixBytes: { stage: 'kernel', unit: 'bytes', help: 'Bytes that calls moved over Unix sockets' },
  compatCalls: {
    stage: 'kernel',
    unit: 'events',
    help: 'Socket calls of 32-bit processes, which are not captured',
  },
  unreadBytes: { stage: 'kernel', unit: 'bytes', help: 'Bytes that could not be read out of the process' },
  drainNs: { stage: 'kernel', unit: 'ns', help: 'Time spent in draining, parsing and building columns' },
  absences: {
    stage: 'kernel',
    unit: 'events',
    help: 'Times that the capture thread was away from the ring for more than 50 ms',
  },
  ownAbsences: {
    stage: 'kernel',
    unit: 'events',
    help: 'Of these absences, those in which the thread itself worked on a processor for more than 50 ms',
  },
  blockedAbsences: {
    stage: 'kernel',
    unit: 'events',
    help: 'Of the other absences, those that lasted more than 50 ms even without the time in which other programs had the processor: the thread waited for the disk, for memory, or for another thread of Nixie',
  },
  absentNs: { stage: 'kernel', unit: 'ns', help: 'Time of those absences' },
  absentQueuedNs: {
    stage: 'kernel',
    unit: 'ns',
    help: 'Of it, time in which the thread was ready to run and the machine ran others',
  },
  absentBlockedNs: {
    stage: 'kernel',
    unit: 'ns',
    help: 'Of it, time in which the thread waited for the disk, for memory, or for another thread of Nixie',
  },
  absentDiskNs: {
    stage: 'kernel',
    unit: 'ns',
    help: 'Of that, what passed in the store: for the disk. The rest is for memory, and for threads of the runtime that collect garbage and compile',
  },
  silentNs: {
    stage: 'kernel',
    unit: 'ns',
    help: 'Time in which the capture thread gave no sign of life, and no row came in',
  },
  captureRestarts: {
    stage: 'kernel',
    unit: 'events',
    help: 'Capture threads that ended or stood still and were replaced',
  },
  connections: { stage: 'streams', unit: 'connections', help: 'Connections followed since the start' },
  gaps: { stage: 'streams', unit: 'events', loss: 'gaps', help: 'Holes in a stream that cost a message' },
  gapBytes: { stage: 'streams', unit: 'bytes', help: 'Bytes missing in those holes' },
  lateEvents: {
    stage: 'streams',
    unit: 'events',
    help: 'Events of connections that had ended, which were counted as bytes only',
  },
  readerFaults: {
    stage: 'streams',
    unit: 'connections',
    loss: 'parse',
    help: 'Connections given up because the reader of their protocol failed: a fault of Nixie, whose first is in the log',
  },
  underWayLeftOut: {
    stage: 'streams',
    unit: 'connections',
    isGauge: true,
    help: 'Connections with exchanges under way that are not shown now, as there are too many',
  },
  shedConnections: {
    stage: 'streams',
    unit: 'connections',
    loss: 'shed',
    help: 'Times that a connection gave up its unfinished messages and unanswered requests, as all of them together took too much memory',
  },
  restedConnections: {
    stage: 'streams',
    unit: 'connections',
    loss: 'shed',
    help: 'Times that a connection was only counted for a second, as it took most of the time while there was too much to do',
  },
  shedExchanges: {
    stage: 'streams',
    unit: 'exchanges',
    loss: 'shed',
    help: 'Exchanges that were only counted, in the kernel, as capturing all would take more than the CPU budget or the ring has',
  },
  recordedExchanges: { stage: 'streams', unit: 'exchanges', help: 'Exchanges that made a row' },
  shedBytes: {
    stage: 'streams',
    unit: 'bytes',
    help: 'Memory that connections freed when they gave up unfinished messages and unanswered requests',
  },
  resets: { stage: 'streams', unit: 'connections', help: 'Streams given up: too large or without progress' },
  unknownConnections: {
    stage: 'streams',
    unit: 'connections',
    help: 'Connections whose protocol is not known',
  },
  readConnections: {
    stage: 'streams',
    unit: 'connections',
    help: 'Ends of TLS connections whose data was read from a library',
  },
  unlinked: {
    stage: 'streams',
    unit: 'events',
    loss: 'gaps',
    help: 'Pieces of data within TLS whose connection was not found in time: they are in no row',
  },
  unlinkedBytes: { stage: 'streams', unit: 'bytes', help: 'Bytes of those pieces' },
  encryptedConnections: { stage: 'streams', unit: 'connections', help: 'Connections that speak TLS' },
  peerRecords: {
    stage: 'streams',
    unit: 'rows',
    help: 'Records left to the other, local end of a connection',
  },
  evictedConnections: {
    stage: 'streams',
    unit: 'connections',
    help: 'Connections forgotten because too many were open, or memory was short',
  },
  frames: { stage: 'protocols', unit: 'frames', help: 'Messages parsed' },
  parseFailures: {
    stage: 'protocols',
    unit: 'events',
    loss: 'parse',
    help: 'Places where bytes were not a message',
  },
  unpairedFrames: {
    stage: 'protocols',
    unit: 'frames',
    loss: 'parse',
    help: 'Messages dropped because their other half was lost, or because it is not certain which message that is',
  },
  partialHeads: {
    stage: 'protocols',
    unit: 'frames',
    help: 'Requests and responses of HTTP/2 of which the rows have fields <unknown>: senders name fields by those before, which were among lost bytes, not captured, or sent before Nixie came',
  },
  unsureAnswers: {
    stage: 'protocols',
    unit: 'answers',
    isGauge: true,
    help: 'Answers that wait now until it is sure which request each belongs to, on connections that are older than Nixie or behind lost bytes: they have no row so far',
  },
  undecodedBodies: {
    stage: 'protocols',
    unit: 'frames',
    help: 'Compressed bodies shown by their size, because the time for decoding was used up',
  },
  rows: { stage: 'store', unit: 'rows', help: 'Rows appended to the store' },
  shedRows: {
    stage: 'store',
    unit: 'rows',
    loss: 'shed',
    help: 'Rows given up because the store could not take them',
  },
  goneRows: {
    stage: 'store',
    unit: 'rows',
    loss: 'gone',
    help: 'Rows that were stored and are lost: their file was removed, replaced or damaged',
  },
  forgottenProcesses: {
    stage: 'store',
    unit: 'processes',
    loss: 'names',
    help: 'Processes whose names and command lines left before their rows, as all of them took more than an eighth of the disk budget',
  },
  chunks: { stage: 'store', unit: 'chunks', help: 'Chunks sealed' },
  chunkBytes: { stage: 'store', unit: 'bytes', help: 'Compressed bytes written' },
  compactedBytes: {
    stage: 'store',
    unit: 'bytes',
    help: 'Compressed bytes written a second time: by compaction, or while they waited for the store',
  },
  expiredRows: { stage: 'store', unit: 'rows', help: 'Rows taken out by retention' },
  queries: { stage: 'query', unit: 'queries', help: 'Scripts run' },
  queryErrors: { stage: 'query', unit: 'queries', help: 'Scripts that ended in an error' },
  queryNs: { stage: 'query', unit: 'ns', help: 'Time spent in running scripts' },
  requests: { stage: 'api', unit: 'requests', help: 'HTTP requests answered' },
  closedConnections: {
    stage: 'api',
    unit: 'connections',
    help: "Connections to Nixie's own ports that it closed, as one account or address, or all together, had too many",
  },
})

/** The capture thread should look at the ring at least so often: its share of time is made for it. */
export const TOO_LONG_AWAY_MS = 50

/** How long it was, and whose doing. */
export function absenceWords(ms: number, queuedMs: number, blockedMs: number): string {
  const own = Math.round(ms - queuedMs - blockedMs)
  return `${Math.round(ms)} ms: ${own} ms of work of its own, ${Math.round(queuedMs)} ms in which the machine ran other programs, ${Math.round(blockedMs)} ms of waiting for the disk, memory or other threads of Nixie`
}

/** What waits for proof is neither a row nor a loss; undefined if nothing does. */
export function unsureWords(answers: number): string | undefined {
  if (answers === 0) return undefined
  const [who, which] =
    answers === 1
      ? ['1 answer waits', 'it belongs']
      : [`${answers.toLocaleString('en')} answers wait`, 'each belongs']
  return `${who} until it is sure which request ${which} to: on connections that are older than Nixie, or behind lost bytes`
}

export type CounterName = keyof typeof COUNTERS
export const COUNTER_NAMES: readonly CounterName[] = keysOf(COUNTERS)
export type Counters = Record<CounterName, number>

export const newCounters = (): Counters => recordOf(COUNTER_NAMES, 0)

/** The sum of several threads' counters. */
export function addCounters(parts: readonly Partial<Counters>[]): Counters {
  const total = newCounters()
  for (const part of parts) {
    for (const name of COUNTER_NAMES) total[name] += part[name] ?? 0
  }
  return total
}
