/** Whether a client waits for each answer, by its pauses and by its server's answers. */
import { describe, expect, test } from 'bun:test'
import { Patience } from '../../../src/protocols/lib/patience'

const MS = 1e6

/** Exchanges as [pause, answer] in ms; whether they show a client that waits. */
function shown(exchanges: readonly (readonly [number, number])[], isInOneGo = false): boolean {
  const patience = new Patience()
  for (const [pause, answer] of exchanges) patience.exchanged(pause * MS, answer * MS, isInOneGo)
  return patience.isShown
}

const often = (count: number, one: (n: number) => readonly [number, number]) =>
  Array.from({ length: count }, (_, n) => one(n))

describe('pauses', () => {
  test.each<[string, boolean, readonly (readonly [number, number])[]]>([
    ['one that is very long', true, [[1000, 1]]],
    ['one that is not so long by itself', false, [[1000, 50]]],
    [
      'two long ones of different lengths',
      true,
      [
        [400, 50],
        [700, 50],
      ],
    ],
    [
      'two of one length: the server may take just as long',
      false,
      [
        [400, 50],
        [410, 50],
      ],
    ],
    ['short ones of one length, however many', false, often(200, () => [100, 2])],
    ['longer ones of one length', false, often(39, () => [200, 20])],
    ['very many of these', true, often(40, () => [200, 20])],
    ['that scatter more than the answers', true, often(20, (n) => [100 + 5 * n, 90 + (n % 3)])],
    [
      'that scatter as much as the answers',
      false,
      often(500, (n) => [100 + 5 * (n % 20), 200 - 5 * (n % 20)]),
    ],
    ['unless they are very long beside the answers', true, often(6, () => [100, 1])],
    ['and more than few', false, often(5, () => [100, 1])],
    ['many short ones of different lengths', true, often(20, (n) => [n % 2 ? 20 : 70, 2])],
    ['few of them', false, often(8, (n) => [n % 2 ? 20 : 70, 2])],
    ['none', false, often(500, () => [0.05, 2])],
    ['those in which nobody may have had a processor', false, often(500, (n) => [n % 2 ? 2 : 9, 0.1])],
    ['those behind which the server is as slow', false, often(500, (n) => [n % 2 ? 20 : 70, n % 5 ? 2 : 30])],
  ])('%s: %p', (_, wanted, exchanges) => {
    expect(shown(exchanges)).toBe(wanted)
  })

  test('a slow answer is forgotten in time', () => {
    const slow = [[0, 100]] as const
    const then = (count: number) => shown([...slow, ...often(count, (n) => [n % 2 ? 20 : 70, 1])])
    expect(then(15)).toBe(false)
    expect(then(150)).toBe(true)
  })
})

describe('answers in one go', () => {
  test('are enough when they are many, and nearly all', () => {
    expect(
      shown(
        often(31, () => [0.05, 2]),
        true,
      ),
    ).toBe(false)
    expect(
      shown(
        often(32, () => [0.05, 2]),
        true,
      ),
    ).toBe(true)
    const patience = new Patience()
    for (let n = 0; n < 200; n++) patience.exchanged(0, MS, n % 2 === 0)
    expect(patience.isShown).toBe(false)
  })
})

test('what speaks against it takes all back', () => {
  const patience = new Patience()
  for (let n = 0; n < 32; n++) patience.exchanged(1000 * MS, MS, true)
  expect(patience.isShown).toBe(true)
  patience.broken()
  expect(patience.isShown).toBe(false)
  patience.exchanged(0, MS, true)
  expect(patience.isShown).toBe(false)
})

test('a request that is sent for long is a pause in which the server does not stand still', () => {
  const patience = new Patience()
  for (let n = 0; n < 2; n++) {
    expect(patience.isShown).toBe(false)
    patience.exchanged(100 * MS, MS, false, 100 * MS)
  }
  expect(patience.isShown).toBe(true)
})
