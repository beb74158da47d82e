/** Decodes the events of the identity probe (`bpf/identity.h`) in place. */

/** Offsets in `struct process_event`; a test compares them with the BTF of the built object. */
export const PROCESS_EVENT = {
  start_ticks: 0,
  parent_start_ticks: 8,
  pid: 16,
  parent_pid: 20,
  kind: 24,
  cgroup_bytes: 26,
  exe_bytes: 28,
  args_bytes: 30,
  comm: 32,
} as const
export const PROCESS_EVENT_BYTES = 48

/** Offsets in `struct listening`. */
export const LISTENING = { start_ticks: 0, pid: 8, port: 12 } as const
export const LISTENING_BYTES = 16

export const PROCESS_EXEC = 1
export const PROCESS_FORK = 2
export const PROCESS_RENAME = 3
export const PROCESS_EXIT = 4
export type ProcessEventKind =
  | typeof PROCESS_EXEC
  | typeof PROCESS_FORK
  | typeof PROCESS_RENAME
  | typeof PROCESS_EXIT

const COMM_BYTES = 16
const TWO_32 = 2 ** 32

/** One event. The object is reused: a handler copies what it keeps. */
export interface ProcessEvent {
  readonly kind: ProcessEventKind
  readonly pid: number
  readonly startTicks: number
  /** Set for execs and forks; 0 when it can't be read. */
  readonly parentPid: number
  readonly parentStartTicks: number
  /** Command name, as /proc/PID/comm. */
  readonly comm: string
  /** A copy of the details of an exec, or of a fork into another cgroup; undefined for other events. */
  parts(): ProcessParts | undefined
}

/**
 * Cgroup paths, program and arguments as the kernel sent them. They are decoded only when needed, as that is so for few processes,
 * and kept as a text of one character per byte, which takes less memory than a buffer object.
 */
export class ProcessParts {
  readonly #text: string
  readonly #exeAt: number
  readonly #argsAt: number

  constructor(bytes: Buffer, cgroupBytes: number, exeBytes: number) {
    this.#text = bytes.toString('latin1')
    this.#exeAt = cgroupBytes
    this.#argsAt = cgroupBytes + exeBytes
  }

  get byteLength(): number {
    return this.#text.length
  }

  #part(from: number, to?: number): string {
    return Buffer.from(this.#text.slice(from, to), 'latin1').toString('utf8')
  }

  /** `/system.slice/nginx.service`, of cgroup v2 first, then of v1 where there is one. */
  get cgroups(): string[] {
    const paths = this.#part(0, this.#exeAt).split('\0\0')
    // An empty path, a NUL only, at the beginning: the root of v2.
    return paths.flatMap((path) => {
      const folders = path.split('\0').filter((folder) => folder !== '')
      return folders.length === 0 ? [] : [`/${folders.reverse().join('/')}`]
    })
  }

  /** Path of the program, for a script that of its interpreter; '' when it isn't absolute. */
  get exe(): string {
    const path = this.#part(this.#exeAt, Math.max(this.#exeAt, this.#argsAt - 1))
    return path.startsWith('/') && !path.startsWith('/dev/fd/') ? path : ''
  }

  /** As /proc/PID/cmdline: each argument ends with a NUL. */
  get args(): string {
    return this.#part(this.#argsAt)
  }
}

/** One object serves all events: `at` moves it on. */
export class RingProcessEvent implements ProcessEvent {
  readonly #view: DataView
  readonly #bytes: Buffer
  #at = 0

  constructor(buffer: ArrayBuffer) {
    this.#view = new DataView(buffer)
    this.#bytes = Buffer.from(buffer)
  }

  at(offset: number): this {
    this.#at = offset
    return this
  }

  #u16(field: number): number {
    return this.#view.getUint16(this.#at + field, true)
  }

  #u64(field: number): number {
    const at = this.#at + field
    return this.#view.getUint32(at + 4, true) * TWO_32 + this.#view.getUint32(at, true)
  }

  get kind(): ProcessEventKind {
    return this.#u16(PROCESS_EVENT.kind) as ProcessEventKind
  }

  get pid(): number {
    return this.#view.getUint32(this.#at + PROCESS_EVENT.pid, true)
  }

  get startTicks(): number {
    return this.#u64(PROCESS_EVENT.start_ticks)
  }

  get parentPid(): number {
    return this.#view.getUint32(this.#at + PROCESS_EVENT.parent_pid, true)
  }

  get parentStartTicks(): number {
    return this.#u64(PROCESS_EVENT.parent_start_ticks)
  }

  get comm(): string {
    const from = this.#at + PROCESS_EVENT.comm
    const end = this.#bytes.indexOf(0, from)
    return this.#bytes.toString('utf8', from, Math.min(end < 0 ? Infinity : end, from + COMM_BYTES))
  }

  /** The whole event, as it is in the buffer. */
  get raw(): Uint8Array {
    const { cgroup_bytes, exe_bytes, args_bytes } = PROCESS_EVENT
    const behind = this.#u16(cgroup_bytes) + this.#u16(exe_bytes) + this.#u16(args_bytes)
    return this.#bytes.subarray(this.#at, this.#at + PROCESS_EVENT_BYTES + behind)
  }

  parts(): ProcessParts | undefined {
    const cgroupBytes = this.#u16(PROCESS_EVENT.cgroup_bytes)
    const exeBytes = this.#u16(PROCESS_EVENT.exe_bytes)
    const length = cgroupBytes + exeBytes + this.#u16(PROCESS_EVENT.args_bytes)
    if (length === 0) return undefined
    const from = this.#at + PROCESS_EVENT_BYTES
    return new ProcessParts(this.#bytes.subarray(from, from + length), cgroupBytes, exeBytes)
  }
}

export interface Listening {
  readonly pid: number
  readonly startTicks: number
  readonly port: number
}

/** The listening sockets that one walk found. */
export function decodeListening(buffer: ArrayBuffer): Listening[] {
  const view = new DataView(buffer)
  const found: Listening[] = []
  for (let at = 0; at + LISTENING_BYTES <= buffer.byteLength; at += LISTENING_BYTES) {
    const high = view.getUint32(at + LISTENING.start_ticks + 4, true)
    found.push({
      pid: view.getUint32(at + LISTENING.pid, true),
      startTicks: high * TWO_32 + view.getUint32(at + LISTENING.start_ticks, true),
      port: view.getUint32(at + LISTENING.port, true),
    })
  }
  return found
}
