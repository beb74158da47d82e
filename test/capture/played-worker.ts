/**
 * A capture thread that captures nothing and does what it is told by the number in `bodyLimit`, in settings: blocks for
 * so many milliseconds; −1: ends with an error; −2: blocks for ever; −3: reports that the store refuses rows, −4: that it takes them again.
 */

import type { FromCapture, ToCapture } from '../../src/capture/messages'
import { Pulse } from '../../src/capture/pulse'
import { newCounters } from '../../src/health/counters'
import { NO_BUDGET } from '../support/status'

declare const self: Worker

const say = (message: FromCapture) => self.postMessage(message)
const settings = { bodyLimit: 0, redact: true }
const counters = newCounters()
let refused = false

function report(): void {
  counters.rows++
  const storeError = { code: 'store_error', message: 'The disk is full', hint: 'Make room.' } as const
  say({
    kind: 'report',
    report: {
      ready: true,
      counters,
      settings,
      fileBytes: 0,
      budgetBytes: 0,
      longestAbsenceMs: 0,
      longestAbsenceQueuedMs: 0,
      longestAbsenceBlockedMs: 0,
      budget: NO_BUDGET,
      ...(refused && { storeError }),
    },
  })
}

function obey(order: number): void {
  const until = order === -2 ? Number.POSITIVE_INFINITY : performance.now() + order
  if (order === -1) throw new Error('told to end')
  if (order === -3) refused = true
  if (order === -4) refused = false
  // Nothing else runs in the thread meanwhile, but the processor is free.
  while (performance.now() < until) Bun.sleepSync(1)
}

function start(pulse: Pulse): void {
  setInterval(() => pulse.beat(), 10)
  setInterval(report, 50)
  report()
}

self.onmessage = ({ data }: MessageEvent<ToCapture>) => {
  if (data.kind === 'start') start(new Pulse(data.pulse))
  if (data.kind === 'entities')
    say({ kind: 'warning', message: `entities ${data.entities.map((e) => e.key)}` })
  if (data.kind === 'flush') say({ kind: 'flushed' })
  if (data.kind === 'stop') say({ kind: 'stopped' })
  if (data.kind !== 'settings' || data.settings.bodyLimit === undefined) return
  Object.assign(settings, data.settings)
  obey(data.settings.bodyLimit)
}
