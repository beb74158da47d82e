/** Lists of CPUs, and how it is told that one went and came again. */
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listed, onlineCpus } from '../../src/kernel/cpus'

const folder = mkdtempSync(join(tmpdir(), 'nixie-cpus-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['0\n', [0]],
  ['0-3\n', [0, 1, 2, 3]],
  ['0,2-3,7\n', [0, 2, 3, 7]],
])('%j', (list, cpus) => expect(listed(list)).toEqual(cpus))

test('a CPU that goes, comes, or does both between two looks', () => {
  const online = (list: string) => writeFileSync(join(folder, 'online'), list)
  const topology = (cpu: number) => join(folder, `cpu${cpu}`, 'topology')
  for (const cpu of [0, 1]) mkdirSync(topology(cpu), { recursive: true })
  online('0-1\n')
  const both = onlineCpus(folder)
  expect(onlineCpus(folder)).toBe(both)
  // The old folder stays, so that the new one can't have its number.
  renameSync(topology(1), join(folder, 'before'))
  mkdirSync(topology(1))
  const again = onlineCpus(folder)
  expect(again).not.toBe(both)
  online('0\n')
  expect([both, again]).not.toContain(onlineCpus(folder))
  rmSync(join(folder, 'online'))
  expect(onlineCpus(folder)).toBe('')
})
