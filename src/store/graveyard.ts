/** Chunks that were replaced or expired. They stay while an earlier reader may need them. */
import type { Chunk, DeadChunk } from './chunks'
import { readMarks, removeMark } from './marks'

/**
 * Longer than a result may stream (600 s). A mark that is older belongs to a killed reader, or its reader gets an error
 * that its rows are gone.
 */
const GRACE_SECONDS = 660
/** For readers that can't leave a mark. Most have finished by then. */
const SHORT_GRACE_SECONDS = 10

interface Grave {
  readonly id: number
  readonly bytes: number
  /** By the age of the store. */
  readonly died: number
  /** Marks of the readers that were running. */
  readonly readers: ReadonlySet<string>
}

const NOBODY: ReadonlySet<string> = new Set()

export class Graveyard {
  readonly #dataDir: string
  #graves: Grave[]
  /** When each mark was first met. */
  #met = new Map<string, number>()

  /** `dead`: what writers before this one left; their readers are not waited for. */
  constructor(dataDir: string, dead: readonly DeadChunk[]) {
    this.#dataDir = dataDir
    this.#graves = dead.map(({ id, bytes }) => ({
      id,
      bytes,
      died: Number.NEGATIVE_INFINITY,
      readers: NOBODY,
    }))
  }

  get bytes(): number {
    return this.#graves.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** To be called once the chunks are dead in the file: readers that begin then don't see them. */
  add(chunks: readonly Chunk[], now: number): void {
    const readers = readMarks(this.#dataDir)
    for (const { id, bytes } of chunks) this.#graves.push({ id, bytes, died: now, readers })
  }

  /**
   * Up to `limit` chunks to delete: those without readers, or, with `atOnce`, the longest dead even if they are being
   * read.
   */
  due(now: number, atOnce: boolean, limit: number): readonly number[] {
    if (atOnce) return this.#graves.slice(0, limit).map(({ id }) => id)
    if (!this.#graves.some(({ died }) => now - died >= SHORT_GRACE_SECONDS)) return []
    const under = this.#underWay(now)
    const isDue = ({ died, readers }: Grave) =>
      now - died >= GRACE_SECONDS || (now - died >= SHORT_GRACE_SECONDS && readers.isDisjointFrom(under))
    return this.#graves
      .filter(isDue)
      .slice(0, limit)
      .map(({ id }) => id)
  }

  remove(ids: readonly number[]): void {
    this.#graves = this.#graves.filter(({ id }) => !ids.includes(id))
  }

  /** The marks of living readers. Marks of killed readers are removed. */
  #underWay(now: number): ReadonlySet<string> {
    const marks = readMarks(this.#dataDir)
    const met = new Map<string, number>()
    for (const name of marks) {
      const since = this.#met.get(name) ?? now
      if (now - since >= GRACE_SECONDS) removeMark(this.#dataDir, name)
      else met.set(name, since)
    }
    this.#met = met
    return new Set(met.keys())
  }
}
