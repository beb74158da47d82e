import { expect, test } from 'bun:test'
import { WaitingEntities } from '../../src/capture/waiting-entities'
import { entity } from '../support/entities'

const process = (n: number, comm = 'c') => entity('process', `1:${n}:7`, { comm })

test('the newest of each, of any kind', () => {
  const waiting = new WaitingEntities()
  waiting.add([process(1), entity('pod', '1:1:7', { name: 'x' })])
  waiting.add([process(1, 'later')])
  expect(waiting.all.map(({ value }) => value)).toEqual([{ name: 'x' }, { comm: 'later' }])
  waiting.clear()
  expect(waiting.all).toEqual([])
})

test('while the disk takes none, no more processes wait than a bound, and the oldest are given up', () => {
  const waiting = new WaitingEntities()
  waiting.add([entity('pod', 'p', { name: 'x' })])
  for (let n = 0; n < 50_000; n += 1000) {
    waiting.add(Array.from({ length: 1000 }, (_, i) => process(n + i)))
    waiting.add([process(0, 'lives')])
  }
  const keys = waiting.all.map(({ key }) => key)
  expect(keys.length).toBe(20_001)
  expect(waiting.forgotten).toBe(30_000)
  expect(keys).toContain('p')
  expect(keys).toContain('1:0:7')
  expect(keys).toContain('1:49999:7')
})
