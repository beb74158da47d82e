/** tracefs, where the tracepoints are listed. As root Nixie mounts it where it is missing, and unmounts its own mount in the end. */
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { ProbeStatus } from '../health/probe-status'
import { mount, unmount } from './libc'
import { skipsTyped } from './skipped-calls'

const TARGET = '/sys/kernel/tracing'

/** In words, for a kernel of this release: what Nixie lacks without it. */
export const purposeOn = (kernelRelease: string): string =>
  skipsTyped(kernelRelease)
    ? 'The list of tracepoints; without it this kernel skips calls of a program that is preempted, which are counted as lost'
    : 'The list of tracepoints; the probes do without it'

function mounts(): string {
  try {
    return readFileSync('/proc/mounts', 'utf8')
  } catch {
    return ''
  }
}

/** Where a file system of this type is mounted, from the text of /proc/mounts. */
export function mountPoint(mounts: string, type: string): string | undefined {
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => fields[2] === type)?.[1]
}

export interface Tracefs {
  readonly status: ProbeStatus
  /** Undoes what `mountTracefs` did, if it did anything. */
  release(): void
}

/** Never throws: the status tells what was refused. */
export function mountTracefs(): Tracefs {
  const status = (error: string, hint: string): ProbeStatus => ({
    source: 'kernel',
    name: 'tracefs',
    required: false,
    purpose: purposeOn(release()),
    attached: error === '',
    error,
    hint,
  })
  const nothing = () => {}
  if (mountPoint(mounts(), 'tracefs')) return { status: status('', ''), release: nothing }
  const hint = `As root: mount -t tracefs tracefs ${TARGET}`
  if (!existsSync(TARGET)) {
    return { status: status('the kernel has no tracefs', 'It needs CONFIG_TRACING=y.'), release: nothing }
  }
  if (!mount('tracefs', TARGET))
    return { status: status('not mounted, and mounting was refused', hint), release: nothing }
  return { status: status('', ''), release: () => unmount(TARGET) }
}
