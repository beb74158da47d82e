/**
 * What came within the last minute and waits for the store, where little comes. It is in the spool, too, so that a kill costs none
 * of it.
 */
import { codeOf } from '../errors'
import type { Entity } from '../records/entities'
import type { RowsOf } from './seal'
import type { Spool, Spooled } from './spool'
import type { Said } from './spool-record'
import type { Uptime } from './uptime'

const HOLD_SECONDS = 60
/** What comes at once and is more than this is stored at once: transactions are worth their pages then. */
const STEP_ROWS = 256
const STEP_BYTES = 128 << 10
/** All that is held: it takes memory, and is stored in one step. */
const MOST_ROWS = 4096
const MOST_BYTES = 1 << 20
const MOST_ENTITIES = 1000

export class Held {
  /** In the order in which they came. */
  rows: readonly RowsOf[] = []
  /** The last rows of what is under way; undefined while those of the store are the last. */
  live: readonly RowsOf[] | undefined
  readonly #uptime: Uptime
  readonly #entities = new Map<string, Entity>()
  /** What has it, too. */
  #spool: Spool | undefined
  #since = 0
  #count = 0
  #bytes = 0

  constructor(uptime: Uptime) {
    this.#uptime = uptime
  }

  get isEmpty(): boolean {
    return this.rows.length === 0 && this.live === undefined && this.#entities.size === 0
  }

  get isOld(): boolean {
    return !this.isEmpty && this.#uptime.seconds() - this.#since >= HOLD_SECONDS
  }

  get entities(): readonly Entity[] {
    return [...this.#entities.values()]
  }

  /** Whether it holds one of them, as it was before. */
  knows(entities: readonly Entity[]): boolean {
    return entities.some((entity) => this.#entities.has(keyOf(entity)))
  }

  /** Whether more may wait there. What another spool has, or none, can't. */
  hasRoom(spool: Spool, rows: readonly RowsOf[], entities: readonly Entity[] = []): boolean {
    if (!this.isEmpty && (this.#spool !== spool || this.isOld)) return false
    const count = countOf(rows)
    const entitiesThen = this.#entities.size + entities.length
    return count <= STEP_ROWS && this.#count + count <= MOST_ROWS && entitiesThen <= MOST_ENTITIES
  }

  /**
   * Spools what was said and holds it; returns the bytes that this wrote, or undefined if it is too much, or the file can't be
   * written: the store can tell better what is wrong there.
   */
  add(spool: Spool, said: Said, rows: readonly RowsOf[], live?: readonly RowsOf[]): number | undefined {
    const bytes = bytesOf(said)
    if (bytes > STEP_BYTES || this.#bytes + bytes > MOST_BYTES) return undefined
    let written: number
    try {
      written = spool.append(said)
    } catch (cause) {
      if (codeOf(cause) === undefined) throw cause
      return undefined
    }
    this.#hold(rows, live, said.entities)
    this.#spool = spool
    this.#bytes += bytes
    return written
  }

  /** Takes what a killed writer left; nothing can be added until it is stored. What was under way stays as it was: no more is known. */
  take({ records }: Spooled): void {
    for (const { rows, entities } of records) this.#hold(rows, undefined, entities)
    this.#hold(records.findLast(({ live }) => live)?.live ?? [], undefined, [])
  }

  #hold(rows: readonly RowsOf[], live: readonly RowsOf[] | undefined, entities: readonly Entity[]): void {
    if (this.isEmpty) this.#since = this.#uptime.seconds()
    this.rows = [...this.rows, ...rows]
    this.live = live ?? this.live
    for (const entity of entities) this.#entities.set(keyOf(entity), entity)
    this.#count += countOf(rows)
  }

  /** The store has all of it. */
  clear(): void {
    this.rows = []
    this.live = undefined
    this.#entities.clear()
    this.#spool = undefined
    this.#count = 0
    this.#bytes = 0
  }
}

const keyOf = ({ kind, key }: Entity): string => `${kind}:${key}`

const countOf = (rows: readonly RowsOf[]): number => rows.reduce((sum, { batch }) => sum + batch.rows, 0)

function bytesOf({ rows, live = [], entities }: Said): number {
  let bytes = 0
  for (const { chunk } of [...rows, ...live]) for (const { rawBytes } of chunk.columns) bytes += rawBytes
  for (const { value } of entities) bytes += JSON.stringify(value).length
  return bytes
}
