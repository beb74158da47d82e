/**
 * Files beside the store for what came within the last minute, where little comes: a second's rows are some hundred bytes here,
 * while each transaction of SQLite's writes whole pages. Only the next writer reads them, and finds something only if this one was
 * killed, or the power cut.
 *
 *     head:   magic 8 bytes · version u32 · generation u32
 *     record: length u32 · a blob (`blob.ts`), which has the generation as its place
 *
 * Once the store has taken all, a new generation begins, in the other one of two files: the last transaction may not be on the disk
 * yet. The store has the number of the last generation that it took, from the same transaction: so nothing is taken twice. What a
 * record says: `spool-record.ts`.
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

/** What a writer left that was killed. */
export interface Spooled {
  readonly records: readonly Heard[]
  /** Bytes that can't be read: what they said is lost. */
  readonly damagedBytes: number
}

export const damagedSpool = (bytes: number): string =>
  `A file with the rows of the last minute was damaged: ${bytes} of its bytes cannot be read. Rows that were only there are lost; how many, nobody can tell.`

const COUNTER = 'spooled'
/** Of a file without a head of ours. The first one is 1. */
const UNKNOWN = 0

/** The last generation that the store took. */
export function takenGeneration(db: Database): number {
  const row = db.query('SELECT value FROM counters WHERE name = ?').get(COUNTER) as { value: bigint } | null
  return Number(row?.value ?? 0n)
}

interface OpenFile {
  readonly number: number
  readonly inode: number
}

export class Spool {
  /** What was there when it was opened and is not in the store. */
  readonly left: Spooled | undefined
  readonly #paths: readonly string[]
  /** By path, once there was something to write. */
  readonly #files = new Map<string, OpenFile>()
  #generation: number
  /** Where the next record goes; 0: there is none. */
  #at = 0
  #names: Names = new Map()

  /**
   * @param taken the last generation that the store took
   * @throws what the file system says
   */
  constructor(paths: readonly string[], taken: number) {
    this.#paths = paths
    const found = paths.flatMap((path) => read(path) ?? [])
    this.#generation = Math.max(taken, ...found.map(({ generation }) => generation)) + 1
    const left = found.filter(({ generation }) => generation > taken || generation === UNKNOWN)
    if (left.length > 0) this.left = joined(left)
  }

  get #path(): string {
    return this.#paths[this.#generation % this.#paths.length]!
  }

  /** Whether a file was removed or replaced while it was open. */
  get isGone(): boolean {
    return this.#files
      .entries()
      .some(([path, { inode }]) => statSync(path, { throwIfNoEntry: false })?.ino !== inode)
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
    const file = (this.#files.get(this.#path) ?? this.#open()).number
    // What is left of an earlier generation, or of a record that found no room, must not stand behind it.
    ftruncateSync(file, this.#at)
    for (let done = 0; done < record.length; )
      done += writeSync(file, record, done, record.length - done, this.#at + done)
  }

  #open(): OpenFile {
    const path = this.#path
    makePrivateFile(path)
    const number = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
    const file = { number, inode: fstatSync(number).ino }
    this.#files.set(path, file)
    return file
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
  }

  /** What an earlier writer left is in the store, and on the disk. */
  clear(): void {
    for (const path of this.#paths) if (!this.#files.has(path)) remove(path)
  }

  /** `keepFiles`: others have their names now, or something is in them. */
  close(keepFiles: boolean): void {
    for (const { number } of this.#files.values()) closeSync(number)
    this.#files.clear()
    if (!keepFiles && this.#at === 0) this.clear()
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // What is in it was taken.
  }
}

/** Of both files, the earlier one first. */
function joined(found: readonly Found[]): Spooled {
  const inOrder = found.toSorted((a, b) => a.generation - b.generation)
  return {
    records: inOrder.flatMap(({ spooled }) => spooled.records),
    damagedBytes: inOrder.reduce((sum, { spooled }) => sum + spooled.damagedBytes, 0),
  }
}

function headOf(generation: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, 'latin1')
  head.writeUInt32LE(VERSION, 8)
  head.writeUInt32LE(generation, 12)
  return head
}

interface Found {
  readonly generation: number
  readonly spooled: Spooled
}

/** Undefined where there is no head: nothing was written. */
function read(path: string): Found | undefined {
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
