/** Who is next for a query thread. */
import { describe, expect, test } from 'bun:test'
import { givingWay, type Turn, Turns } from '../../src/runner/turns'

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

  test('one client has the usual threads, another one more', () => {
    const busy = [short('a'), short('a')]
    expect(next([short('a')], busy)).toBe(-1)
    expect(next([short('a'), short('b')], busy)).toBe(1)
    expect(next([short('a'), short('c')], [...busy, short('b')])).toBe(-1)
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
    expect(next([stream('c')], [stream('a'), stream('b')])).toBe(-1)
    expect(next([short('c')], [stream('a'), stream('b')])).toBe(0)
    expect(next([short('a')], [stream('a'), stream('b')])).toBe(0)
  })
})

test('who has most waiting gives way to who has less', () => {
  const waiting = [short('a'), short('b'), short('a'), short('a')]
  expect(givingWay(waiting, 'c')).toBe(3)
  expect(givingWay(waiting, 'b')).toBe(3)
  expect(givingWay(waiting, 'a')).toBe(-1)
  expect(givingWay([short('a'), short('b')], 'c')).toBe(-1)
})
