import { describe, expect, test } from 'bun:test'
import { snappyLength, unsnappy } from '../../../src/protocols/lib/snappy'
import { random } from '../../streams/wire'

/** As Google's own library writes it (python-snappy 0.7.3, `snappy.compress`). */
const BOTTLES = Buffer.from(
  '5BJoMCBib3R0bGVzIG9mIG1pbGsgYW5kIDAgY3VwBRMUdGVhOyAxUiUAADE2JQAAMlIlAAA0NiUAADNSJQAAOTYlAAA0UiUABDE2NiYAADVSJgAEMjU2JgAANlImAAAzOkwAADdSJgAANDqYAAA4UiYAADY64wAAOVImAAA4Oi4BADFWeQEEMTA+ewFafAEAMj5QAFZ/AQQxNDqeAAAxVoIBBDE2OuwAADFahQEAOTo6AQAxWocBPogBADFWiQEEMjU+UABWiwEEMjg+oABWjQEEMzI+8ABWjwEEMzY6QAEAMlaQAQA0PpABADJWkAEENDQ+UABWkAEENDg6oAAAMlaQAQQ1MjrwAAAyVpABBDU3OkABADJWkAEANj6QAQAyVpABADZCUABWkAEAN0KgAFaQAQA3QvAAVpABADg+QAEAM1aQAQA5PpABADNWkAEAOT7gAQAzVpABBDEwPjECADNWkQEEMTA+ggIAM1aSAQQxMT7TAgAzVpMBADFCJAMAM1aUAQQxMj51AwAzVpUBBDEzPsYDADNWlgEEMTQ+FwQAM1aXAQQxNT5oBAA0VpgBBDE2PpkBADRWmQEEMTY+CgUANFqaAQA3PlkFADRamgEAOD6oBQA0WpoBADk+9wUANFaaAQQyMD4uAwA0VpoBBDIxPpUGADRWmgEIMjIwOtADADRWmgEIMjMwOiEEADRWmgEIMjQwOnIEADVWmgEEMjU+mgEANVaaAQQyNkJSAFaaAQQyNz6kAAA1VpoBBDI4PvYAADVWmgEEMjk+SAEANVaaAQAzQpoBADVWmgEEMzE+7AEANVaaAQQzMj4+AgA1VpoBBDMzPpACADVWmgEEMzQ+4gI=',
  'base64',
)
const bottles = Array.from({ length: 60 }, (_, i) => `${i} bottles of milk and ${i * i} cups of tea; `).join(
  '',
)
const REPEATED = Buffer.from(
  '6AcEYWL+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgD+AgCWAgA=',
  'base64',
)
const textOf = (input: Uint8Array, limit = 1 << 20) => Buffer.from(unsnappy(input, limit)).toString('latin1')

test('literals, and copies of what came before, also of what they make themselves', () => {
  expect(textOf(BOTTLES)).toBe(bottles)
  expect(textOf(REPEATED)).toBe('ab'.repeat(500))
  expect(snappyLength(BOTTLES)).toBe(bottles.length)
})

test('lengths of literals and offsets of copies in each form', () => {
  const long = 'x'.repeat(70_000)
  const size = (bytes: number) => [(bytes & 127) | 128, ((bytes >> 7) & 127) | 128, bytes >> 14]
  const literal = Buffer.concat([
    Buffer.from([...size(70_004), 62 << 2, 0x6f, 0x11, 0x01]),
    Buffer.from(long),
    // Four bytes from 65,536 bytes before, with an offset of four bytes.
    Buffer.from([(3 << 2) | 3, 0, 0, 1, 0]),
  ])
  expect(textOf(literal)).toBe(`${long}xxxx`)
})

test('up to the limit', () => {
  for (const limit of [0, 1, 60, 100, 2403]) expect(textOf(BOTTLES, limit)).toBe(bottles.slice(0, limit))
})

describe('input that is damaged', () => {
  test('gives what comes before the damage', () => {
    for (let end = 0; end < BOTTLES.length; end += 7)
      expect(bottles).toStartWith(textOf(BOTTLES.subarray(0, end)))
    expect(textOf(Buffer.of(10, 4, 0x61, 0x62, (3 << 2) | 2, 9, 0))).toBe('ab')
    expect(snappyLength(Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 1))).toBeUndefined()
  })

  test('random bytes give no more than the limit', () => {
    const next = random(3)
    for (let i = 0; i < 500; i++) {
      const noise = Uint8Array.from({ length: 60 }, () => next() * 256)
      expect(unsnappy(noise, 1000).length).toBeLessThanOrEqual(1000)
    }
  })
})
