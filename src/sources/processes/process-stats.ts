/** process_stats: the resources that each process uses, summed from the samples of its threads. */
import type { ThreadSamples } from '../../events/process'
import { processStats } from '../../records/process-stats'
import type { RecordOf } from '../../records/table'

type Row = RecordOf<typeof processStats>

/** A process whose counters don't change gets a row only so often, so that a query over 10 s or more finds every process. */
const IDLE_ROW_NS = 10e9

class Usage {
  readonly startTicks: number
  /** A process's sums of one walk. */
  runtimeNs = 0
  userNs = 0
  kernelNs = 0
  minorFaults = 0
  majorFaults = 0
  rchar = 0
  wchar = 0
  readBytes = 0
  writeBytes = 0
  threads = 0
  vsizeBytes = 0
  rssBytes = 0
  /** The values of the last row, and its time. */
  told: Row | undefined
  /** The number of the walk that saw it last. */
  walk = 0

  constructor(startTicks: number) {
    this.startTicks = startTicks
  }

  begin(walk: number): void {
    this.walk = walk
    this.runtimeNs = this.userNs = this.kernelNs = 0
    this.minorFaults = this.majorFaults = 0
    this.rchar = this.wchar = this.readBytes = this.writeBytes = 0
    this.threads = this.vsizeBytes = this.rssBytes = 0
  }

  add(samples: ThreadSamples): void {
    this.runtimeNs += samples.value('runtime_ns')
    this.userNs += samples.value('user_ns')
    this.kernelNs += samples.value('kernel_ns')
    this.minorFaults += samples.value('minor_faults')
    this.majorFaults += samples.value('major_faults')
    this.rchar += samples.value('rchar')
    this.wchar += samples.value('wchar')
    this.readBytes += samples.value('read_bytes')
    this.writeBytes += samples.value('write_bytes')
    this.threads += samples.threads
    this.vsizeBytes = samples.vsizeBytes
    this.rssBytes = samples.rssBytes
  }

  /**
   * Divides the exact run time into user and system time in the ratio of the timer's samples; neither ever falls (the kernel's
   * own rule for /proc: cputime_adjust in kernel/sched/cputime.c).
   */
  cpu(): { user: number; kernel: number } {
    const sampled = this.userNs + this.kernelNs
    const before = this.told
    const total = Math.max(this.runtimeNs, before ? before.cpu_utime_ns + before.cpu_ktime_ns : 0)
    const share = sampled === 0 ? 0 : Math.round(total * (this.kernelNs / sampled))
    const least = before?.cpu_ktime_ns ?? 0
    const most = total - (before?.cpu_utime_ns ?? 0)
    const kernel = Math.max(least, Math.min(share, most))
    return { user: total - kernel, kernel }
  }
}

export interface ProcessStatsOptions {
  upidOf(pid: number, startTicks: number, comm: string): string
  append(table: typeof processStats, record: Row): void
}

export class ProcessStats {
  readonly #options: ProcessStatsOptions
  readonly #usages = new Map<number, Usage>()
  #walk = 0

  constructor(options: ProcessStatsOptions) {
    this.#options = options
  }

  /** Takes one walk over the threads; appends a row for each process whose counters changed. */
  take(samples: ThreadSamples, timeNs: number): void {
    this.#walk++
    const comms = new Map<number, string>()
    while (samples.next()) {
      const { pid } = samples
      const startTicks = samples.value('start_ticks')
      let usage = this.#usages.get(pid)
      if (!usage || usage.startTicks !== startTicks) {
        usage = new Usage(startTicks)
        this.#usages.set(pid, usage)
        comms.set(pid, samples.comm())
      }
      if (usage.walk !== this.#walk) usage.begin(this.#walk)
      usage.add(samples)
    }
    for (const [pid, usage] of this.#usages) {
      if (usage.walk === this.#walk) this.#tell(pid, usage, comms.get(pid) ?? '', timeNs)
      else this.#usages.delete(pid)
    }
  }

  #tell(pid: number, usage: Usage, comm: string, timeNs: number): void {
    const { told } = usage
    const { user, kernel } = usage.cpu()
    const idle =
      told !== undefined &&
      user + kernel === told.cpu_utime_ns + told.cpu_ktime_ns &&
      usage.rssBytes === told.rss_bytes &&
      usage.minorFaults === told.minor_faults
    if (idle && timeNs - told.time_ < IDLE_ROW_NS) return
    usage.told = {
      time_: timeNs,
      upid: this.#options.upidOf(pid, usage.startTicks, comm),
      major_faults: usage.majorFaults,
      minor_faults: usage.minorFaults,
      cpu_utime_ns: user,
      cpu_ktime_ns: kernel,
      num_threads: usage.threads,
      vsize_bytes: usage.vsizeBytes,
      rss_bytes: usage.rssBytes,
      rchar_bytes: usage.rchar,
      wchar_bytes: usage.wchar,
      read_bytes: usage.readBytes,
      write_bytes: usage.writeBytes,
    }
    this.#options.append(processStats, usage.told)
  }
}
