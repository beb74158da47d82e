/** Thread samples as the kernel writes them. */
import { THREAD_SAMPLE, ThreadSamples } from '../../../src/events/process'

export const PAGE = 4096
const SIZE = 120

export interface Thread {
  readonly pid: number
  readonly threads?: number
  readonly start_ticks?: number
  readonly runtime_ns?: number
  readonly user_ns?: number
  readonly kernel_ns?: number
  readonly minor_faults?: number
  readonly wchar?: number
  readonly rss_pages?: number
  readonly comm?: string
}

export function samplesOf(threads: readonly Thread[]): ThreadSamples {
  const view = new DataView(new ArrayBuffer(threads.length * SIZE))
  threads.forEach(({ pid, threads: count = 0, comm = '', ...counters }, i) => {
    const at = i * SIZE
    for (const [name, value] of Object.entries({ start_ticks: 7, ...counters }))
      view.setBigUint64(at + THREAD_SAMPLE[name as keyof typeof THREAD_SAMPLE], BigInt(value), true)
    view.setUint32(at + THREAD_SAMPLE.pid, pid, true)
    view.setUint32(at + THREAD_SAMPLE.threads, count, true)
    Buffer.from(view.buffer).write(comm, at + THREAD_SAMPLE.comm)
  })
  return new ThreadSamples(view.buffer, PAGE)
}
