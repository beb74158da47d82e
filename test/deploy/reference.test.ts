import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { REFERENCE, reference } from '../../deploy/reference'
import { metricsText } from '../../src/api/metrics'
import { statusOf } from '../support/status'

test('the reference says what the declarations say', () => {
  const stale = readFileSync(REFERENCE, 'utf8') !== reference()
  expect(stale, 'src/reference.md is stale: bun run reference').toBe(false)
})

test('every metric is in it', () => {
  const names = [...metricsText(statusOf()).matchAll(/^# HELP (\w+)/gm)].map(([, name]) => name!)
  expect(names.length).toBeGreaterThan(50)
  const text = reference()
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
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
