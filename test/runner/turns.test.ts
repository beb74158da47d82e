/** Who is next for a query thread. */
import { describe, expect, test } from 'bun:test'
import { EXTRA_THREADS, givingWay, type Turn, Turns } from '../../src/runner/turns'
import { random as seeded } from '../query/support/tables'

const short = (client: string): Turn => ({ client, lasts: false })
const stream = (client: string): Turn => ({ client, lasts: true })
const next = (waiting: readonly Turn[], running: readonly Turn[], threads = 2) =>
  new Turns().next(waiting, running, threads)

describe('who is next', () => {
  test('the first, where there is room', () => {
    expect(next([short('a'), short('a')], [])).toBe(0)
    expect(next([short('a')], [short('a')])).toBe(0)
    expect(next([], [])).toBe(-1)
  })

  test('one client has the usual threads, three others have one more each', () => {
    const busy = [short('a'), short('a')]
    expect(next([short('a')], busy)).toBe(-1)
    expect(next([short('a'), short('b')], busy)).toBe(1)
    expect(next([short('a'), short('b'), short('c')], [...busy, short('b')])).toBe(2)
    expect(next([short('d')], [...busy, short('b'), short('c')])).toBe(0)
    expect(next([short('e')], [...busy, short('b'), short('c'), short('d')])).toBe(-1)
  })

  test('a client that runs nothing is before one that does, however many that has waiting', () => {
    expect(next([short('a'), short('a'), short('a'), short('b')], [short('a')])).toBe(3)
  })

  test('clients that run as much take turns', () => {
    const turns = new Turns()
    const waiting = ['a', 'a', 'a', 'a', 'b', 'b', 'c'].map(short)
    const order: string[] = []
    for (;;) {
      const place = turns.next(waiting, [], 1)
      if (place < 0) break
      const [turn] = waiting.splice(place, 1)
      turns.began(turn!, waiting)
      order.push(turn!.client)
    }
    expect(order.join('')).toBe('abcabaa')
  })

  test('streams leave a thread to short answers, of the same client too', () => {
    expect(next([stream('a'), short('a')], [stream('a')])).toBe(1)
    expect(next([short('a')], [stream('a'), stream('a')])).toBe(0)
    expect(next([stream('a')], [stream('a')])).toBe(-1)
  })

  test('one client’s stream keeps no other one from having one', () => {
    expect(next([stream('b')], [stream('a')])).toBe(0)
    expect(next([stream('c')], [stream('a'), stream('b')])).toBe(0)
    const streams = ['a', 'b', 'c'].map(stream)
    expect(next([stream('d')], streams)).toBe(-1)
    for (const client of ['a', 'd']) expect(next([short(client)], streams)).toBe(0)
    // Two threads are always left to short answers.
    expect(next([short('d')], [...streams, short('a')])).toBe(0)
  })

  for (const clients of [2, 4, 5, 8, 20]) {
    test(`of ${clients} clients that always ask, each waits for one turn of those before it at most`, () => {
      const waits = longestWaits(clients, 2)
      const bound = Math.ceil((clients - 1) / THREADS) * DEADLINE
      expect(Math.max(...waits)).toBeLessThanOrEqual(bound)
      if (clients <= THREADS - 1) expect(Math.max(...waits)).toBe(0)
    })
  }
})

const THREADS = 2 + EXTRA_THREADS
const DEADLINE = 30

/**
 * Each client has 10 short tasks waiting all the time, which take up to the deadline; after some time one more client asks once, over
 * and over. The longest time for which it waited, for several sequences.
 */
function longestWaits(clients: number, threads: number): number[] {
  return [1, 2, 3].map((seed) => {
    const random = seeded(seed)
    const turns = new Turns()
    const greedy = Array.from({ length: clients - 1 }, (_, i) => `client ${i}`)
    let running: { readonly turn: Turn; readonly until: number }[] = []
    let waiting: Turn[] = []
    let asked: number | undefined
    let longest = 0
    for (let now = 0; now < 3000; now++) {
      running = running.filter(({ until }) => until > now)
      for (const client of greedy)
        while (waiting.filter((turn) => turn.client === client).length < 10) waiting.push(short(client))
      const isModestIdle = [...waiting, ...running.map(({ turn }) => turn)].every(
        ({ client }) => client !== 'modest',
      )
      if (isModestIdle) {
        waiting = [...waiting, short('modest')]
        asked = now
      }
      for (;;) {
        const place = turns.next(
          waiting,
          running.map(({ turn }) => turn),
          threads,
        )
        if (place < 0) break
        const [turn] = waiting.splice(place, 1)
        turns.began(turn!, [...running.map((one) => one.turn), ...waiting])
        running.push({ turn: turn!, until: now + 1 + Math.floor(random() * DEADLINE) })
        if (turn!.client === 'modest') longest = Math.max(longest, now - asked!)
      }
    }
    return longest
  })
}

test('who has most waiting gives way to who has less', () => {
  const waiting = [short('a'), short('b'), short('a'), short('a')]
  expect(givingWay(waiting, 'c')).toBe(3)
  expect(givingWay(waiting, 'b')).toBe(3)
  expect(givingWay(waiting, 'a')).toBe(-1)
  expect(givingWay([short('a'), short('b')], 'c')).toBe(-1)
})
