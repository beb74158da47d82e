/** Wakes this thread when a ring fills, so that it needn't look at the ring all the time. */
import { closeSync } from 'node:fs'
import { RingWatch } from './loader'

/** A ring wakes its reader when this fraction of it is full, 1/16 (`wake_bytes` in `bpf/lib/wake.bpf.h`). */
const WAKE_SHARE = 16

/** The knob for an object with a ring of so many bytes. */
export const wakeBytes = (ringBytes: number): Uint32Array => Uint32Array.of(ringBytes / WAKE_SHARE)

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
