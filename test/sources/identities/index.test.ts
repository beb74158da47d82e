/** Names of processes where the kernel tells nothing, or not all. */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { newCounters } from '../../../src/health/counters'
import type { Kernel } from '../../../src/kernel/kernel'
import { refusedObject } from '../../../src/kernel/object'
import { Processes } from '../../../src/metadata'
import { startTicksOfPid } from '../../../src/metadata/proc'
import { identities } from '../../../src/sources/identities'
import { eventsPerCpu } from '../../../src/sources/identities/probe'
import type { SourceContext } from '../../../src/sources/source'

test('where the kernel refuses all of it, /proc names processes, and each program is told as missing', () => {
  const kernel = { open: (spec) => refusedObject(spec, 'load: EPERM') } as Kernel
  const processes = new Processes('edge', 1)
  const counters = newCounters()
  const open = identities.open({ kernel, processes, counters } as SourceContext)
  expect(open.probes.length).toBeGreaterThan(0)
  for (const { attached, required, error, hint } of open.probes) {
    expect({ attached, required, error }).toEqual({ attached: false, required: false, error: 'load: EPERM' })
    expect(hint).toContain('root')
  }
  // A process must be looked at while it is there.
  expect(open.isWaiting).toBe(true)
  expect(open.drain!(1000)).toBe(0)
  processes.upidOf(process.pid, startTicksOfPid(process.pid))
  open.tick(0)
  open.close(0)
  expect(counters.lostIdentities).toBe(0)
  const { cmdline, comm } = processes.takeChanges(Date.now())[0]!.value
  expect(cmdline).toContain('test')
  expect(comm).toBe(readFileSync('/proc/self/comm', 'utf8').trimEnd())
})

test('all CPUs share one bound, and none has too little', () => {
  expect(eventsPerCpu(2)).toBe(8000)
  expect(eventsPerCpu(16)).toBe(1000)
  expect(eventsPerCpu(256)).toBe(1000)
})
