/** Decodes the samples of the process iterator (`bpf/process.h`) in place. */

/** Offsets in `struct thread_sample`; a test compares them with the BTF of the built object. */
export const THREAD_SAMPLE = {
  start_ticks: 0,
  runtime_ns: 8,
  user_ns: 16,
  kernel_ns: 24,
  minor_faults: 32,
  major_faults: 40,
  rchar: 48,
  wchar: 56,
  read_bytes: 64,
  write_bytes: 72,
  vsize_pages: 80,
  rss_pages: 88,
  pid: 96,
  threads: 100,
  comm: 104,
} as const
const SIZE = 120
const COMM_BYTES = 16
const TWO_32 = 2 ** 32

type Counter = Exclude<keyof typeof THREAD_SAMPLE, 'comm' | 'pid' | 'threads' | 'vsize_pages' | 'rss_pages'>

/** The samples of one walk, one for each thread: `next` moves on to the next one. */
export class ThreadSamples {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #pageBytes: number
  #at = -SIZE

  /** `pageBytes`: the machine's page size. */
  constructor(buffer: ArrayBuffer, pageBytes: number) {
    this.#pageBytes = pageBytes
    this.#view = new DataView(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  next(): boolean {
    this.#at += SIZE
    return this.#at + SIZE <= this.#view.byteLength
  }

  get pid(): number {
    return this.#view.getUint32(this.#at + THREAD_SAMPLE.pid, true)
  }

  /** Number of threads of the process, in the sample of its leader; 0 in the others. */
  get threads(): number {
    return this.#view.getUint32(this.#at + THREAD_SAMPLE.threads, true)
  }

  value(counter: Counter): number {
    return this.#u64(THREAD_SAMPLE[counter])
  }

  /** Memory of the process; the same in the samples of all its threads. */
  get vsizeBytes(): number {
    return this.#u64(THREAD_SAMPLE.vsize_pages) * this.#pageBytes
  }

  get rssBytes(): number {
    return this.#u64(THREAD_SAMPLE.rss_pages) * this.#pageBytes
  }

  #u64(offset: number): number {
    const at = this.#at + offset
    return this.#view.getUint32(at + 4, true) * TWO_32 + this.#view.getUint32(at, true)
  }

  /** About the process, not the thread. */
  comm(): string {
    const from = this.#at + THREAD_SAMPLE.comm
    let end = from
    while (end < from + COMM_BYTES && this.#bytes[end] !== 0) end++
    return Buffer.from(this.#bytes.subarray(from, end)).toString('utf8')
  }
}
