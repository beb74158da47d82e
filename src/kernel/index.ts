/** Opens the kernel side: a probe tells what isn't available; nothing throws. */
import { Clock } from './clock'
import type { Kernel, KernelOptions, Opened, ProbeStatus } from './kernel'
import { readClocks } from './libc'
import type { RingWatch } from './loader'
import { type ObjectSpec, OpenObject, refusedObject } from './object'
import { mountTracefs, type Tracefs } from './tracefs'
import { watchRings } from './watch'

/** Milliseconds between looks at the wall clock. */
const FOLLOW_MS = 1000

class LinuxKernel implements Kernel {
  readonly enabled: boolean
  readonly probes: readonly ProbeStatus[]
  readonly timeBase: bigint
  readonly clock: Clock
  readonly #objects = new Set<OpenObject<string>>()
  #tracefs: Tracefs | undefined
  #watch: RingWatch | undefined
  #followed = Date.now()

  constructor({ enabled }: KernelOptions) {
    this.enabled = enabled
    this.clock = new Clock(readClocks())
    this.timeBase = this.clock.timeBase
    if (enabled) this.#tracefs = mountTracefs()
    this.probes = this.#tracefs ? [this.#tracefs.status] : []
  }

  now(): number {
    return this.clock.at(readClocks())
  }

  follow(): void {
    const now = Date.now()
    if (Math.abs(now - this.#followed) < FOLLOW_MS) return
    this.#followed = now
    this.clock.follow(readClocks())
  }

  open<P extends string>(spec: ObjectSpec<P>): Opened<P> {
    if (!this.enabled) return refusedObject(spec, 'capture is off', 'Start with --capture=true.')
    return OpenObject.open(spec, this.#objects)
  }

  watch(filling: () => void): boolean {
    this.#watch?.close()
    const maps = [...this.#objects].flatMap(({ ringMaps }) => ringMaps)
    this.#watch = watchRings(maps, filling)
    return this.#watch !== undefined
  }

  missedRuns(): number {
    let missed = 0
    for (const object of this.#objects) missed += object.missedRuns()
    return missed
  }

  close(): void {
    this.#watch?.close()
    this.#watch = undefined
    for (const object of [...this.#objects]) object.close()
    this.#tracefs?.release()
    this.#tracefs = undefined
  }
}

/** Loads nothing yet. Never throws: `probes` tell what is available. */
export function openKernel(options: KernelOptions): Kernel {
  return new LinuxKernel(options)
}

export { closeLeftovers } from './loader'
