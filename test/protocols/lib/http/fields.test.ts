/** Header fields: those of one name are one, however many names there were before. */
import { expect, test } from 'bun:test'
import { fieldLine, fieldsOf, fieldsOfLines } from '../../../../src/protocols/lib/http/fields'

test('repeated fields are joined, also after more names than are remembered', () => {
  for (let i = 0; i < 20_000; i++) fieldsOf(`x-name-${i}: 1\r\n`, false)
  for (const name of ['x-late', 'x-later', 'content-type']) {
    expect(fieldsOf(`${name}: a\r\nother: b\r\n${name.toUpperCase()}: c\r\n`, false).json).toBe(
      `{"${name}":"a, c","other":"b"}`,
    )
    const lines = ['a', 'c'].map((value) => fieldLine(`${name}-2`, value, false))
    expect(fieldsOfLines(lines, false).json).toBe(`{"${name}-2":"a, c"}`)
  }
})
