/** Every way to attach and detach, refusals, and maps: with an object of the test's own. Needs root, clang and binutils. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openKernel } from '../../src/kernel'
import type { Kernel } from '../../src/kernel/kernel'
import { mapDelete, mapGet, mapSet } from '../../src/kernel/loader'
import type { ObjectSpec } from '../../src/kernel/object'

const CALL = 1
const RETURN = 2
const TICK = 3
const EXIT = 4
const PRINT = 7

const scratch = mkdtempSync(join(tmpdir(), 'nixie-attach-'))
const file = join(scratch, 'attach.bpf.o')
let kernel: Kernel

beforeAll(() => {
  const lib = join(import.meta.dir, '../../bpf/lib')
  const machine = process.arch === 'arm64' ? ['arm64', 'aarch64'] : ['x86', 'x86_64']
  const flags = [
    '-O2',
    '-g',
    `-D__TARGET_ARCH_${machine[0]}`,
    '-idirafter',
    `/usr/include/${machine[1]}-linux-gnu`,
  ]
  const source = join(import.meta.dir, 'attach.bpf.c')
  const { success, stderr } = Bun.spawnSync([
    'clang',
    '-target',
    'bpf',
    ...flags,
    '-I',
    lib,
    '-c',
    source,
    '-o',
    file,
  ])
  if (!success) throw new Error(stderr.toString())
  kernel = openKernel({ enabled: true })
})
afterAll(() => {
  kernel.close()
  rmSync(scratch, { recursive: true })
})

const PROGRAMS = {
  at_call: { purpose: 'calls', placement: 'later' },
  at_return: { purpose: 'returns', placement: 'later' },
  at_tick: { purpose: 'ticks', placement: 'later' },
  at_exit: { purpose: 'exits' },
  at_print: { purpose: 'prints' },
  print_once: { purpose: 'one print', placement: 'later' },
  at_nothing: { purpose: 'nothing' },
  without_end: { purpose: 'no end' },
} as const satisfies ObjectSpec<string>['programs']
type Program = keyof typeof PROGRAMS

const spec = (options: Partial<ObjectSpec<Program>> = {}): ObjectSpec<Program> => ({
  source: 'test_source',
  files: { [process.arch]: file },
  programs: PROGRAMS,
  ...options,
})

function open(options: Partial<ObjectSpec<Program>> = {}) {
  const { probes, object } = kernel.open(spec(options))
  if (!object) throw new Error(probes.map(({ error }) => error).join('\n'))
  return { probes, object }
}

function runs(map: number, program: number): number {
  const value = new BigUint64Array(1)
  return mapGet(map, Uint32Array.of(program), value) ? Number(value[0]) : 0
}

describe('a program that is refused', () => {
  test('costs only itself, and says why', () => {
    const { probes, object } = open()
    const attached = Object.fromEntries(probes.map((probe) => [probe.name, probe.attached]))
    expect(attached).toEqual({
      at_call: true,
      at_return: true,
      at_tick: true,
      at_exit: true,
      at_print: true,
      print_once: true,
      at_nothing: false,
      without_end: false,
    })
    const error = (name: Program) => probes.find((probe) => probe.name === name)!.error
    expect(error('at_nothing')).toContain('nixie_has_no_such_event')
    expect(error('without_end')).not.toContain('nixie_has_no_such_event')
    expect(error('without_end')).toMatch(/infinite loop|back-edge/)
    expect(new Set(probes.map((probe) => probe.source))).toEqual(new Set(['test_source']))
    const map = object.map('runs')
    const before = runs(map, EXIT)
    Bun.spawnSync(['true'])
    expect(runs(map, EXIT)).toBeGreaterThan(before)
    object.close()
  })

  test('that is required leaves nothing loaded', () => {
    const programs = { ...PROGRAMS, at_nothing: { purpose: 'nothing', required: true } }
    const { probes, object } = kernel.open(spec({ programs }))
    expect(object).toBeUndefined()
    expect(probes.every((probe) => !probe.attached)).toBe(true)
    expect(probes.find(({ name }) => name === 'at_exit')!.error).toBe('it is of no use without at_nothing')
  })
})

test('runs that the kernel passed over are counted', () => {
  const { object } = open()
  const map = object.map('runs')
  expect(object.missedRuns()).toBe(0)
  object.iterate('print_once')
  expect(runs(map, PRINT)).toBeGreaterThan(0)
  // Others may print, too: each run of ours has one print within.
  expect(object.missedRuns()).toBe(runs(map, PRINT))
  object.close()
})

/** Calls `work` as often as its first argument says, once its input has come or ended. */
const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) int work(int i) { return rand() + i; }
int main(int count, char **values) {
	int sum = getchar();
	for (int i = 0; i < atoi(values[1]); i++) sum += work(i);
	return sum == 1;
}`

/** Where a function begins in its file: its address less that of its segment, plus the segment's offset. */
function placeOf(path: string, name: string): { path: string; offset: number } {
  const read = (flag: string) => Bun.spawnSync(['readelf', '-W', flag, path]).stdout.toString()
  const symbol = new RegExp(`([0-9a-f]+)\\s+\\d+ FUNC .* ${name}$`, 'm').exec(read('--syms'))
  const address = Number.parseInt(symbol![1]!, 16)
  for (const [, offset, start, size] of read('-l').matchAll(/LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+)/g)) {
    const into = address - Number(start)
    if (into >= 0 && into < Number(size)) return { path, offset: Number(offset) + into }
  }
  throw new Error(`${name} is in no segment of ${path}`)
}

describe('a uprobe', () => {
  const path = join(scratch, 'program')
  beforeAll(() => {
    writeFileSync(`${path}.c`, PROGRAM)
    const { success, stderr } = Bun.spawnSync(['clang', '-O1', '-o', path, `${path}.c`])
    if (!success) throw new Error(stderr.toString())
  })
  const call = (times: number) => Bun.spawnSync([path, String(times)], { stdin: 'ignore' })

  test('counts calls and returns until it is detached', () => {
    const { object } = open()
    const map = object.map('runs')
    const place = placeOf(path, 'work')
    const attachments = [
      object.attachUprobe('at_call', place),
      object.attachUprobe('at_return', { ...place, atReturn: true }),
    ]
    call(7)
    expect([runs(map, CALL), runs(map, RETURN)]).toEqual([7, 7])
    attachments[0]!.detach()
    call(2)
    expect([runs(map, CALL), runs(map, RETURN)]).toEqual([7, 9])
    for (const attachment of attachments) attachment.detach()
    call(2)
    expect([runs(map, CALL), runs(map, RETURN)]).toEqual([7, 9])
    object.close()
  })

  test('in one process leaves the others alone', async () => {
    const { object } = open()
    const one = Bun.spawn([path, '3'], { stdin: 'pipe', stdout: 'ignore' })
    try {
      object.attachUprobe('at_call', { ...placeOf(path, 'work'), pid: one.pid })
      call(5)
      one.stdin.end()
      await one.exited
      expect(runs(object.map('runs'), CALL)).toBe(3)
    } finally {
      one.kill()
      object.close()
    }
  })

  test('where nothing is says so', () => {
    const { object } = open()
    expect(() => object.attachUprobe('at_call', { path: '/no/such/file', offset: 64 })).toThrow(
      /at_call at \/no\/such\/file\+0x40: ENOENT/,
    )
    object.close()
  })
})

test('a clock ticks while processors are busy, until it is detached', () => {
  const { object } = open()
  const map = object.map('runs')
  const clock = object.attachCpuClock('at_tick', 199)
  const busyUntil = (done: () => boolean) => {
    const end = Date.now() + 5000
    while (!done() && Date.now() < end);
  }
  busyUntil(() => runs(map, TICK) >= 20)
  expect(runs(map, TICK)).toBeGreaterThanOrEqual(20)
  clock.detach()
  const after = runs(map, TICK)
  const end = Date.now() + 100
  busyUntil(() => Date.now() > end)
  expect(runs(map, TICK)).toBe(after)
  object.close()
})

describe('maps', () => {
  test('a key is taken out', () => {
    const { object } = open()
    const map = object.map('runs')
    const key = Uint32Array.of(9)
    mapSet(map, key, BigUint64Array.of(1n))
    expect(mapDelete(map, key)).toBe(true)
    expect(runs(map, 9)).toBe(0)
    expect(mapDelete(map, key)).toBe(false)
    object.close()
  })

  test('are shared by objects that say so, also when the one that made it is gone', () => {
    const first = open({ shared: ['runs'] }).object
    const second = open({ shared: ['runs'] }).object
    const apart = open().object
    const key = Uint32Array.of(9)
    mapSet(first.map('runs'), key, BigUint64Array.of(5n))
    first.close()
    const third = open({ shared: ['runs'] }).object
    expect([second, third, apart].map((object) => runs(object.map('runs'), 9))).toEqual([5, 5, 0])
    for (const object of [second, third, apart]) object.close()
  })
})
