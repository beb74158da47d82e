import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { nameOf } from '../../src/metadata/names'
import { openMetadata } from '../../src/metadata/open'
import { readProcess, sharedLibraries, startTicksOf, startTimeOf } from '../../src/metadata/proc'
import { Processes } from '../../src/metadata/processes'
import { entity } from '../support/entities'
import { entitySource } from './kubernetes-of'

const ownTicks = startTicksOf(readFileSync('/proc/self/stat', 'utf8'))

describe('start ticks', () => {
  test('a command name with spaces and parentheses', () => {
    const tail = Array.from({ length: 30 }, (_, i) => String(i + 3)).join(' ')
    expect(startTicksOf(`42 (a) b (c) ${tail.replace('3', 'S')}`)).toBe(22)
  })
  test('a file that is gone', () => expect(startTicksOf('')).toBe(-1))
})

describe('a process', () => {
  test('is read from /proc', () => {
    const seen = readProcess(process.pid, ownTicks)
    expect(seen?.parentPid).toBe(process.ppid)
    expect(seen?.args).toContain('test')
    expect(seen?.exe).toContain('bun')
  })
  test('whose pid belongs to another one by now is unknown', () => {
    expect(readProcess(process.pid, ownTicks - 100)).toBeUndefined()
  })
})

test('a start time lies between boot and now', () => {
  const now = BigInt(Date.now()) * 1_000_000n
  const started = startTimeOf(ownTicks)
  expect(started).toBeGreaterThan(startTimeOf(1))
  expect(Number(now - started) / 1e9).toBeCloseTo(process.uptime(), -1)
  expect(startTimeOf(0)).toBe(0n)
})

describe('shared libraries', () => {
  test('of a living process', () => {
    const libraries = sharedLibraries(process.pid, ownTicks)
    expect(libraries.some((path) => path.includes('libc.'))).toBe(true)
    expect(libraries.every((path) => path.startsWith('/'))).toBe(true)
  })
  test('of another process with its pid', () =>
    expect(sharedLibraries(process.pid, ownTicks - 100)).toEqual([]))
})

describe('processes', () => {
  test('a new one is told once, then only when it is in use after a minute', () => {
    const processes = new Processes('edge', 4_000_000_000)
    const upid = processes.upidOf(process.pid, ownTicks)
    expect(upid).toBe(`4000000000:${process.pid}:${ownTicks}`)
    const nowMs = Date.now()
    expect(processes.takeChanges(nowMs).map((e) => e.key)).toEqual([upid])
    expect(processes.takeChanges(nowMs + 2000)).toEqual([])
    expect(processes.takeChanges(nowMs + 61_000)).toEqual([])
    processes.upidOf(process.pid, ownTicks)
    expect(processes.takeChanges(nowMs + 1).map((e) => e.key)).toEqual([upid])
  })
  test('a pid that is used again is another process', () => {
    const processes = new Processes('edge-1')
    expect(processes.upidOf(1, 7)).not.toBe(processes.upidOf(1, 8))
  })
  test('a dead one keeps its upid and says what is known', () => {
    const processes = new Processes('edge-1')
    const upid = processes.upidOf(4_194_305, 1)
    expect(processes.takeChanges(Date.now())[0]!.value).toMatchObject({ upid, pid: 4_194_305 })
  })
  test('one that is gone at once has the name that the kernel told, and keeps it', () => {
    const processes = new Processes('edge-1')
    const upid = processes.upidOf(4_194_305, 1, 'curl')
    const nowMs = Date.now()
    expect(processes.takeChanges(nowMs)[0]!.value).toMatchObject({ upid, comm: 'curl', cmdline: 'curl' })
    expect(processes.takeChanges(nowMs + 2000)).toEqual([])
  })
  test('what /proc says goes before what the kernel told', () => {
    const processes = new Processes('edge-1')
    processes.upidOf(process.pid, ownTicks, 'other')
    const { comm, cmdline } = processes.takeChanges(Date.now())[0]!.value
    expect(comm).toBe(readFileSync('/proc/self/comm', 'utf8').trimEnd())
    expect(cmdline).toContain('test')
  })
})

describe('the name that stands for a pod', () => {
  const id = 'ab'.repeat(32)
  const cases: [string, Parameters<typeof nameOf>[0], string][] = [
    ['container before unit', { containerId: id, unit: 'x.service', comm: 'c' }, 'abababababab'],
    ['unit before command', { containerId: '', unit: 'nginx.service', comm: 'nginx' }, 'nginx.service'],
    ['the program before its command name', { name: 'node api.js', comm: 'MainThread' }, 'node api.js'],
    ['the command', { containerId: '', unit: '', comm: 'nginx' }, 'nginx'],
    ['a process that was gone at once', { pid: 7 }, ''],
    ['nobody', undefined, ''],
  ]
  for (const [name, info, expected] of cases) test(name, () => expect(nameOf(info)).toBe(expected))
})

test('metadata answers from the entities of the source', () => {
  const value = {
    upid: '1:2:3',
    pid: 2,
    comm: 'nginx',
    cmdline: 'nginx: worker',
    containerId: '',
    unit: '',
    podUid: '',
    host: 'edge',
  }
  const metadata = openMetadata(entitySource([entity('process', '1:2:3', value)]), 'node-1')
  expect(metadata.podName('1:2:3')).toBe('nginx')
  expect(metadata.nodeName('1:2:3')).toBe('edge')
  expect(metadata.podName('1:9:9')).toBe('')
  expect(metadata.podId('1:2:3')).toBe('nginx')
  expect(metadata.podOf('1:2:3')).toBeUndefined()
  expect(metadata.kubernetes.podAt('10.0.0.1')).toBeUndefined()
  expect(metadata.kubernetes.clusterId).toBe('')
})

test('a process whose pod only its container tells has that pod by name and by uid', () => {
  const pod = { id: 'pod-1', name: 'shop/web', namespace: 'shop', ips: [], startNs: '0', stopNs: '0' }
  const metadata = openMetadata(
    entitySource([
      entity('process', '1:2:3', { upid: '1:2:3', comm: 'nginx', containerId: 'c0ffee', podUid: '' }),
      entity('container', 'c0ffee', { id: 'c0ffee', name: 'web', podId: 'pod-1', startNs: '0', stopNs: '0' }),
      entity('pod', 'pod-1', pod),
    ]),
    'edge',
  )
  expect(metadata.podName('1:2:3')).toBe('shop/web')
  expect(metadata.podId('1:2:3')).toBe('pod-1')
})

test('in a cluster, what runs outside of pods has a name and no pod', () => {
  const processes = [
    entity('process', '1:2:3', { upid: '1:2:3', comm: 'kubelet', unit: 'kubelet.service', podUid: '' }),
    entity('process', '1:4:5', { upid: '1:4:5', comm: 'web', podUid: 'pod-9' }),
  ]
  const alone = openMetadata(entitySource(processes), 'edge')
  expect([alone.podName('1:2:3'), alone.podId('1:2:3')]).toEqual(['kubelet.service', 'kubelet.service'])
  const inCluster = openMetadata(
    entitySource([...processes, entity('cluster', 'this', { id: 'this' })]),
    'edge',
  )
  expect([inCluster.podName('1:2:3'), inCluster.podId('1:2:3')]).toEqual(['kubelet.service', ''])
  // A pod that isn't known yet is one.
  expect(inCluster.podId('1:4:5')).toBe('pod-9')
})
