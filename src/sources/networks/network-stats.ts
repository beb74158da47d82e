/** network_stats: the traffic of each network namespace's interfaces, from /proc/PID/net/dev (proc_net_dev(5)). */
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { recordOf } from '../../keys'
import { networkStats } from '../../records/network-stats'
import type { RecordOf } from '../../records/table'

type Counters = Omit<RecordOf<typeof networkStats>, 'time_' | 'pod_id'>

const NAMES = [
  'rx_bytes',
  'rx_packets',
  'rx_errors',
  'rx_drops',
  'tx_bytes',
  'tx_packets',
  'tx_errors',
  'tx_drops',
] as const satisfies readonly (keyof Counters)[]
/** Columns in the file: 8 for received, then 8 for sent traffic; the first four of each are used. */
const COLUMNS = [0, 1, 2, 3, 8, 9, 10, 11]

/** The sum over all interfaces but loopback. */
export function readNetDev(text: string): Counters {
  const sums = recordOf(NAMES, 0)
  for (const line of text.split('\n').slice(2)) {
    const colon = line.indexOf(':')
    if (colon < 0 || line.slice(0, colon).trim() === 'lo') continue
    const values = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
    NAMES.forEach((name, i) => {
      sums[name] += Number(values[COLUMNS[i]!]) || 0
    })
  }
  return sums
}

/** Of some 500 interfaces; it grows where there are more. */
let buffer = Buffer.allocUnsafe(64 << 10)

/** The text of a file in /proc, without memory of its own for each read. */
function readText(path: string): string {
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null)
      if (read === 0) return buffer.toString('latin1', 0, length)
      length += read
      if (length === buffer.length) buffer = Buffer.concat([buffer], 2 * length)
    }
  } finally {
    closeSync(file)
  }
}

interface Watched {
  readonly pid: number
  /** False: it shares the machine's network, whose counters are not the pod's. */
  readonly own: boolean
}

export interface NetworkStatsOptions {
  append(table: typeof networkStats, record: RecordOf<typeof networkStats>): void
  readonly procRoot?: string
}

export class NetworkStats {
  readonly #append: NetworkStatsOptions['append']
  readonly #proc: string
  #watched = new Map<string, Watched>()

  constructor({ append, procRoot = '/proc' }: NetworkStatsOptions) {
    this.#append = append
    this.#proc = procRoot
  }

  /** `pods`: pod (or container) → one of its processes. `host`: the name for the machine's own network, where that has rows. */
  take(pods: ReadonlyMap<string, number>, host: string | undefined, timeNs: number): void {
    const watched = new Map<string, Watched>()
    for (const [pod, pid] of pods) {
      const before = this.#watched.get(pod)
      const now = before?.pid === pid ? before : { pid, own: this.#namespaceOf(pid) !== this.#namespaceOf(1) }
      watched.set(pod, now)
      if (now.own) this.#tell(pod, pid, timeNs)
    }
    this.#watched = watched
    if (host !== undefined) this.#tell(host, 1, timeNs)
  }

  #tell(pod: string, pid: number, timeNs: number): void {
    let text: string
    try {
      text = readText(`${this.#proc}/${pid}/net/dev`)
    } catch {
      return // The process ended between the two reads.
    }
    this.#append(networkStats, { time_: timeNs, pod_id: pod, ...readNetDev(text) })
  }

  /** `net:[4026531840]`; '' when the process is gone or may not be read. */
  #namespaceOf(pid: number): string {
    try {
      return readlinkSync(`${this.#proc}/${pid}/ns/net`)
    } catch {
      return ''
    }
  }
}
