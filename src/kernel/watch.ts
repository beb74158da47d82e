/** Wakes this thread when a ring fills, so that it needn't look at the ring all the time. */
import { closeSync } from 'node:fs'
import { RingWatch } from './loader'

/**
 * Calls `filling`, on this thread, whenever one of the rings fills; undefined when that isn't possible.
 *
 * @param maps the rings' descriptors
 */
export function watchRings(maps: readonly number[], filling: () => void): RingWatch | undefined {
  if (maps.length === 0) return undefined
  try {
    const watch = new RingWatch(maps)
    void listen(watch, filling)
    return watch
  } catch {
    return undefined
  }
}

async function listen(watch: RingWatch, filling: () => void): Promise<void> {
  const { pipe } = watch
  try {
    for await (const _ of Bun.file(pipe).stream()) if (watch.isOpen) filling()
  } finally {
    closeSync(pipe)
  }
}
