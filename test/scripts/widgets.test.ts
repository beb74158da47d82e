/** Widgets of the library: what they show is there, and no two lie on one another. */
import { describe, expect, test } from 'bun:test'
import type { View } from '../../src/scripts/bundle'
import { LIBRARY } from '../../src/scripts/library'
import { contextOf, schema } from '../runner/support'
import { ANYTHING, argumentsFor } from './support/arguments'

/** Fields of displaySpec that name a column, wherever they stand. */
const NAMES_COLUMN = /^(value|series|label|prebinCount|fromColumn|toColumn|gutterColumn|\w+Column)$/

function columnsOf(spec: unknown): string[] {
  if (typeof spec !== 'object' || spec === null) return []
  return Object.entries(spec).flatMap(([key, value]) => {
    // Axes have labels too, which are text.
    if (key === 'xAxis' || key === 'yAxis') return []
    if (key === 'edgeHoverInfo') return value as string[]
    return typeof value === 'string' && NAMES_COLUMN.test(key) ? [value] : columnsOf(value)
  })
}

const views = [...LIBRARY.values()].flatMap(({ name, view }) =>
  view ? [[name, view] as [string, View]] : [],
)

describe.each(views)('%s', (name, view) => {
  const args = argumentsFor(view.variables, ANYTHING)

  test('shows columns that there are', () => {
    const { tables } = schema({ script: name, args }, contextOf([]))
    for (const { name: title, source, displaySpec } of view.widgets) {
      const table = tables.find((one) => one.name === (typeof source === 'string' ? source : title))
      const known = table?.columns.map((column) => column.name) ?? []
      expect(columnsOf(displaySpec).filter((column) => !known.includes(column))).toEqual([])
    }
  })

  test('lies on a grid of twelve, one beside the other', () => {
    const taken = new Set<string>()
    for (const { position } of view.widgets) {
      expect(position.x + position.w).toBeLessThanOrEqual(12)
      for (let x = position.x; x < position.x + position.w; x++)
        for (let y = position.y; y < position.y + position.h; y++) {
          expect(taken.has(`${x} ${y}`)).toBe(false)
          taken.add(`${x} ${y}`)
        }
    }
  })
})
