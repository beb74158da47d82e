/** Files with functions of TLS libraries: attached once, whatever their names, and let go of; no kernel. */
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place } from '../../../src/sources/tls-libraries/openssl'
import type { Hits, TlsProbe } from '../../../src/sources/tls-libraries/probe'
import { Targets } from '../../../src/sources/tls-libraries/targets'

const scratch = mkdtempSync(join(tmpdir(), 'nixie-targets-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const library = join(scratch, 'library.so')
writeFileSync(library, 'any')

const place = (program: Place['program']): Place => ({ program, function: program, kind: 1, offset: 64 })
const CALLS = [place('tls_around'), place('tls_forget')]
const CIPHER = [place('tls_cipher')]

/** What is attached, by the number of its file. */
class FakeProbe {
  readonly attached: string[] = []
  counts: Hits = { calls: 0, transfers: 0 }
  withoutConnection = 0
  rested = 0

  attach(target: number, _fd: number, places: readonly Place[]) {
    const made = places.map(({ program }) => {
      const name = `${target} ${program}`
      this.attached.push(name)
      return { detach: () => void this.attached.splice(this.attached.indexOf(name), 1) }
    })
    return { attached: made, refused: [] }
  }
  clear(): void {}
  since(): void {}
  hits = () => this.counts
  unlinked = () => this.withoutConnection
  rest(): void {
    this.rested++
  }
}

let probe: FakeProbe
let targets: Targets
beforeEach(() => {
  probe = new FakeProbe()
  targets = new Targets(probe as unknown as TlsProbe)
})

const file = (pid: number, key: string) => ({ pid, key, path: library })
const found = (identity: string, places: readonly Place[]) => ({
  fd: openSync(library, 'r'),
  identity,
  places,
})
const second = (calls: number, transfers = 0) => {
  probe.counts = { calls: probe.counts.calls + calls, transfers: probe.counts.transfers + transfers }
  targets.settle()
}

test('a file that layers of file systems show under several keys is attached once', () => {
  targets.add(file(1, '0:42:7'), found('same', CALLS), 0)
  targets.add(file(2, '0:44:7'), found('same', CALLS), 1)
  targets.add(file(3, '0:44:8'), found('another', CALLS), 2)
  expect(probe.attached).toEqual(['0 tls_around', '0 tls_forget', '1 tls_around', '1 tls_forget'])
  expect(targets.use(file(4, '0:44:7'), 3)).toBe(true)
  expect(targets.statuses).toHaveLength(2)
  const [first] = targets.values()
  expect([...first!.users]).toEqual([1, 2, 4])
  targets.remove(first!)
  expect(probe.attached).toEqual(['1 tls_around', '1 tls_forget'])
  for (const key of ['0:42:7', '0:44:7']) expect(targets.use(file(4, key), 4)).toBe(false)
})

test('keys of one file are bounded: containers come and go', () => {
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  for (let i = 0; i < 3000; i++) targets.add(file(i, `0:${i}:7`), found('same', CALLS), i)
  const [only] = targets.values()
  expect(only!.keys.size).toBe(1024)
  expect(open()).toBe(before + 1)
  expect(targets.use(file(1, '0:2999:7'), 3000)).toBe(true)
  expect(targets.use(file(1, '0:1:7'), 3000)).toBe(false)
})

test('a file is closed with its last probe, and the sockets are no longer looked at', () => {
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  targets.add(file(1, '8:1:7'), found('it', [...CALLS, ...CIPHER]), 0)
  expect(probe.attached).toHaveLength(3)
  expect(open()).toBe(before + 1)
  for (const target of [...targets.values()]) targets.remove(target)
  expect(probe.attached).toEqual([])
  expect(open()).toBe(before)
  expect(probe.rested).toBe(1)
})

test('the probe on ciphertext rests while it is hit often and of no use', () => {
  targets.add(file(1, '8:1:7'), found('crypto', CIPHER), 0)
  for (let i = 0; i < 10; i++) second(500)
  expect(probe.attached).toEqual(['0 tls_cipher'])
  second(5000)
  second(5000, 1)
  for (let i = 0; i < 2; i++) second(5000)
  expect(probe.attached).toEqual(['0 tls_cipher'])
  second(5000)
  expect(probe.attached).toEqual([])
  targets.look()
  expect(probe.attached).toEqual([])
})

test('it is back with a new process, and with data whose connection is not known', () => {
  targets.add(file(1, '8:1:7'), found('crypto', CIPHER), 0)
  const toRest = () => {
    for (let i = 0; i < 4; i++) second(5000)
    expect(probe.attached).toEqual([])
  }
  toRest()
  targets.use(file(1, '8:1:7'), 1)
  expect(probe.attached).toEqual([])
  targets.use(file(2, '8:1:7'), 1)
  expect(probe.attached).toEqual(['0 tls_cipher'])
  toRest()
  targets.look()
  probe.withoutConnection++
  targets.look()
  expect(probe.attached).toEqual(['0 tls_cipher'])
})
