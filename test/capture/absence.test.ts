import { expect, test } from 'bun:test'
import { Absence } from '../../src/capture/absence'

test('an absence is what goes beyond the rest that was meant', () => {
  const counters = { absences: 0, absentNs: 0 }
  const absence = new Absence(counters)
  // The first look: what was opened before it is no absence.
  absence.back(0)
  let now = 0
  const turn = (restMs: number, lateMs: number) => {
    absence.back(now)
    absence.rest(restMs)
    now += restMs + lateMs
  }
  for (let i = 0; i < 100; i++) turn(50, 1)
  expect(absence.longestMs(now)).toBe(1)
  expect(counters).toEqual({ absences: 0, absentNs: 0 })
  turn(1, 120)
  turn(50, 0)
  expect(absence.longestMs(now)).toBe(120)
  expect(counters).toEqual({ absences: 1, absentNs: 120_000_000 })
})

test('the longest is of the last minute', () => {
  const absence = new Absence({ absences: 0, absentNs: 0 })
  absence.back(1000)
  absence.back(1300)
  absence.back(1310)
  expect(absence.longestMs(1310)).toBe(300)
  expect(absence.longestMs(60_900)).toBe(300)
  for (let now = 1320; now < 61_500; now += 10) absence.back(now)
  expect(absence.longestMs(61_500)).toBe(10)
})
