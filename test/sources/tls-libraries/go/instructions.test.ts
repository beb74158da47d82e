import { expect, test } from 'bun:test'
import { entryPlace, resultSlot, returnAt } from '../../../../src/sources/tls-libraries/go/instructions'

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

const LOADS = '488b442420 488b5c2430 488b4c2438'
test.each([
  ['with the frame pointer saved', `e800000000 ${LOADS} 4883c458 5d c3`, 0x20],
  ['of Go 1.20', `ffd0 ${LOADS} 488b6c2460 4883c468 c3`, 0x20],
  ['of a large frame', `ffd0 ${LOADS} 4881c458010000 5d c3`, 0x20],
  ['without an error', '488b442428 31db 31c9 4883c458 5d c3', 0x28],
  ['another instruction between', `${LOADS} 4889d0 4883c458 5d c3`, undefined],
  ['no load', '4889d0 4883c458 5d c3', undefined],
])('where a result is kept, %s', (_, hex, slot) => {
  const bytes = code(hex)
  expect(resultSlot(bytes, [bytes.length - 1])).toBe(slot)
})

test('returns that do not agree tell nothing', () => {
  const one = `${LOADS} 4883c458 5d c3`
  const bytes = code(one + one.replace('442420', '442428'))
  const half = bytes.length / 2
  expect(resultSlot(bytes, [half - 1, bytes.length - 1])).toBeUndefined()
  expect(resultSlot(bytes, [half - 1])).toBe(0x20)
  expect(resultSlot(bytes, [])).toBeUndefined()
  expect(resultSlot(new Uint8Array(), [3])).toBeUndefined()
})
