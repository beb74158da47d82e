/**
 * Finds what SQLite silently drops from a damaged log. SQLite takes a write-ahead log up to its first wrong checksum
 * (https://www.sqlite.org/fileformat2.html#the_write_ahead_log); later commits are lost:
 *
 *     header: magic u32 · version u32 · page bytes u32 · sequence u32 · salt u32 ×2 · checksum u32 ×2
 *     frame:  page u32 · pages after a commit, else 0, u32 · salt u32 ×2 · checksum u32 ×2 · the page
 *
 * all big-endian. A frame's checksum goes on from the one before, so a frame behind a damaged one can still be checked
 * from what the damaged one says its checksum is.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { sizeOf } from './database'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC = 0x377f0682
/** Longest log that is read. Our own logs are far shorter. */
const MAX_BYTES = 256 << 20

export interface DroppedCommits {
  /** Of the log. */
  readonly bytes: number
  /** Commits that SQLite passes over; 0: nothing of the log can be read. */
  readonly commits: number
  /** Chunks that came with them, and their rows. */
  readonly chunks: ReadonlyMap<number, number>
}

/** Bytes that are no log, and that SQLite passes over. */
const noLog = (bytes: number): DroppedCommits => ({ bytes, commits: 0, chunks: new Map() })

/** Undefined when nothing was dropped, or there is no log. To be called before SQLite opens the file. */
export function droppedCommits(path: string): DroppedCommits | undefined {
  const bytes = sizeOf(path)
  if (bytes === 0) return undefined
  const head = headOf(path)
  const holds = head.length === HEADER_BYTES && headerHolds(head)
  if (bytes < HEADER_BYTES + FRAME_HEADER_BYTES || bytes > MAX_BYTES) return holds ? undefined : noLog(bytes)
  const log = readFileSync(path)
  const frames = framesOf(log)
  const damaged = frames.findIndex((frame, i) => !frame.intact || (i === 0 && !holds))
  if (damaged < 0) return holds ? undefined : noLog(bytes)
  const behind = frames.slice(damaged).filter(({ intact }) => intact)
  const commits = behind.filter(({ commit }) => commit).length
  if (commits === 0) return holds ? scribbled(frames, damaged) : noLog(bytes)
  const chunks = new Map<number, number>()
  for (const { page } of behind) for (const { id, rows } of chunksOf(page)) chunks.set(id, rows)
  return { bytes, commits, chunks }
}

/**
 * Frames behind the end may be those of an older log, and of the last write one may be there in part. Any other bytes stand where
 * frames were.
 */
function scribbled(frames: readonly Frame[], end: number): DroppedCommits | undefined {
  const behind = frames.slice(end)
  const begun = behind[0]!.ours ? 1 : 0
  const isOlder = (frame: Frame, i: number) => frame.older || frame.follows || behind[i + 1]?.follows
  const wrong = behind.filter((frame, i) => i >= begun && !isOlder(frame, i)).length
  return wrong === 0 ? undefined : noLog((wrong + begun) * (FRAME_HEADER_BYTES + behind[0]!.page.length))
}

/** Its header, or less where the file is shorter. */
function headOf(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(HEADER_BYTES)
    return head.subarray(0, readSync(file, head, 0, HEADER_BYTES, 0))
  } finally {
    closeSync(file)
  }
}

interface Frame {
  readonly commit: boolean
  readonly page: Buffer
  /** Of this generation of the log, with the right checksum, going on from the frame before. */
  readonly intact: boolean
  /** Of this generation, by its salts; or of one some time before. */
  readonly ours: boolean
  readonly older: boolean
  /** It goes on from the frame before, whatever generation they are of. */
  readonly follows: boolean
}

/** A new log begins with the first salt of the one before, plus one. */
const MOST_GENERATIONS = 1 << 20
/** Of a database of 4 KiB pages, 64 GiB. Noise whose salt happens to be near ours is told from an older frame by this. */
const MOST_PAGES = 1 << 24

function framesOf(log: Buffer): Frame[] {
  const pageBytes = pageBytesOf(log)
  if (pageBytes === undefined) return []
  const frames: Frame[] = []
  const size = FRAME_HEADER_BYTES + pageBytes
  const salts = headerHolds(log) ? 16 : HEADER_BYTES + 8
  let before = HEADER_BYTES - 8
  for (let at = HEADER_BYTES; at + size <= log.length; at += size) {
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + size)
    const sum = new Checksum(log, before)
    sum.add(log.subarray(at, at + 8))
    sum.add(page)
    const ours = log.compare(log, salts, salts + 8, at + 8, at + 16) === 0
    const right = sum.is(log, at + 16)
    frames.push({
      commit: log.readUInt32BE(at + 4) !== 0,
      page,
      intact: ours && right,
      ours,
      older: isOlderThan(log.readUInt32BE(salts), log, at),
      follows: right && at > HEADER_BYTES && isSalted(log, at) && sameSalts(log, at - size, at),
    })
    before = at + 16
  }
  return frames
}

function isOlderThan(salt: number, log: Buffer, frame: number): boolean {
  const generations = (salt - log.readUInt32BE(frame + 8)) >>> 0
  const [page, pages] = [log.readUInt32BE(frame), log.readUInt32BE(frame + 4)]
  return (
    generations > 0 && generations < MOST_GENERATIONS && page > 0 && page <= MOST_PAGES && pages <= MOST_PAGES
  )
}

/** Zeros add up to zero. */
const isSalted = (log: Buffer, frame: number) => log.readUInt32BE(frame + 8) !== 0
const sameSalts = (log: Buffer, one: number, other: number) =>
  log.compare(log, one + 8, one + 16, other + 8, other + 16) === 0

/** A power of two from 512 to 65536; undefined when the header says anything else. */
function pageBytesOf(log: Buffer): number | undefined {
  const bytes = log.readUInt32BE(8)
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0 ? bytes : undefined
}

function headerHolds(log: Buffer): boolean {
  const sum = new Checksum(log)
  sum.add(log.subarray(0, HEADER_BYTES - 8))
  return (log.readUInt32BE(0) & ~1) === MAGIC && sum.is(log, HEADER_BYTES - 8)
}

class Checksum {
  readonly #bigEndian: boolean
  #a: number
  #b: number

  /** Goes on from the checksum that stands at `from`. */
  constructor(log: Buffer, from?: number) {
    this.#bigEndian = (log.readUInt32BE(0) & 1) === 1
    this.#a = from === undefined ? 0 : log.readUInt32BE(from)
    this.#b = from === undefined ? 0 : log.readUInt32BE(from + 4)
  }

  add(bytes: Buffer): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const little = !this.#bigEndian
    for (let at = 0; at < bytes.length; at += 8) {
      this.#a = (this.#a + view.getUint32(at, little) + this.#b) >>> 0
      this.#b = (this.#b + view.getUint32(at + 4, little) + this.#a) >>> 0
    }
  }

  is(log: Buffer, at: number): boolean {
    return log.readUInt32BE(at) === this.#a && log.readUInt32BE(at + 4) === this.#b
  }
}

const TABLE_LEAF = 0x0d
/** Places of a record of `chunks`, which is told by being all integers but the first, its id. */
const LEVEL = 2
const ROWS = 3
const CHUNK_FIELDS = 8
/** Bytes of an integer by its serial type. */
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8, undefined, 0, 0] as const

/** Chunks as they were appended, if the page is a leaf of their table. */
function* chunksOf(page: Buffer): Generator<{ id: number; rows: number }> {
  if (page[0] !== TABLE_LEAF) return
  const cells = page.readUInt16BE(3)
  for (let i = 0; i < cells && 8 + 2 * i + 2 <= page.length; i++) {
    const fields = integersOf(page, page.readUInt16BE(8 + 2 * i))
    if (fields && fields.values.length >= CHUNK_FIELDS && fields.values[LEVEL] === 0)
      yield { id: fields.rowid, rows: fields.values[ROWS]! }
  }
}

/** A cell of integers alone; undefined for any other. */
function integersOf(page: Buffer, at: number): { rowid: number; values: number[] } | undefined {
  const size = varint(page, at)
  const rowid = varint(page, size.next)
  const head = varint(page, rowid.next)
  if (rowid.next + size.value > page.length) return undefined
  const values: number[] = []
  let data = rowid.next + head.value
  for (let type = head.next; type < rowid.next + head.value; type++) {
    const bytes = INTEGER_BYTES[page[type]!]
    if (bytes === undefined || data + bytes > page.length) return undefined
    // Times have 8 bytes and are not needed here.
    values.push(bytes === 0 ? Number(page[type] === 9) : bytes > 6 ? 0 : page.readIntBE(data, bytes))
    data += bytes
  }
  return { rowid: rowid.value, values }
}

function varint(page: Buffer, at: number): { value: number; next: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = page[at + i] ?? 0
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, next: at + i + 1 }
  }
  return { value, next: at + 9 }
}
