/** What the status says in words and sums. */
import { expect, test } from 'bun:test'
import { notReadyReason } from '../../src/api/health-routes'
import { metricsText } from '../../src/api/metrics'
import { captureState, durationWords, lossesOf, promiseWords } from '../../src/api/status'
import { testApp } from '../support/app'
import { until } from '../support/scope'
import { statusOf } from '../support/status'

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
  expect(lossesOf(counters)).toEqual({ ring: 1, missed: 0, gaps: 2, parse: 7, shed: 5, gone: 0, names: 6 })
  expect(lossesOf({})).toEqual({ ring: 0, missed: 0, gaps: 0, parse: 0, shed: 0, gone: 0, names: 0 })
})

test('how capture is, in a word: silence and a store that refuses rows come before all else', () => {
  const none = lossesOf({})
  const well = statusOf({ losses: none })
  expect(captureState(well)).toEqual({ word: 'capturing', mood: 'good' })
  expect(captureState({ ...well, losses: { ...none, gone: 1 } })).toEqual({
    word: 'capturing, with losses',
    mood: 'warn',
  })
  expect(captureState({ ...well, losses: { ...none, gone: 1 } }, false).word).toBe('capturing')
  expect(captureState({ ...well, ready: false })).toEqual({ word: 'not capturing', mood: 'bad' })
  const refused = { ...well, ready: false, store: { ...well.store, error: 'The disk is full' } }
  expect(captureState(refused)).toEqual({ word: 'rows are not stored', mood: 'bad' })
  const unreadable = { ...well, ready: false, store: { ...well.store, unreadable: 'It is no directory' } }
  expect(captureState(unreadable)).toEqual({ word: 'the store cannot be read', mood: 'bad' })
  expect(notReadyReason(unreadable)).toBe('It is no directory')
  expect(metricsText(unreadable)).toContain('nixie_store_unreadable 1\n')
  const silent = {
    ...refused,
    capture: { ...well.capture, error: 'no rows for 70 s', silentSeconds: 70 },
  }
  expect(captureState(silent)).toEqual({ word: 'no rows for 1 m 10 s', mood: 'bad' })
  expect(notReadyReason(silent)).toBe('no rows for 70 s')
  expect(metricsText(silent)).toContain('nixie_capture_silent_seconds 70\n')
  expect(metricsText(silent)).toContain('nixie_store_refuses_rows 1\n')
  expect(metricsText(well)).toContain('nixie_capture_longest_absence_seconds 0.004\n')
})

test('the health that everybody may ask for is not looked up for each of them', async () => {
  let looks = 0
  const status = () => {
    looks++
    return statusOf()
  }
  const { app } = testApp({}, { status })
  const asked = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => app.request(i % 2 ? '/healthz' : '/readyz')),
  )
  expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(200))
  expect(looks).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - asked) / 100))
  const before = looks
  const isLookedUp = async () => (await app.request('/healthz')).ok && looks > before
  await until('it is looked up again', isLookedUp)
})
