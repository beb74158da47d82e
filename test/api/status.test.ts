/** What the status says in words and sums. */
import { expect, test } from 'bun:test'
import { durationWords, lossesOf, promiseWords } from '../../src/api/status'

test('durations in their two largest units', () => {
  const cases: [number, string][] = [
    [-3, '0 s'],
    [0.4, '0 s'],
    [59.9, '59 s'],
    [60, '1 m'],
    [61, '1 m 1 s'],
    [3600, '1 h'],
    [3605, '1 h'],
    [62_400, '17 h 20 m'],
    [86_400, '1 d'],
    [90_061, '1 d 1 h'],
  ]
  for (const [seconds, words] of cases) expect(durationWords(seconds)).toBe(words)
})

test('the promise names the budget only when it is the reason', () => {
  expect(promiseWords(62_400, 86_400, false)).toBe('17 h 20 m kept')
  expect(promiseWords(62_400, 86_400, true)).toBe('17 h 20 m kept of 1 d: the disk budget is full')
})

test('losses are the sums of the counters that declare them', () => {
  const counters = {
    events: 9,
    ringLostEvents: 1,
    gaps: 2,
    parseFailures: 3,
    unpairedFrames: 4,
    shedRows: 5,
    lostIdentities: 6,
  }
  expect(lossesOf(counters)).toEqual({ ring: 1, gaps: 2, parse: 7, shed: 5, names: 6 })
  expect(lossesOf({})).toEqual({ ring: 0, gaps: 0, parse: 0, shed: 0, names: 0 })
})
