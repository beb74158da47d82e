import { expect, test } from 'bun:test'
import { ListMemo } from '../../../src/protocols/lib/list-memo'

const known = Array.from({ length: 50 }, (_, id) => ({ id, text: String(id) }))

test('what was made of the same objects is made once they came twice', () => {
  let made = 0
  const memo = new ListMemo(
    (list: readonly (typeof known)[number][]) => {
      made++
      return list.map(({ text }) => text).join()
    },
    16,
    () => true,
  )
  for (let i = 0; i < 5; i++) expect(memo.get([known[1]!, known[2]!])).toBe('1,2')
  expect(made).toBe(2)
  for (let i = 0; i < 500; i++) {
    const list = [known[i % 50]!, known[(7 * i) % 50]!, known[(3 * i) % 49]!]
    expect(memo.get(list)).toBe(list.map(({ text }) => text).join())
  }
})

test('values of large lists are not kept', () => {
  let made = 0
  const memo = new ListMemo(
    () => ++made,
    16,
    (_, list) => list.length < 10,
  )
  for (let i = 0; i < 5; i++) memo.get(known)
  expect(made).toBe(5)
})

test('large values are not kept', () => {
  let made = 0
  const memo = new ListMemo(
    () => ++made,
    16,
    () => false,
  )
  for (let i = 0; i < 5; i++) memo.get(known)
  expect(made).toBe(5)
})
