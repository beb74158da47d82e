/** Chunks of exchanges that are still under way. Each append replaces them. */
import type { Database } from 'bun:sqlite'
import { type Chunk, DEAD, LIVE, setLevel } from './chunks'
import type { SealedPiece } from './seal'

export const asLive = ({ table, chunk }: SealedPiece): SealedPiece => ({
  table,
  chunk: { ...chunk, level: LIVE },
})

/**
 * The chunks of a store that is opened, without those of what was under way: those of another writer stay as they were
 * when it ended, since no more is known; those of this writer (`isOurs`) are dead, since it writes new ones.
 */
export function settleLive(db: Database, chunks: readonly Chunk[], isOurs: boolean): Chunk[] {
  return chunks.flatMap((chunk) => {
    if (chunk.level !== LIVE) return [chunk]
    const level = isOurs ? DEAD : 0
    setLevel(db, chunk.id, level)
    return isOurs ? [] : [{ ...chunk, level }]
  })
}
