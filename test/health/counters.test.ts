/** What is counted, and what is added up. */
import { expect, test } from 'bun:test'
import { COUNTERS } from '../../src/health/counters'

test('a loss is a number of things: no bytes and no time are added to it', () => {
  const sums = Object.entries(COUNTERS).filter(([, { loss }]) => loss !== undefined)
  expect(sums.length).toBeGreaterThan(5)
  for (const [name, { unit }] of sums)
    expect([name, unit]).not.toEqual([name, expect.stringMatching(/^(bytes|ns)$/)])
})
