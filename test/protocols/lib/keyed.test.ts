import { describe, expect, test } from 'bun:test'
import { Keyed, type Waiting } from '../../../src/protocols/lib/keyed'
import { cpuMs } from '../../support/cpu-time'

interface Request extends Waiting<number, Request> {
  readonly name: string
}

function waiting(limits = { requests: 100, bytes: 10_000 }) {
  const unanswered: string[] = []
  const dropped: string[] = []
  const keyed = new Keyed<number, Request>(
    { unanswered: ({ name }) => unanswered.push(name), drop: ({ name }) => dropped.push(name) },
    limits,
  )
  const ask = (key: number, name: string, startNs = 0, bytes = 10) =>
    keyed.ask({ key, name, startNs, bytes, isUnsure: false, next: undefined })
  const answer = (key: number, name?: string) =>
    keyed.answer(key, name === undefined ? undefined : (request) => request.name === name)?.name
  return { keyed, ask, answer, unanswered, dropped }
}

describe('answers by key', () => {
  test('come in any order', () => {
    const { keyed, ask, answer } = waiting()
    for (const key of [1, 2, 3]) ask(key, `r${key}`)
    expect([3, 1, 2].map((key) => answer(key))).toEqual(['r3', 'r1', 'r2'])
    expect([keyed.size, keyed.held]).toEqual([0, 0])
  })

  test('answer one request each, and nobody a second time', () => {
    const { ask, answer } = waiting()
    ask(1, 'a')
    expect([answer(1), answer(1), answer(2)]).toEqual(['a', undefined, undefined])
  })

  test('of several under one key the oldest that fits', () => {
    const { ask, answer } = waiting()
    for (const name of ['a', 'b', 'c']) ask(1, name)
    expect([answer(1, 'b'), answer(1, 'x'), answer(1), answer(1), answer(1)]).toEqual([
      'b',
      undefined,
      'a',
      'c',
      undefined,
    ])
  })

  test('a request that is found goes on waiting', () => {
    const { keyed, ask, answer } = waiting()
    ask(1, 'a')
    expect(keyed.find(1)?.name).toBe('a')
    expect(keyed.find(1, ({ name }) => name === 'b')).toBeUndefined()
    expect(answer(1)).toBe('a')
  })
})

describe('requests that nobody answers', () => {
  test('leave when they are old', () => {
    const { keyed, ask, unanswered } = waiting()
    for (const [i, name] of ['a', 'b', 'c'].entries()) ask(i, name, i * 100)
    expect([...keyed.since(100)].map(({ name }) => name)).toEqual(['a', 'b'])
    keyed.expire(100)
    expect([unanswered, keyed.size, keyed.held]).toEqual([['a', 'b'], 1, 10])
  })

  test('are not said to be so when their answer may have gone by', () => {
    const { keyed, ask, answer, unanswered, dropped } = waiting()
    ask(1, 'a')
    ask(2, 'b')
    keyed.answersLost()
    ask(3, 'c')
    expect([...keyed.since(0)].map(({ name }) => name)).toEqual(['c'])
    expect(answer(1)).toBe('a')
    keyed.expire(Number.POSITIVE_INFINITY)
    expect([unanswered, dropped]).toEqual([['c'], ['b']])
  })

  test('are bounded in number and in bytes: the oldest leave first', () => {
    const few = waiting({ requests: 3, bytes: 10_000 })
    for (const key of [1, 2, 3, 4, 5]) few.ask(key, `r${key}`)
    expect([few.dropped, few.keyed.size]).toEqual([['r1', 'r2'], 3])
    const small = waiting({ requests: 100, bytes: 100 })
    for (const key of [1, 2, 3]) small.ask(key, `r${key}`, 0, 40)
    expect([small.dropped, small.keyed.held]).toEqual([['r1'], 80])
    small.ask(4, 'huge', 0, 1000)
    expect([small.keyed.size, small.keyed.held]).toEqual([0, 0])
  })

  test('are given up together', () => {
    const { keyed, ask, dropped } = waiting()
    for (const key of [1, 1, 2]) ask(key, `r${key}`)
    keyed.clear()
    expect([dropped.length, keyed.size, keyed.held]).toEqual([3, 0, 0])
  })

  test('cost the same however many share a key', () => {
    const { keyed, ask } = waiting({ requests: 4096, bytes: 1 << 30 })
    const ms = cpuMs(() => {
      for (let i = 0; i < 200_000; i++) ask(1, 'same')
    })
    expect(ms).toBeLessThan(2000)
    expect(keyed.size).toBe(32)
  })

  test('are few under one key, and a search among them is short', () => {
    const { keyed, ask, answer, dropped } = waiting()
    for (let i = 0; i < 40; i++) ask(1, `r${i}`)
    ask(2, 'other')
    expect(dropped).toEqual(Array.from({ length: 8 }, (_, i) => `r${i}`))
    let looked = 0
    keyed.find(1, () => ++looked < 0)
    expect(looked).toBe(32)
    expect([answer(1), answer(2), keyed.size]).toEqual(['r8', 'other', 31])
  })

  test('leave from any place under their key', () => {
    const { keyed, ask } = waiting()
    const leaves = (name: string) => keyed.answer(1, (request) => request.name === name)?.name
    for (const name of ['a', 'b', 'c', 'd']) ask(1, name)
    expect(['b', 'd', 'b'].map(leaves)).toEqual(['b', 'd', undefined])
    ask(1, 'e')
    expect(['a', 'e', 'c', 'a'].map(leaves)).toEqual(['a', 'e', 'c', undefined])
    expect([keyed.size, keyed.held]).toEqual([0, 0])
  })
})
