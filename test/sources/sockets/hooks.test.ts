/** Which hooks are taken: the best that the kernel has, and what they stand in for is said. */
import { describe, expect, test } from 'bun:test'
import type { Kernel, Opened } from '../../../src/kernel/kernel'
import { type ObjectSpec, OpenObject, type RawObject } from '../../../src/kernel/object'
import { hooksInOrder, openHooks } from '../../../src/sources/sockets/hooks'

/** A kernel that attaches none of these programs. */
function refusing(programs: readonly string[]): Kernel {
  const make = (): RawObject => ({
    setKnob: () => {},
    setMaxEntries: () => {},
    reuseMap: () => {},
    setAutoload: () => {},
    load: () => {},
    attach(name) {
      if (programs.includes(name)) throw new Error(`${name}: ENOENT: no such tracepoint\nand more`)
      return 0
    },
    attachUprobe: () => 0,
    attachUprobes: () => 0,
    attachCpuClock: () => 0,
    attachCgroup(name) {
      if (programs.includes(name)) throw new Error(`${name} at /sys/fs/cgroup: EPERM`)
      return 0
    },
    detach: () => {},
    iterate: () => new ArrayBuffer(0),
    missedRuns: () => 0,
    map: () => 3,
    close: () => {},
  })
  return {
    enabled: true,
    probes: [],
    timeBase: 0n,
    clock: { base: { high: 0, low: 0 }, correctionNs: 0 },
    now: () => 0,
    follow: () => {},
    watch: () => false,
    missedRuns: () => 0,
    open: <P extends string>(spec: ObjectSpec<P>): Opened<P> => {
      const files = { [process.arch]: import.meta.path }
      return OpenObject.open({ ...spec, files }, new Set(), make)
    },
    close: () => {},
  }
}

const open = (refused: readonly string[]) =>
  openHooks(refusing(refused), { source: 'socket_tracer' }, ['typed', 'classic', 'exit'])

test.each([
  ['5.8.0', 'typed'],
  ['6.18.44-fc', 'typed'],
  ['7.1.9', 'typed'],
  ['7.2.0-rc1', 'classic'],
  ['7.10.3', 'classic'],
  ['8.0', 'classic'],
] as const)('Linux %s: %s first, the exit of calls last', (release, first) => {
  const order = hooksInOrder(release)
  expect(order[0]).toBe(first)
  expect(order.at(-1)).toBe('exit')
  expect(order.toSorted()).toEqual(['classic', 'exit', 'typed'])
})

describe('by trying', () => {
  test('the first that is taken, which stands in for nothing', () => {
    const { hooks, probes } = open([])
    expect(hooks).toBe('typed')
    expect(probes.every(({ attached, hint }) => attached && hint === '')).toBe(true)
  })

  test('what stands in for better ones says for which, and why', () => {
    const { hooks, probes } = open(['sent_typed', 'received_classic'])
    expect(hooks).toBe('exit')
    expect(probes.every(({ attached, error }) => attached && error === '')).toBe(true)
    const { hint } = probes.find(({ name }) => name === 'sys_exit')!
    expect(hint).toContain('typed tracepoints of sockets (sent_typed: ENOENT: no such tracepoint)')
    expect(hint).toContain('classic tracepoints of sockets (received_classic: ')
    expect(hint).not.toContain('and more')
  })

  test('without the programs of the control group received datagrams have no peers: the exit of calls it is', () => {
    const { hooks, probes } = open(['datagram_from_v6'])
    expect(hooks).toBe('exit')
    expect(probes.find(({ name }) => name === 'sys_exit')!.hint).toContain(
      'datagram_from_v6 at /sys/fs/cgroup: EPERM',
    )
  })

  test('a kernel that takes none shows what the last one lacks', () => {
    const { object, probes } = open(['sent_typed', 'received_classic', 'sys_exit'])
    expect(object).toBeUndefined()
    expect(probes.find(({ required }) => required)).toMatchObject({ name: 'sys_exit', attached: false })
  })
})
