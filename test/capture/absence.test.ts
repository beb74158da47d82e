import { expect, test } from 'bun:test'
import { Absence } from '../../src/capture/absence'

const fresh = () => ({
  absences: 0,
  ownAbsences: 0,
  blockedAbsences: 0,
  absentNs: 0,
  absentQueuedNs: 0,
  absentBlockedNs: 0,
  absentDiskNs: 0,
})
const IDLE = { cpuMs: 0, queuedMs: 0 }

test('an absence is what goes beyond the rest that was meant', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  // The first look: what was opened before it is no absence.
  absence.back(0, IDLE)
  let now = 0
  const turn = (restMs: number, lateMs: number) => {
    // It works as long as it is late.
    absence.back(now, { cpuMs: now, queuedMs: 0 })
    absence.rest(now, restMs)
    now += restMs + lateMs
  }
  for (let i = 0; i < 100; i++) turn(50, 1)
  expect(absence.longest(now)).toEqual({ ms: 1, queuedMs: 0, blockedMs: 0 })
  expect(counters).toEqual(fresh())
  turn(1, 120)
  turn(50, 0)
  expect(absence.longest(now).ms).toBe(120)
  expect(counters).toEqual({ ...fresh(), absences: 1, ownAbsences: 1, absentNs: 120_000_000 })
})

test('a look in between does not end the rest', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  absence.back(0, IDLE)
  absence.rest(1, 50)
  absence.back(5, IDLE)
  absence.back(51, IDLE)
  expect(absence.longest(51).ms).toBe(0)
  absence.back(121, IDLE)
  expect(absence.longest(121).ms).toBe(70)
})

test('a rest that ends early and begins anew counts from then on', () => {
  const absence = new Absence(fresh())
  absence.back(0, IDLE)
  absence.rest(0, 500)
  absence.wake(300)
  absence.back(300, IDLE)
  absence.rest(300, 500)
  absence.back(870, IDLE)
  expect(absence.longest(870).ms).toBe(70)
})

test('its own work, what the machine gave to others, and what it waited for are told apart', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  absence.back(0, { cpuMs: 5, queuedMs: 10 })
  absence.back(100, { cpuMs: 25, queuedMs: 90 })
  expect(absence.longest(100)).toEqual({ ms: 100, queuedMs: 80, blockedMs: 0 })
  expect(counters).toEqual({ ...fresh(), absences: 1, absentNs: 100e6, absentQueuedNs: 80e6 })
  absence.back(300, { cpuMs: 95, queuedMs: 210 })
  expect(absence.longest(300)).toEqual({ ms: 200, queuedMs: 120, blockedMs: 10 })
  expect(counters).toMatchObject({ absences: 2, ownAbsences: 1, blockedAbsences: 0 })
  absence.back(600, { cpuMs: 125, queuedMs: 220 })
  expect(absence.longest(600)).toEqual({ ms: 300, queuedMs: 10, blockedMs: 260 })
  expect(counters).toMatchObject({ absences: 3, ownAbsences: 1, blockedAbsences: 1, absentBlockedNs: 270e6 })
})

test('work before it was due is not taken for more than it was away', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  absence.back(0, IDLE)
  absence.rest(0, 50)
  absence.back(60, { cpuMs: 40, queuedMs: 0 })
  expect(absence.longest(60)).toEqual({ ms: 10, queuedMs: 0, blockedMs: 0 })
})

test('the longest is of the last minute', () => {
  const absence = new Absence(fresh())
  absence.back(1000, IDLE)
  absence.back(1300, IDLE)
  absence.back(1310, IDLE)
  expect(absence.longest(1310).ms).toBe(300)
  expect(absence.longest(60_900).ms).toBe(300)
  for (let now = 1320; now < 61_500; now += 10) absence.back(now, IDLE)
  expect(absence.longest(61_500).ms).toBe(10)
})

test('of what it waited for, the disk is told from the rest', () => {
  const counters = fresh()
  const absence = new Absence(counters)
  absence.back(0, IDLE)
  absence.stored(40, { cpuMs: 5, queuedMs: 5 })
  absence.stored(20, { cpuMs: 25, queuedMs: 0 })
  absence.back(100, { cpuMs: 30, queuedMs: 10 })
  expect(counters).toMatchObject({ blockedAbsences: 1, absentBlockedNs: 60e6, absentDiskNs: 30e6 })
  // What was before the last look is over.
  absence.back(200, { cpuMs: 30, queuedMs: 10 })
  expect(counters).toMatchObject({ blockedAbsences: 2, absentBlockedNs: 160e6, absentDiskNs: 30e6 })
})
