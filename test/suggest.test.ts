/** Guesses for hints: near enough, or none. */
import { expect, test } from 'bun:test'
import { didYouMean, nearest } from '../src/suggest'

const WORDS = ['start_time', 'end_time', 'limit', 'format']

test('finds what was mistyped, in any case', () => {
  expect(nearest('limt', WORDS)).toBe('limit')
  expect(nearest('START_TIME', WORDS)).toBe('start_time')
  expect(nearest('starttime', WORDS)).toBe('start_time')
})

test('guesses nothing far off, and nothing for a word that no one typed', () => {
  expect(nearest('destination', WORDS)).toBeUndefined()
  expect(nearest('limit'.repeat(1000), ['limit'.repeat(1000)])).toBeUndefined()
  expect(didYouMean('xyz', WORDS)).toBe('')
  expect(didYouMean('forma', WORDS)).toBe("Did you mean 'format'? ")
})
