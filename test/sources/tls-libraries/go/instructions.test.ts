import { expect, test } from 'bun:test'
import { entryPlace, returnAt } from '../../../../src/sources/tls-libraries/go/instructions'

const code = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

test.each([
  ['a small frame', '493b6610 7605', 4],
  ['a long jump', '493b6610 0f867a030000', 4],
  ['a frame beyond the bound', '4c8d6424b8 4d3b6610 0f8693070000', 9],
  ['a large frame', '4c8da42470fdffff 4d3b6610 0f86b10c0000', 12],
  ['no check of the stack', '4883ec18 c3', 0],
  ['another comparison', '493b6618 7605', 0],
  ['code that is cut short', '493b66', 0],
  ['nothing', '', 0],
])('where a probe on the entry is cheap: %s', (_, hex, place) => {
  expect(entryPlace(code(hex), 'x64')).toBe(place)
})

test('elsewhere the function itself is the place', () => {
  expect(entryPlace(code('493b6610 7605'), 'arm64')).toBe(0)
})

test('a return, behind instructions that do nothing too', () => {
  expect(returnAt(code('c3'), 0, 'x64')).toBe(0)
  expect(returnAt(code('55 90 c3'), 1, 'x64')).toBe(2)
  expect(returnAt(code('55 90 55'), 1, 'x64')).toBeUndefined()
  expect(returnAt(code('90'), 0, 'x64')).toBeUndefined()
  expect(returnAt(code('1f2003d5 c0035fd6'), 0, 'arm64')).toBe(4)
  expect(returnAt(code('c3'), 0, 'arm64')).toBeUndefined()
})
