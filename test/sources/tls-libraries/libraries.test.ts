/** Which files are probed, while processes come and go and the kernel refuses for a while; no kernel. */
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LeftOut } from '../../../src/sources/left-out'
import type { SourceContext } from '../../../src/sources/source'
import type { Finding, Passed } from '../../../src/sources/tls-libraries/inspect'
import { Libraries, type Looks } from '../../../src/sources/tls-libraries/libraries'
import type { MappedFile } from '../../../src/sources/tls-libraries/mapped'
import type { Place } from '../../../src/sources/tls-libraries/openssl'
import type { TlsProbe } from '../../../src/sources/tls-libraries/probe'
import { UnreadTls } from '../../../src/streams/unread-tls'

const scratch = mkdtempSync(join(tmpdir(), 'nixie-libraries-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const path = join(scratch, 'library.so')
writeFileSync(path, 'any')

const PLACES: readonly Place[] = [{ program: 'tls_around', function: 'SSL_read', kind: 1, offset: 64 }]
const descriptors = () => readdirSync('/proc/self/fd').length

/** A machine whose processes map files. */
class Machine implements Looks {
  nowNs = 0
  /** Process → keys of the files that it runs. */
  readonly processes = new Map<number, string[]>()
  readonly passed = new Set<string>()
  readonly attached = new Set<number>()
  attachments = 0
  tries = 0
  refusal: string | undefined
  withoutDescriptors = false
  queue: string[] = []
  /** Called when the processes have been listed. */
  listed = () => {}

  map(pid: number, key: string): void {
    this.processes.set(pid, [key])
    this.queue.push(`${pid} ${key.replaceAll(':', ' ')} ${path}`)
  }

  openMappings = () => ({ take: () => this.queue.splice(0), close: () => {} })
  processIds = () => {
    const ids = [...this.processes.keys()]
    this.listed()
    return ids
  }
  codeOf = (pid: number): MappedFile[] | undefined => {
    if (this.withoutDescriptors) return undefined
    return (this.processes.get(pid) ?? []).map((key) => ({ pid, key, path }))
  };
  *inspect({ key }: MappedFile, known?: Passed): Generator<void, Finding> {
    yield
    const identity = `${key} ${this.passed.has(key)}`
    if (known?.identity === identity) return known
    if (this.passed.has(key)) return { identity, why: undefined }
    return { fd: openSync(path, 'r'), identity, places: PLACES }
  }

  readonly probe = {
    attach: (target: number, _fd: number, places: readonly Place[]) => {
      if (places.length === 0) return { attached: [], refused: [] }
      this.tries++
      if (this.refusal !== undefined) return { attached: [], refused: [new Error(this.refusal)] }
      this.attached.add(target)
      this.attachments++
      return { attached: [{ detach: () => void this.attached.delete(target) }], refused: [] }
    },
    clear: () => {},
    since: () => {},
    hits: () => ({ calls: 1, transfers: 1 }),
    unlinked: () => 0,
    rest: () => {},
    close: () => {},
  }
}

let machine: Machine
let libraries: Libraries

beforeEach(() => {
  machine = new Machine()
  const context = { kernel: { now: () => machine.nowNs }, unread: new UnreadTls() }
  libraries = new Libraries(
    [],
    machine.probe as unknown as TlsProbe,
    new LeftOut('on', () => ''),
    context as unknown as SourceContext,
    machine,
  )
})

const drain = () => {
  do libraries.drain()
  while (libraries.isWaiting)
}
const pass = (seconds: number) => {
  for (let i = 0; i < seconds; i++) {
    machine.nowNs += 1e9
    drain()
    libraries.tick(machine.nowNs)
    drain()
  }
}
const KEY = '8:1:77'

test('a file that nobody runs any more is let go of; one that somebody runs stays', () => {
  machine.map(101, KEY)
  machine.map(102, '8:1:78')
  pass(2)
  expect(machine.attached.size).toBe(2)
  machine.processes.delete(101)
  pass(60)
  expect(machine.attached.size).toBe(1)
})

test('a process that begins while unused files are looked for finds its file attached', () => {
  machine.map(101, KEY)
  machine.map(102, '8:1:78')
  pass(2)
  expect(machine.attachments).toBe(2)
  machine.processes.delete(101)
  // Its mapping waits in the queue while the last of the others is looked at.
  machine.listed = () => {
    if (!machine.processes.has(103)) machine.map(103, KEY)
  }
  pass(60)
  expect(machine.processes.has(103)).toBe(true)
  expect(machine.attached.size).toBe(2)
  expect(machine.attachments).toBe(2)
})

test('another file that gets the inode of a known one is found a second later, without a further mapping', () => {
  machine.passed.add(KEY)
  machine.map(101, KEY)
  drain()
  machine.passed.delete(KEY)
  machine.nowNs += 0.2e9
  machine.map(102, KEY)
  drain()
  expect(machine.attached.size).toBe(0)
  pass(2)
  expect(machine.attached.size).toBe(1)
})

test('what is refused for lack of descriptors is told, and tried again ever later, until it succeeds', () => {
  const before = descriptors()
  machine.refusal = 'bpf_link_create: EMFILE'
  machine.map(101, KEY)
  pass(1)
  const [told] = libraries.probes
  expect(told).toMatchObject({ name: KEY, attached: false })
  expect(told?.error).toContain('EMFILE')
  expect(told?.error).toContain('tried again')
  expect(told?.hint).toContain('LimitNOFILE')
  pass(600)
  expect(machine.tries).toBeGreaterThan(10)
  expect(machine.tries).toBeLessThan(20)
  expect(libraries.probes).toHaveLength(1)
  expect(descriptors()).toBe(before)
  machine.refusal = undefined
  pass(61)
  expect(machine.attached.size).toBe(1)
  expect(libraries.probes).toMatchObject([{ name: path, attached: true, error: '' }])
})

test('what is refused for good is not tried again', () => {
  machine.refusal = 'perf_event_open: EINVAL'
  machine.map(101, KEY)
  pass(100)
  expect(machine.tries).toBe(1)
  expect(libraries.probes).toMatchObject([{ name: path, attached: false }])
})

test('a program that ended while its file was refused is no longer told', () => {
  machine.refusal = 'bpf_link_create: EMFILE'
  machine.map(101, KEY)
  pass(1)
  machine.processes.delete(101)
  pass(10)
  expect(libraries.probes).toEqual([])
})

test('without descriptors nothing is taken to be unused', () => {
  machine.map(101, KEY)
  pass(2)
  machine.withoutDescriptors = true
  pass(100)
  expect(machine.attached.size).toBe(1)
})

test('files beyond those that can be attached at one time get the place of one that is let go of', () => {
  for (let i = 0; i < 257; i++) machine.map(1000 + i, `8:1:${i}`)
  pass(2)
  expect(machine.attached.size).toBe(256)
  const refused = libraries.probes.filter(({ attached }) => !attached)
  expect(refused).toMatchObject([{ name: '8:1:256' }])
  for (let i = 0; i < 200; i++) machine.processes.delete(1000 + i)
  pass(120)
  expect(machine.attached.size).toBe(57)
  expect(libraries.probes.filter(({ attached }) => !attached)).toEqual([])
})
