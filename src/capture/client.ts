/** The capture thread as main sees it. */
import type { Config } from '../config'
import { NixieError } from '../errors'
import type { Entity } from '../store/store'
import type { CaptureReport, FromCapture, RunningSettings, ToCapture } from './messages'

/** A thread that doesn't stop in this time is ended; what it sealed before is safe. */
const STOP_PATIENCE_MS = 5000

export interface Capture {
  /** The newest report, at most a second old. */
  readonly report: CaptureReport
  /** Why the thread ended, when it did. */
  readonly error: string | undefined
  change(settings: Partial<RunningSettings>): void
  /** Has the store remember them. */
  put(entities: readonly Entity[]): void
  /** Flushes and ends the thread. */
  stop(): Promise<void>
}

/**
 * Starts the thread. Resolves with its first report, when probes are attached or known to be refused; rejects with a
 * NixieError when the store can't be opened.
 */
export function startCapture(config: Config, warn: (message: string) => void): Promise<Capture> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url).href)
  const say = (message: ToCapture) => worker.postMessage(message)
  const stopped = Promise.withResolvers<void>()
  return new Promise((resolve, reject) => {
    let report: CaptureReport | undefined
    let error: string | undefined
    const capture: Capture = {
      get report() {
        return report!
      },
      get error() {
        return error
      },
      change: (settings) => say({ kind: 'settings', settings }),
      put: (entities) => say({ kind: 'entities', entities }),
      stop: async () => {
        if (error === undefined) {
          say({ kind: 'stop' })
          await Promise.race([stopped.promise, Bun.sleep(STOP_PATIENCE_MS)])
        }
        worker.terminate()
      },
    }
    worker.onmessage = ({ data }: MessageEvent<FromCapture>) => {
      if (data.kind === 'warning') warn(data.message)
      if (data.kind === 'stopped') stopped.resolve()
      if (data.kind === 'refused') {
        worker.terminate()
        reject(NixieError.fromShape(data.error))
      }
      if (data.kind !== 'report') return
      const first = report === undefined
      report = data.report
      if (first) resolve(capture)
    }
    worker.onerror = (event) => {
      error = event.message
      stopped.resolve()
      warn(`The capture thread ended: ${event.message}`)
      if (report === undefined)
        reject(new NixieError('internal', event.message, 'Nixie cannot capture; please report it.'))
    }
    say({ kind: 'start', config })
  })
}
