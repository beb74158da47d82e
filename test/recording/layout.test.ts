/** The layout that is written, and those of other versions. */
import { describe, expect, test } from 'bun:test'
import { converted, faultOf, isOwn, LAYOUT, type Layout, type StructLayout } from '../../src/recording/layout'

for (const [name, { bytes, fields }] of Object.entries<StructLayout>({ ...LAYOUT })) {
  test(`the fields of ${name} lie behind each other, without one in the other`, () => {
    const places = Object.values(fields).sort(([a], [b]) => a - b)
    for (const [i, [offset, size]] of places.entries())
      expect(offset + size).toBeLessThanOrEqual(places[i + 1]?.[0] ?? bytes)
  })
}

/** Each field 4 bytes further back, and one more in front. */
const moved = ({ bytes, fields }: StructLayout): StructLayout => ({
  bytes: bytes + 4,
  fields: {
    added: [0, 4],
    ...Object.fromEntries(Object.entries(fields).map(([name, [offset, size]]) => [name, [offset + 4, size]])),
  },
})

test('a structure of another layout becomes one of this', () => {
  const own = Buffer.alloc(LAYOUT.process.bytes + 3)
  for (const [offset, size] of Object.values(LAYOUT.process.fields))
    own.fill(offset + 1, offset, offset + size)
  own.write('abc', LAYOUT.process.bytes)
  const other = Buffer.concat([Buffer.alloc(4), own])
  expect(Buffer.from(converted(other, moved(LAYOUT.process), LAYOUT.process))).toEqual(own)
  expect(isOwn({ ...LAYOUT, process: moved(LAYOUT.process) })).toBe(false)
  expect(isOwn(structuredClone(LAYOUT))).toBe(true)
})

describe('a layout of a file', () => {
  const faults: Readonly<Record<string, readonly [layout: unknown, fault: string]>> = {
    'is missing': [undefined, "the size of 'socket' is missing"],
    'has a size beyond all reason': [{ ...LAYOUT, socket: { bytes: 1e9, fields: {} } }, 'too large'],
    'lacks a field': [
      { ...LAYOUT, totals: { bytes: 8, fields: {} } },
      "'totals' lacks the field 'bytes_sent'",
    ],
    'has a field outside': [
      { ...LAYOUT, totals: { bytes: 32, fields: { ...LAYOUT.totals.fields, bytes_sent: [30, 8] } } },
      "'bytes_sent' lies outside of 'totals'",
    ],
    'has a field that is none': [
      { ...LAYOUT, totals: { bytes: 32, fields: { ...LAYOUT.totals.fields, bytes_sent: 'x' } } },
      "'bytes_sent' lies outside",
    ],
    'has fields without end': [
      {
        ...LAYOUT,
        totals: { bytes: 32, fields: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [i, [0, 1]])) },
      },
      'more than 64',
    ],
  }
  for (const [name, [layout, fault]] of Object.entries(faults))
    test(name, () => expect(faultOf(JSON.parse(JSON.stringify({ layout })).layout)).toContain(fault))
  test('of another version can be used', () => {
    const other: Layout = { ...LAYOUT, socket: moved(LAYOUT.socket) }
    expect(faultOf(JSON.parse(JSON.stringify(other)))).toBeUndefined()
  })
})
