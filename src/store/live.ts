/** Chunks of what is still under way: each append takes the place of the last. */
import type { Database } from 'bun:sqlite'
import { type Chunk, DEAD, LIVE, setLevel } from './chunks'
import type { SealedPiece } from './seal'

export const asLive = ({ table, chunk }: SealedPiece): SealedPiece => ({
  table,
  chunk: { ...chunk, level: LIVE },
})

/**
 * The chunks of a store that is opened, without those of what was under way: left by another writer they stay as they were when
 * it ended, since nobody knows more; left by this one (`isOurs`) they are dead, as it goes on.
 */
export function settleLive(db: Database, chunks: readonly Chunk[], isOurs: boolean): Chunk[] {
  return chunks.flatMap((chunk) => {
    if (chunk.level !== LIVE) return [chunk]
    const level = isOurs ? DEAD : 0
    setLevel(db, chunk.id, level)
    return isOurs ? [] : [{ ...chunk, level }]
  })
}
