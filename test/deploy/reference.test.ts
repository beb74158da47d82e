import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { REFERENCE, reference } from '../../deploy/reference'

test('the reference says what the declarations say', () => {
  const stale = readFileSync(REFERENCE, 'utf8') !== reference()
  expect(stale, 'src/reference.md is stale: bun run reference').toBe(false)
})

test('nothing in it breaks its tables', () => {
  const widths = reference()
    .split('\n')
    .map((line) => (line.startsWith('|') ? line.split(/(?<!\\)\|/).length : 0))
  widths.forEach((width, i) => {
    if (width > 0 && (widths[i - 1] ?? 0) > 0) expect(width, `line ${i + 1}`).toBe(widths[i - 1]!)
  })
  expect(widths.filter((width) => width > 0).length).toBeGreaterThan(300)
})
