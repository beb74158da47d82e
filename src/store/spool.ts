/**
 * A file beside the store for what came within the last minute, where little comes: a second's rows are some hundred bytes here,
 * while each transaction of SQLite's writes whole pages. Once the store has the rows the file is begun anew. Only the next writer
 * reads it, and finds something only if this one was killed.
 *
 *     head:   magic 8 bytes · version u32 · generation u32
 *     record: length u32 · a blob (`blob.ts`), which has the generation as its place
 *
 * The generation grows with each beginning. The store has the number of the last one that it took, from the same transaction: so
 * nothing is taken twice, whenever the writer is killed. What a record says: `spool-record.ts`.
 */
import type { Database } from 'bun:sqlite'
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { BlobWriter, DamagedBlob, mark, readBlob } from './blob'
import { sizeOf } from './database'
import { APPEND_LEVEL } from './merge'
import { makePrivateFile } from './private'
import { bytesOf, type Heard, hear, type Names, type Said } from './spool-record'

const MAGIC = 'nixspool'
const VERSION = 1
const HEAD_BYTES = 16
const LENGTH_BYTES = 4
/** Far more than a writer keeps there. */
const MAX_BYTES = 64 << 20

/** What a killed writer left. */
export interface Spooled {
  readonly records: readonly Heard[]
  /** Bytes that can't be read: what they said is lost. */
  readonly damagedBytes: number
}

const COUNTER = 'spooled'
/** Of a file without a head of ours. The first one is 1. */
const UNKNOWN = 0

/** The last generation that the store took. */
export function takenGeneration(db: Database): number {
  const row = db.query('SELECT value FROM counters WHERE name = ?').get(COUNTER) as { value: bigint } | null
  return Number(row?.value ?? 0n)
}

export class Spool {
  /** What was there when it was opened and is not in the store. */
  readonly left: Spooled | undefined
  readonly #path: string
  /** Open once there was something to write. */
  #file: number | undefined
  #inode = 0
  #generation: number
  /** Where the next record goes; 0: there is none. */
  #at = 0
  #names: Names = new Map()

  /**
   * @param taken the last generation that the store took
   * @throws what the file system says
   */
  constructor(path: string, taken: number) {
    this.#path = path
    const found = read(path)
    this.#generation = Math.max(taken, found?.generation ?? 0) + 1
    if (found && (found.generation > taken || found.generation === UNKNOWN)) this.left = found.spooled
  }

  /** Whether it was removed or replaced while it was open. */
  get isGone(): boolean {
    if (this.#file === undefined) return false
    return statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode
  }

  /** Returns the bytes that it wrote. @throws what the file system says; nothing is added then */
  append(said: Said): number {
    const names = new Map(this.#names)
    const out = new BlobWriter(APPEND_LEVEL)
    for (const bytes of bytesOf(said, names)) out.write(bytes)
    const blob = out.finish()
    mark(blob, this.#generation)
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(blob.length)
    const head = this.#at === 0 ? [headOf(this.#generation)] : []
    const record = Buffer.concat([...head, length, blob])
    this.#write(record)
    this.#at += record.length
    this.#names = names
    return record.length
  }

  #write(record: Uint8Array): void {
    const file = this.#file ?? this.#open()
    // What is left of an earlier generation, or of a record that found no room, must not stand behind it.
    ftruncateSync(file, this.#at)
    for (let done = 0; done < record.length; )
      done += writeSync(file, record, done, record.length - done, this.#at + done)
  }

  #open(): number {
    makePrivateFile(this.#path)
    this.#file = openSync(this.#path, constants.O_RDWR | constants.O_NOFOLLOW)
    this.#inode = fstatSync(this.#file).ino
    return this.#file
  }

  /** In the transaction with which the store takes all of it. */
  take(db: Database): void {
    const put = 'INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'
    db.query(put).run(COUNTER, this.#generation)
  }

  /** The store has taken all of it: a new generation begins. */
  begin(): void {
    this.#generation++
    this.#at = 0
    this.#names = new Map()
    if (this.#file === undefined) rmSync(this.#path, { force: true })
    else ftruncateSync(this.#file, 0)
  }

  /** `keepFile`: another file has its name now, or something is in it. */
  close(keepFile: boolean): void {
    if (this.#file === undefined) return
    closeSync(this.#file)
    this.#file = undefined
    if (!keepFile && this.#at === 0) rmSync(this.#path, { force: true })
  }
}

function headOf(generation: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, 'latin1')
  head.writeUInt32LE(VERSION, 8)
  head.writeUInt32LE(generation, 12)
  return head
}

/** Undefined where there is no head: nothing was written. */
function read(path: string): { readonly generation: number; readonly spooled: Spooled } | undefined {
  const size = sizeOf(path)
  if (size < HEAD_BYTES) return undefined
  const bytes = size <= MAX_BYTES ? readFileSync(path) : Buffer.alloc(HEAD_BYTES)
  const isOurs = bytes.toString('latin1', 0, 8) === MAGIC && bytes.readUInt32LE(8) === VERSION
  if (!isOurs) return { generation: UNKNOWN, spooled: { records: [], damagedBytes: size } }
  const generation = bytes.readUInt32LE(12)
  return { generation, spooled: recordsIn(bytes, generation) }
}

/** Up to the first that is damaged. The last one may be there in part, as a kill leaves it. */
function recordsIn(bytes: Buffer, generation: number): Spooled {
  const records: Heard[] = []
  const names: Names = new Map()
  let at = HEAD_BYTES
  while (at + LENGTH_BYTES <= bytes.length) {
    const end = at + LENGTH_BYTES + bytes.readUInt32LE(at)
    if (end > bytes.length) break
    try {
      records.push(hear(readBlob(bytes.subarray(at + LENGTH_BYTES, end), generation), names))
    } catch (cause) {
      if (!(cause instanceof DamagedBlob)) throw cause
      return { records, damagedBytes: bytes.length - at }
    }
    at = end
  }
  return { records, damagedBytes: 0 }
}
