import { expect, test } from 'bun:test'
import { Absence } from '../../src/capture/absence'

const fresh = () => ({ absences: 0, ownAbsences: 0, absentNs: 0, absentQueuedNs: 0 })

test('an absence is what goes beyond the rest that was meant', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  // The first look: what was opened before it is no absence.
  absence.back(0, 0)
  let now = 0
  const turn = (restMs: number, lateMs: number) => {
    absence.back(now, 0)
    absence.rest(now, restMs)
    now += restMs + lateMs
  }
  for (let i = 0; i < 100; i++) turn(50, 1)
  expect(absence.longest(now)).toEqual({ ms: 1, queuedMs: 0 })
  expect(counters).toEqual(fresh())
  turn(1, 120)
  turn(50, 0)
  expect(absence.longest(now).ms).toBe(120)
  expect(counters).toEqual({ absences: 1, ownAbsences: 1, absentNs: 120_000_000, absentQueuedNs: 0 })
})

test('a look in between does not end the rest', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  absence.back(0, 0)
  absence.rest(1, 50)
  absence.back(5, 0)
  absence.back(51, 0)
  expect(absence.longest(51).ms).toBe(0)
  absence.back(121, 0)
  expect(absence.longest(121).ms).toBe(70)
})

test('a rest that ends early and begins anew counts from then on', () => {
  const absence = new Absence(fresh())
  absence.back(0, 0)
  absence.rest(0, 500)
  absence.wake(300)
  absence.back(300, 0)
  absence.rest(300, 500)
  absence.back(870, 0)
  expect(absence.longest(870).ms).toBe(70)
})

test('what the machine gave to others is told apart', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  absence.back(0, 10)
  absence.back(100, 90)
  expect(absence.longest(100)).toEqual({ ms: 100, queuedMs: 80 })
  expect(counters).toEqual({ absences: 1, ownAbsences: 0, absentNs: 100e6, absentQueuedNs: 80e6 })
  absence.back(300, 210)
  expect(absence.longest(300)).toEqual({ ms: 200, queuedMs: 120 })
  expect(counters.ownAbsences).toBe(1)
})

test('the longest is of the last minute', () => {
  const absence = new Absence(fresh())
  absence.back(1000, 0)
  absence.back(1300, 0)
  absence.back(1310, 0)
  expect(absence.longest(1310).ms).toBe(300)
  expect(absence.longest(60_900).ms).toBe(300)
  for (let now = 1320; now < 61_500; now += 10) absence.back(now, 0)
  expect(absence.longest(61_500).ms).toBe(10)
})
