import { describe, expect, test } from 'bun:test'
import { Crowd, Shares } from '../../../src/sources/sockets/shares'

function charged(
  ...connections: readonly (readonly [id: number, events: number, ns: number, bytes: number])[]
) {
  const shares = new Shares()
  for (const [id, events, ns, bytes] of connections)
    for (let i = 0; i < events; i++) shares.charge(id, ns, bytes)
  return shares
}

describe('who has to rest', () => {
  test('the dearest, until half is free', () => {
    const shares = charged([1, 3, 10, 100], [2, 180, 10, 100], [3, 60, 10, 100], [4, 57, 10, 100])
    expect(shares.takeDearest()).toEqual([2])
    expect(shares.takeDearest()).toEqual([])
  })

  test('who takes the time with few bytes, and who takes the bytes in little time', () => {
    const others = Array.from({ length: 35 }, (_, i) => [3 + i, 10, 10, 100] as const)
    expect(charged([1, 350, 80, 10], ...others).takeDearest()).toEqual([1])
    expect(charged([1, 350, 1, 8000], ...others).takeDearest()).toEqual([1])
  })

  test('one alone, and one of two', () => {
    expect(charged([1, 300, 10, 100]).takeDearest()).toEqual([1])
    expect(charged([1, 300, 10, 100], [2, 20, 10, 100]).takeDearest()).toEqual([1])
  })

  test('among many that are alike nobody, and those that say little least of all', () => {
    const alike = Array.from({ length: 100 }, (_, i) => [100 + i, 10, 10, 8000] as const)
    expect(charged(...alike).takeDearest()).toEqual([])
    // An exchange costs as much as some large calls, but few bytes.
    const innocent = [1, 2, 3].map((id) => [id, 4, 60, 200] as const)
    expect(charged(...innocent, ...alike, [99, 100, 10, 8000]).takeDearest()).toEqual([99])
  })

  test('nobody for an event that a collection of garbage fell upon', () => {
    const alike = Array.from({ length: 30 }, (_, i) => [100 + i, 100, 20_000, 100] as const)
    const shares = charged(...alike)
    shares.charge(1, 50e6, 100)
    expect(shares.takeDearest()).toEqual([])
  })

  test('nobody while little was seen', () => {
    expect(charged([1, 50, 10, 100], [2, 5, 10, 100]).takeDearest()).toEqual([])
  })
})

test('somebody has to rest when the ring goes on to fill, and again only when it grew all the same', () => {
  const crowd = new Crowd()
  // The first look at a full ring begins to measure: the cause isn't known yet.
  expect(crowd.look(0.8)).toBe(false)
  expect(crowd.isWatching).toBe(true)
  expect(crowd.look(0.8)).toBe(true)
  // What they had said before is in the ring still.
  for (const fill of [0.82, 0.84, 0.8, 0.78, 0.82]) expect(crowd.look(fill), String(fill)).toBe(false)
  expect(crowd.look(0.84)).toBe(true)
  expect(crowd.look(0.95)).toBe(true)
  expect(crowd.look(0.95)).toBe(false)
  for (const fill of [0.6, 0.2, 0.6]) expect(crowd.look(fill), String(fill)).toBe(false)
  expect(crowd.look(0.76)).toBe(true)
})
