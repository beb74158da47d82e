import { expect, test } from 'bun:test'
import { Pulse, PulseWatch } from '../../src/capture/pulse'

test('silence begins with the last beat, and ends with the next', () => {
  const watch = new PulseWatch(0)
  const pulse = new Pulse(watch.shared)
  for (let now = 0; now <= 5000; now += 250) {
    pulse.beat(now + 7)
    watch.look(now)
    expect(watch.silentMs(now)).toBe(0)
  }
  for (let now = 5250; now <= 75_000; now += 250) watch.look(now)
  expect(watch.silentMs(75_000)).toBe(70_000)
  expect(watch.watchedMs).toBe(70_000)
  pulse.beat(75_250 + 7)
  watch.look(75_250)
  expect(watch.silentMs(75_250)).toBe(0)
  expect(watch.watchedMs).toBe(0)
})

test('a thread that is only slow is not silent', () => {
  const watch = new PulseWatch(0)
  const pulse = new Pulse(watch.shared)
  for (let now = 0; now <= 20_000; now += 250) {
    if (now % 1000 === 0) pulse.beat(now + 7)
    watch.look(now)
    expect(watch.silentMs(now)).toBe(0)
  }
})

test('silence counts from the beat, not from when main saw it', () => {
  const watch = new PulseWatch(0)
  const pulse = new Pulse(watch.shared)
  const AHEAD_MS = 5000
  pulse.beat(1000 - AHEAD_MS)
  watch.look(1000)
  pulse.beat(1500 - AHEAD_MS)
  watch.look(2250)
  expect(watch.silentMs(3000)).toBe(0)
  expect(watch.silentMs(3200)).toBe(1700)
})

test('what main slept through itself is shown, but not held against the thread', () => {
  const watch = new PulseWatch(0)
  watch.look(250)
  watch.look(90_250)
  expect(watch.silentMs(90_250)).toBe(90_250)
  expect(watch.watchedMs).toBe(1500)
})
