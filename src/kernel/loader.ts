/** The loader library (`bpf/loader`) in TypeScript: objects, maps and the ring; failures are `LoaderError`s. */
import { dlopen, type Pointer, ptr, toArrayBuffer } from 'bun:ffi'
import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import library from '../../dist/libnixie_loader.so' with { type: 'file' }
import { NixieError } from '../errors'
import { inMemory } from './in-memory'

const open = () =>
  dlopen(inMemory('nixie_loader', library), {
    nixie_log: { args: ['ptr', 'u64'], returns: 'u64' },
    nixie_open: { args: ['ptr', 'u64'], returns: 'ptr' },
    nixie_close: { args: ['ptr'], returns: 'void' },
    nixie_close_all: { args: [], returns: 'i32' },
    nixie_set_knob: { args: ['ptr', 'ptr', 'ptr', 'u64'], returns: 'i32' },
    nixie_set_autoload: { args: ['ptr', 'ptr', 'bool'], returns: 'i32' },
    nixie_set_max_entries: { args: ['ptr', 'ptr', 'u32'], returns: 'i32' },
    nixie_load: { args: ['ptr'], returns: 'i32' },
    nixie_attach: { args: ['ptr', 'ptr'], returns: 'i32' },
    nixie_attach_uprobe: { args: ['ptr', 'ptr', 'ptr', 'u64', 'i32', 'bool'], returns: 'i32' },
    nixie_attach_uprobes: { args: ['ptr', 'ptr', 'ptr', 'ptr', 'ptr', 'u32', 'bool'], returns: 'i32' },
    nixie_attach_cpu_clock: { args: ['ptr', 'ptr', 'u64'], returns: 'i32' },
    nixie_attach_cgroup: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
    nixie_detach: { args: ['ptr', 'i32'], returns: 'i32' },
    nixie_reuse_map: { args: ['ptr', 'ptr', 'i32'], returns: 'i32' },
    nixie_iterate: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
    nixie_missed_runs: { args: ['ptr'], returns: 'u64' },
    nixie_output: { args: ['ptr'], returns: 'ptr' },
    nixie_map: { args: ['ptr', 'ptr'], returns: 'i32' },
    nixie_map_get: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    nixie_map_set: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    nixie_map_delete: { args: ['i32', 'ptr'], returns: 'i32' },
    nixie_map_batch: { args: ['i32', 'ptr', 'ptr', 'ptr', 'ptr', 'u32'], returns: 'i32' },
    nixie_array_open: { args: ['i32'], returns: 'ptr' },
    nixie_array_close: { args: ['ptr'], returns: 'void' },
    nixie_array_get: { args: ['ptr', 'u32', 'ptr'], returns: 'bool' },
    nixie_array_set: { args: ['ptr', 'u32', 'ptr'], returns: 'bool' },
    nixie_ring_open: { args: ['i32', 'u64'], returns: 'ptr' },
    nixie_ring_close: { args: ['ptr'], returns: 'void' },
    nixie_ring_window: { args: ['ptr'], returns: 'ptr' },
    nixie_ring_window_size: { args: ['ptr'], returns: 'u32' },
    nixie_ring_waiting: { args: ['ptr'], returns: 'u32' },
    nixie_ring_peek: { args: ['ptr', 'ptr', 'u32'], returns: 'u32' },
    nixie_ring_release: { args: ['ptr', 'u32'], returns: 'void' },
    nixie_watch_open: { args: ['ptr', 'u32', 'ptr'], returns: 'ptr' },
    nixie_watch_close: { args: ['ptr'], returns: 'void' },
    nixie_mappings_open: { args: [], returns: 'ptr' },
    nixie_mappings_close: { args: ['ptr'], returns: 'void' },
    nixie_mappings_take: { args: ['ptr'], returns: 'u32' },
    nixie_mappings_text: { args: ['ptr'], returns: 'ptr' },
  }).symbols

let opened: ReturnType<typeof open> | undefined
const native = () => (opened ??= unpacked())

/** Unpacks the executable's loader first: the dynamic linker's message would not say that the folder isn't writable. */
function unpacked(): ReturnType<typeof open> {
  try {
    return open()
  } catch (cause) {
    const folder = tmpdir()
    try {
      accessSync(folder, constants.W_OK | constants.X_OK)
    } catch {
      const message = `The loader can't be unpacked: ${folder} is no folder that this user may write to`
      throw new NixieError('store_error', message, 'Name one with TMPDIR.')
    }
    throw cause
  }
}

/** Throws with the dynamic linker's message when this machine lacks libraries that the loader needs. */
export function requireLoader(): void {
  // deploy/build.ts makes executables without it for workstations.
  if (!library) throw new Error('this executable has none')
  native()
}

const text = (value: string) => Buffer.from(`${value}\0`)

const LOG_BYTES = 4096
/** Errno → name, for the errors of loading and attaching. */
const ERRNO: Record<number, string> = {
  1: 'EPERM',
  2: 'ENOENT',
  7: 'E2BIG',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  28: 'ENOSPC',
  95: 'EOPNOTSUPP',
  524: 'ENOTSUPP',
}

/** Holds what failed, the errno's name and the last message of libbpf or the verifier. */
export class LoaderError extends Error {
  readonly errno: number

  constructor(what: string, result: number) {
    const buffer = new Uint8Array(LOG_BYTES)
    const length = Number(native().nixie_log(ptr(buffer), buffer.length))
    const said = new TextDecoder().decode(buffer.subarray(0, length)).trim()
    const name = ERRNO[-result] ?? `errno ${-result}`
    super(said ? `${what}: ${name}: ${said}` : `${what}: ${name}`)
    this.name = 'LoaderError'
    this.errno = -result
  }
}

function check(what: string, result: number): number {
  if (result < 0) throw new LoaderError(what, result)
  return result
}

/** Closes what an ended capture thread left open: else its programs would stay attached, and its rings full, for ever. */
export function closeLeftovers(): number {
  return native().nixie_close_all()
}

export interface UprobeSpot {
  /** The offset in the file, not in memory. */
  readonly offset: number
  /** What the program learns of this place. */
  readonly cookie: number
}

/** One BPF object. Set knobs and sizes before `load`; the other methods come after it. */
export class BpfObject {
  #object: Pointer | null

  constructor(elf: Uint8Array) {
    this.#object = native().nixie_open(ptr(elf), elf.length) as Pointer | null
    if (!this.#object) throw new LoaderError('open', -22)
  }

  setKnob(name: string, value: Uint8Array | Uint32Array): void {
    const bytes = value.byteLength
    check(name, native().nixie_set_knob(this.#object, ptr(text(name)), ptr(value), bytes))
  }

  setAutoload(program: string, load: boolean): void {
    check(program, native().nixie_set_autoload(this.#object, ptr(text(program)), load))
  }

  setMaxEntries(map: string, entries: number): void {
    check(map, native().nixie_set_max_entries(this.#object, ptr(text(map)), entries))
  }

  load(): void {
    check('load', native().nixie_load(this.#object))
  }

  /** Uses another object's map, given by this file descriptor, as the map of that name. */
  reuseMap(map: string, fd: number): void {
    check(map, native().nixie_reuse_map(this.#object, ptr(text(map)), fd))
  }

  /** Attaches a program where its section says; returns the attachment's number, to detach it. */
  attach(program: string): number {
    return check(program, native().nixie_attach(this.#object, ptr(text(program))))
  }

  /** Attaches at an offset in a file, in one process or (pid -1) in all that run it; returns the attachment's number. */
  attachUprobe(program: string, path: string, offset: number, pid: number, atReturn: boolean): number {
    const [name, file] = [text(program), text(path)]
    const result = native().nixie_attach_uprobe(this.#object, ptr(name), ptr(file), offset, pid, atReturn)
    return check(`${program} at ${path}+0x${offset.toString(16)}`, result)
  }

  /** Attaches at offsets in a file, each with a number that the program learns, in all processes; returns the attachment's number. */
  attachUprobes(program: string, path: string, spots: readonly UprobeSpot[], atReturn: boolean): number {
    const [name, file] = [text(program), text(path)]
    const offsets = BigUint64Array.from(spots, ({ offset }) => BigInt(offset))
    const cookies = BigUint64Array.from(spots, ({ cookie }) => BigInt(cookie))
    const { nixie_attach_uprobes } = native()
    const places = [ptr(name), ptr(file), ptr(offsets), ptr(cookies)] as const
    return check(
      `${program} at ${path}`,
      nixie_attach_uprobes(this.#object, ...places, spots.length, atReturn),
    )
  }

  /** Attaches to a clock of so many hertz on each CPU that is online; returns the attachment's number. */
  attachCpuClock(program: string, hertz: number): number {
    return check(program, native().nixie_attach_cpu_clock(this.#object, ptr(text(program)), hertz))
  }

  /** Attaches to all processes of the control group at this path, and of those below it; returns the attachment's number. */
  attachCgroup(program: string, path: string): number {
    const [name, folder] = [text(program), text(path)]
    return check(`${program} at ${path}`, native().nixie_attach_cgroup(this.#object, ptr(name), ptr(folder)))
  }

  detach(attachment: number): void {
    check('detach', native().nixie_detach(this.#object, attachment))
  }

  /**
   * Runs an iterator program to its end; its section may say that it runs over the values of a map. Its output is valid until
   * the next run.
   */
  iterate(program: string, map?: string): ArrayBuffer {
    const [name, over] = [text(program), map === undefined ? null : text(map)]
    const bytes = check(program, native().nixie_iterate(this.#object, ptr(name), over && ptr(over)))
    if (bytes === 0) return new ArrayBuffer(0)
    return toArrayBuffer(native().nixie_output(this.#object)!, 0, bytes)
  }

  /** Runs of its programs that the kernel skipped since the load. */
  missedRuns(): number {
    return Number(native().nixie_missed_runs(this.#object))
  }

  /** A map's file descriptor; valid until `close`. */
  map(name: string): number {
    return check(name, native().nixie_map(this.#object, ptr(text(name))))
  }

  close(): void {
    native().nixie_close(this.#object)
    this.#object = null
  }
}

/**
 * Reads a key's value into `value`, which must be the map's size; false when there is none. What is used while capture
 * runs is a `MappedArray`.
 */
export function mapGet(map: number, key: NodeJS.TypedArray, value: NodeJS.TypedArray): boolean {
  return native().nixie_map_get(map, ptr(key), ptr(value)) === 0
}

export function mapSet(map: number, key: NodeJS.TypedArray, value: NodeJS.TypedArray): void {
  check('map', native().nixie_map_set(map, ptr(key), ptr(value)))
}

/** Deletes a key; false when there was none. */
export function mapDelete(map: number, key: NodeJS.TypedArray): boolean {
  return native().nixie_map_delete(map, ptr(key)) === 0
}

/** Walks a hash map in batches: after each, `keys` and `values` hold `count` entries. */
export function mapWalk(
  map: number,
  keys: Uint8Array,
  values: Uint8Array,
  most: number,
  visit: (count: number) => void,
): void {
  const cursor = new BigUint64Array(1)
  let from: Pointer | null = null
  for (;;) {
    const count = check('map', native().nixie_map_batch(map, from, ptr(cursor), ptr(keys), ptr(values), most))
    if (count > 0) visit(count)
    if (count < most) return
    from = ptr(cursor)
  }
}

/**
 * An array map in our own memory. While a thread is in a system call on any map, the kernel skips classic tracepoint
 * programs on that CPU, so what is used while capture runs is used by this.
 */
export class MappedArray {
  #array: Pointer | null

  /** @param map the descriptor of one with BPF_F_MMAPABLE. @throws LoaderError */
  constructor(map: number) {
    this.#array = native().nixie_array_open(map) as Pointer | null
    if (!this.#array) throw new LoaderError('array', -22)
  }

  /** Copies the value at an index into `value`, which must be its size; false when there is none. */
  get(index: number, value: NodeJS.TypedArray): boolean {
    return native().nixie_array_get(this.#array, index, ptr(value))
  }

  /** Copies `value`, which must be a value's size, to an index; false when there is none. */
  set(index: number, value: NodeJS.TypedArray): boolean {
    return native().nixie_array_set(this.#array, index, ptr(value))
  }

  close(): void {
    native().nixie_array_close(this.#array)
    this.#array = null
  }
}

const RECORD_HEADER = 8
const DISCARDED = 1 << 30
const LENGTH = DISCARDED - 1

/** The ring, read in place: its memory is read-only, and a record is valid during its visit only. */
export class BpfRing {
  #ring: Pointer | null
  /** The part of the ring that the loader shows; the loader moves it on. */
  readonly data: ArrayBuffer
  readonly #view: DataView
  readonly #start = new Uint32Array(1)

  constructor(map: number, bytes: number) {
    this.#ring = native().nixie_ring_open(map, bytes) as Pointer | null
    if (!this.#ring) throw new LoaderError('ring', -22)
    const size = native().nixie_ring_window_size(this.#ring)
    this.data = toArrayBuffer(native().nixie_ring_window(this.#ring)!, 0, size)
    this.#view = new DataView(this.data)
  }

  /** Bytes that wait in the ring. */
  get waiting(): number {
    return this.#ring ? native().nixie_ring_waiting(this.#ring) : 0
  }

  /**
   * Visits at most `most` records, and stops when they reach `mostBytes` together; passes offset and length in `data`. Returns how many.
   */
  drain(
    visit: (offset: number, length: number) => void,
    most: number,
    mostBytes = Number.POSITIVE_INFINITY,
  ): number {
    let visited = 0
    let left = mostBytes
    while (visited < most && left > 0 && this.#ring) {
      const bytes = native().nixie_ring_peek(this.#ring, ptr(this.#start), most - visited)
      if (bytes === 0) break
      const from = this.#start[0]!
      let at = from
      try {
        while (at < from + bytes && visited < most && at - from < left) {
          const header = this.#view.getUint32(at, true)
          const length = header & LENGTH
          const record = at + RECORD_HEADER
          at += (RECORD_HEADER + length + 7) & ~7
          if (header & DISCARDED) continue
          visited++
          visit(record, length)
        }
      } finally {
        left -= at - from
        native().nixie_ring_release(this.#ring, at - from)
      }
    }
    return visited
  }

  close(): void {
    native().nixie_ring_close(this.#ring)
    this.#ring = null
  }
}

/** A thread that sleeps until one of these rings fills (`WAKE_BYTES` in `bpf/lib/wake.bpf.h`). */
export class RingWatch {
  #watch: Pointer | null
  /** A pipe, to be read and closed by the caller: a byte comes when a ring fills, and it ends with the watch. */
  readonly pipe: number

  /** @param maps the rings' descriptors. @throws LoaderError */
  constructor(maps: readonly number[]) {
    const pipe = new Int32Array(1)
    const rings = Int32Array.from(maps)
    this.#watch = native().nixie_watch_open(ptr(rings), rings.length, ptr(pipe)) as Pointer | null
    if (!this.#watch) throw new LoaderError('watch', -22)
    this.pipe = pipe[0]!
  }

  get isOpen(): boolean {
    return this.#watch !== null
  }

  close(): void {
    native().nixie_watch_close(this.#watch)
    this.#watch = null
  }
}

/** Notes which files processes map as code. */
export class FileMappings {
  #mappings: Pointer | null

  /** @throws LoaderError when the kernel refuses */
  constructor() {
    this.#mappings = native().nixie_mappings_open() as Pointer | null
    if (!this.#mappings) throw new LoaderError('perf_event_open', -1)
  }

  /** What was noted since the last call: `PID MAJOR MINOR INODE PATH` of each file, and `lost` if some are missing. */
  take(): string[] {
    const length = native().nixie_mappings_take(this.#mappings)
    if (length === 0) return []
    const bytes = Buffer.from(toArrayBuffer(native().nixie_mappings_text(this.#mappings)!, 0, length))
    return bytes.toString('utf8').split('\0').slice(0, -1)
  }

  close(): void {
    native().nixie_mappings_close(this.#mappings)
    this.#mappings = null
  }
}
