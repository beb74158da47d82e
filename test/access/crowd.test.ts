/** Which connections go when there are too many. */
import { describe, expect, test } from 'bun:test'
import { type Held, surplus } from '../../src/access/crowd'

const LIMITS = { perClient: 4, total: 8 }

const held = (client: string, count: number, hasAsked = false): Held[] =>
  Array.from({ length: count }, (_, sinceMs) => ({ client, hasAsked, sinceMs }))

const countsOf = (all: readonly Held[]) =>
  Object.fromEntries(
    [...Map.groupBy(all, ({ client }) => client)].map(([client, { length }]) => [client, length]),
  )

/** How many of each client stay. */
const staying = (all: readonly Held[]) => {
  const going = new Set(surplus(all, LIMITS))
  return countsOf(all.filter((one) => !going.has(one)))
}

describe('connections that go', () => {
  test('none within the bounds', () =>
    expect(surplus([...held('a', 4), ...held('b', 4)], LIMITS)).toEqual([]))

  test('those of one client beyond its bound, of others none', () => {
    expect(staying([...held('a', 100), ...held('b', 3)])).toEqual({ a: 4, b: 3 })
  })

  test('beyond the total, those of whoever has most', () => {
    expect(staying([...held('a', 4), ...held('b', 4), ...held('c', 1), ...held('d', 2)])).toEqual({
      a: 2,
      b: 2,
      c: 1,
      d: 2,
    })
  })

  test('more clients than places: so many stay as there are', () => {
    const all = Array.from({ length: 50 }, (_, i) => held(`client ${i}`, 3)).flat()
    expect(surplus(all, LIMITS)).toHaveLength(150 - 8)
    expect(new Set(surplus(all, LIMITS)).size).toBe(150 - 8)
  })

  test('what never asked goes first, then the newest', () => {
    const asked = held('a', 6, true)
    const silent = held('a', 2)
    expect(surplus([...asked, ...silent], LIMITS)).toEqual([silent[1]!, silent[0]!, asked[5]!, asked[4]!])
  })
})
