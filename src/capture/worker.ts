/** The capture thread: opens the kernel and the store, then drains, and once a second seals, until told to stop. */
import { NixieError } from '../errors'
import { absenceWords, TOO_LONG_AWAY_MS } from '../health/counters'
import { areSame, type ProbeStatus } from '../health/probe-status'
import { closeLeftovers, openKernel } from '../kernel'
import { HelperThreads } from '../kernel/helper-threads'
import { askForTurns } from '../kernel/libc'
import { SOURCES } from '../sources'
import { EMPTY, RECORDED, TABLES } from '../sources/tables'
import { openWriter } from '../store'
import type { StoreWriter } from '../store/store'
import { KeptNames } from './kept-names'
import type { CaptureReport, FromCapture, ToCapture } from './messages'
import { Pause } from './pause'
import { Pipeline } from './pipeline'
import { readProtoDir } from './proto-dir'
import { Pulse } from './pulse'

declare const self: Worker

const say = (message: FromCapture) => self.postMessage(message)
const warn = (message: string) => say({ kind: 'warning', message })

function start({ config, pulse, again }: Extract<ToCapture, { kind: 'start' }>): void {
  if (again) closeLeftovers()
  let writer: StoreWriter
  try {
    writer = openWriter({
      dataDir: config.dataDir,
      retentionSeconds: config.retention,
      diskBudgetBytes: config.diskBudget,
      tables: RECORDED,
      empty: EMPTY,
      warn,
    })
  } catch (cause) {
    say({ kind: 'refused', error: NixieError.from(cause).shape })
    return
  }
  say({ kind: 'tables', tables: TABLES })
  const kernel = openKernel({ enabled: config.capture })
  const pipeline = new Pipeline(kernel, writer, config, SOURCES, new Pulse(pulse))
  run(pipeline, writer, new KeptNames(config.dataDir, pipeline.settings.names))
  if (config.protoDir !== '') void readProtoDir(config.protoDir, pipeline.settings.names.files, warn)
}

/** The length of this thread's time slices: the scheduler gives short ones sooner. */
const TURN_NS = 200_000
/** By then the start is over. */
const STARTED_MS = 3000
/** How often to look for new threads of the runtime that this thread may have to wait for. */
const HELPERS_EVERY_S = 5

function run(pipeline: Pipeline, writer: StoreWriter, names: KeptNames): void {
  askForTurns(TURN_NS)
  const helpers = new HelperThreads(TURN_NS)
  const pause = new Pause()
  let timer: Timer | undefined
  let isTold = false
  const rest = (ms: number) => {
    clearTimeout(timer)
    pipeline.absence.rest(performance.now(), ms)
    timer = setTimeout(drain, ms)
  }
  const drain = () => {
    const from = performance.now()
    const events = pipeline.drain()
    const lastedMs = performance.now() - from
    const leastMs = leastPause(pipeline)
    rest(pause.after(events, lastedMs, mayBeLong(leastMs), leastMs))
  }
  const mayBeLong = (leastMs: number | undefined) => isTold && !pipeline.isWaiting && leastMs === undefined
  let probes: readonly ProbeStatus[] = []
  const report = () => {
    const told = areSame(pipeline.probes, probes)
    if (!told) probes = pipeline.probes
    say({ kind: 'report', report: reportOf(pipeline, writer), ...(told ? {} : { probes }) })
  }
  let seconds = 0
  const second = setInterval(() => {
    if (seconds++ % HELPERS_EVERY_S === 0) helpers.look()
    // This looked at the ring, too, so the full pause begins anew.
    pipeline.absence.wake(performance.now())
    pipeline.second(Date.now())
    names.second()
    warnOfAbsence(pipeline)
    report()
    const leastMs = leastPause(pipeline)
    rest(pause.again(mayBeLong(leastMs), leastMs))
  }, 1000)
  // Collects the garbage of the start.
  setTimeout(() => Bun.gc(true), STARTED_MS)
  self.onmessage = ({ data }: MessageEvent<ToCapture>) => {
    if (data.kind === 'settings') Object.assign(pipeline.settings, data.settings)
    if (data.kind === 'entities') pipeline.remember(data.entities)
    if (data.kind === 'damaged') pipeline.markDamaged(data.found)
    if (data.kind === 'flush') {
      pipeline.flush()
      say({ kind: 'flushed' })
    }
    if (data.kind !== 'stop') return
    clearInterval(second)
    clearTimeout(timer)
    pipeline.close()
    names.write()
    say({ kind: 'stopped' })
  }
  // Under pressure it pauses until the time is over, or the ring has filled more.
  isTold = pipeline.watch(() => leastPause(pipeline) === undefined && drain())
  drain()
  pipeline.second(Date.now())
  report()
}

/** Under pressure drains are fewer and longer: each wakes up a processor that other programs want. */
const PRESSED_MS = 20
const PRESSED_BALANCE = 0.75

/** A ring that fills must be emptied, whatever time that takes; the gate reduces what comes next. */
function leastPause({ processor, isFilling }: Pipeline): number | undefined {
  if (processor.balance > PRESSED_BALANCE || isFilling) return undefined
  return Math.max(PRESSED_MS, processor.restMs())
}

const WARN_EVERY_MS = 600_000
let warnedMs = Number.NEGATIVE_INFINITY

function warnOfAbsence({ absence }: Pipeline): void {
  const now = performance.now()
  const { ms, queuedMs, blockedMs } = absence.longest(now)
  if (ms <= TOO_LONG_AWAY_MS || now - warnedMs < WARN_EVERY_MS) return
  warnedMs = now
  const message = `The capture thread was away from the ring for ${absenceWords(ms, queuedMs, blockedMs)}. Nothing is lost while the ring has room.`
  say({ kind: 'warning', message })
}

function reportOf(pipeline: Pipeline, writer: StoreWriter): Omit<CaptureReport, 'probes'> {
  const { budgetBytes } = writer.stats()
  const longest = pipeline.absence.longest(performance.now())
  return {
    ready: pipeline.ready,
    counters: pipeline.counters,
    settings: { bodyLimit: pipeline.settings.bodyLimit, redact: pipeline.settings.redact },
    fileBytes: writer.fileBytes(),
    budgetBytes,
    longestAbsenceMs: longest.ms,
    longestAbsenceQueuedMs: longest.queuedMs,
    longestAbsenceBlockedMs: longest.blockedMs,
    budget: pipeline.budget,
    ...(pipeline.storeError ? { storeError: NixieError.from(pipeline.storeError).shape } : {}),
  }
}

self.onmessage = ({ data }: MessageEvent<ToCapture>) => {
  if (data.kind === 'start') start(data)
}
