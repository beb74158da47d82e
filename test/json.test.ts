/** How deep a JSON text is nested, told before it is parsed. */
import { expect, test } from 'bun:test'
import { isTooDeep, MAX_DEPTH } from '../src/json'
import { readView } from '../src/scripts/bundle'

const nested = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels)

test('as deep as may be, and one more', () => {
  expect(isTooDeep(nested(MAX_DEPTH))).toBe(false)
  expect(isTooDeep(nested(MAX_DEPTH + 1))).toBe(true)
  expect(isTooDeep('{"a":'.repeat(MAX_DEPTH + 1))).toBe(true)
})

test('brackets side by side, or in a text, are no depth', () => {
  expect(isTooDeep(`[${'[],{},'.repeat(1000)}1]`)).toBe(false)
  expect(isTooDeep(JSON.stringify({ text: '[{"'.repeat(1000), more: '\\"[' }))).toBe(false)
  expect(isTooDeep(`["\\\\"${nested(MAX_DEPTH)}]`)).toBe(true)
})

test('a view that is nested too deep is refused in words', () => {
  expect(() => readView(`{"widgets":${nested(100_000)}}`)).toThrow(
    'vis.json: It is nested deeper than 200 levels',
  )
})
