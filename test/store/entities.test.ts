/** Processes come as fast as a local account can start them: what they take on the disk is bounded, and so is their log. */
import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { entity } from '../support/entities'
import { at, events, numbersOf, open, START_MS, second, withDirectory } from './support'

const BUDGET = 8 << 20
const upid = (n: number) => `1:${n}:7`
const process = (n: number, letters: number) =>
  entity('process', upid(n), { upid: upid(n), comm: 'c', cmdline: 'a'.repeat(letters) })
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

/** A minute in which `perSecond` new processes come each second, beside some rows and one process that stays. */
function flood(dir: string, perSecond: number, letters: number) {
  const writer = open(dir, { diskBudgetBytes: BUDGET })
  let largestLog = 0
  for (let s = 0; s < 60; s++) {
    at(writer, START_MS + s * 1000)
    writer.append([{ table: events, batch: second(s, s * 10, 10) }])
    writer.putEntities([
      process(0, 10),
      ...range(1 + s * perSecond, perSecond).map((n) => process(n, letters)),
    ])
    for (let step = 0; step < 100 && writer.maintain(); step++) {
      // As often as there is something to do.
    }
    largestLog = Math.max(largestLog, statSync(join(dir, 'nixie.db-wal')).size)
  }
  return { writer, largestLog }
}

for (const [name, letters, perSecond] of [
  ['long', 1000, 100],
  ['short', 100, 500],
] as const) {
  test(`a flood of processes with ${name} command lines keeps within its share, and pushes out no rows`, () =>
    withDirectory((dir) => {
      const { writer, largestLog } = flood(dir, perSecond, letters)
      const { forgottenProcesses } = writer.stats()
      const reader = openReader(dir, [events])
      const left = reader.entities('process').size
      expect(writer.fileBytes()).toBeLessThan(BUDGET)
      expect(largestLog).toBeLessThan(BUDGET * 0.4)
      expect(numbersOf(reader)).toHaveLength(600)
      expect(left + forgottenProcesses).toBe(60 * perSecond + 1)
      expect(forgottenProcesses).toBeGreaterThan(0)
      // Those that were seen last, and the one that lives on.
      expect(reader.process(upid(0))?.value.comm).toBe('c')
      expect(reader.process(upid(60 * perSecond))?.value.comm).toBe('c')
      expect(reader.process(upid(1))).toBeUndefined()
      reader.close()
      writer.close()
    }))
}

test('the share holds over a restart, and for a store that has more than it', () =>
  withDirectory((dir) => {
    const large = open(dir, { diskBudgetBytes: 1 << 30 })
    large.putEntities(range(0, 2000).map((n) => process(n, 1000)))
    expect(large.maintain()).toBe(false)
    large.close()
    const small = open(dir, { diskBudgetBytes: BUDGET })
    for (let step = 0; step < 100 && small.maintain(); step++) {
      // As often as there is something to do.
    }
    const { forgottenProcesses } = small.stats()
    expect(forgottenProcesses).toBeGreaterThan(1500)
    const reader = openReader(dir, [events])
    expect(reader.entities('process').size).toBe(2000 - forgottenProcesses)
    reader.close()
    small.close()
  }))

test('one process: the newest value, also where there was none', () =>
  withDirectory((dir) => {
    const reader = openReader(dir, [events])
    expect(reader.process('a')).toBeUndefined()
    const writer = open(dir)
    expect(reader.process('a')).toBeUndefined()
    writer.putEntities([entity('process', 'a', { comm: 'nginx' }, 5), entity('pod', 'p', { name: 'x' })])
    const first = reader.process('a')
    expect(first?.value).toEqual({ comm: 'nginx' })
    expect(reader.process('a')).toBe(first)
    expect(reader.process('p')).toBeUndefined()
    writer.putEntities([entity('process', 'a', { comm: 'nginx: worker' }, 9)])
    expect(reader.process('a')).toMatchObject({ value: { comm: 'nginx: worker' }, lastSeenMs: 9 })
    reader.close()
    writer.close()
  }))
