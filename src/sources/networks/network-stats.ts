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
const NAME_AT: readonly (keyof Counters | undefined)[] = Array.from({ length: 16 }, (_, column) =>
  column % 8 < 4 ? NAMES[(column >> 3) * 4 + (column % 8)] : undefined,
)
const ZERO = 48
const NINE = 57

/** The sum over all interfaces but loopback. Read each second for each pod, so without a text for each number. */
export function readNetDev(text: string): Counters {
  const sums = recordOf(NAMES, 0)
  // The first two lines are titles.
  let at = text.indexOf('\n', text.indexOf('\n') + 1) + 1
  while (at > 0 && at < text.length) {
    const next = text.indexOf('\n', at)
    const end = next < 0 ? text.length : next
    const colon = text.indexOf(':', at)
    if (colon >= 0 && colon < end && text.slice(at, colon).trim() !== 'lo')
      addNumbers(sums, text, colon + 1, end)
    at = end + 1
  }
  return sums
}

function addNumbers(sums: Record<keyof Counters, number>, text: string, from: number, end: number): void {
  let column = 0
  let value = 0
  let digits = 0
  for (let at = from; at <= end; at++) {
    const code = at < end ? text.charCodeAt(at) : 0
    if (code >= ZERO && code <= NINE) {
      value = value * 10 + code - ZERO
      digits++
    } else if (digits > 0) {
      const name = NAME_AT[column++]
      if (name) sums[name] += value
      value = digits = 0
    }
  }
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
