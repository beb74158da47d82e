import { expect, test } from 'bun:test'
import { callTargets, probePlace } from '../../../src/sources/tls-libraries/prologue'

const code = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', '').padEnd(64, 'f4'), 'hex'))

test.each([
  ['push %rbx', '53', true, 0],
  ['endbr64; push %r12', 'f30f1efa 4154', true, 4],
  ['test %rdi, %rdi; je', '4885ff 0f8497030000', true, 3],
  ['sub $0x18, %rsp moves the stack', '4883ec18 85d2 782f', true, 0],
  ['sub $0x18, %rsp; test %edx, %edx; js', '4883ec18 85d2 782f', false, 6],
  ['the stack protector between', '4883ec18 64488b042528000000 4889442408 31c0 85d2 782f', false, 22],
  ['an unknown instruction before it', '488b4708 53', true, 0],
  ['nothing that is emulated', '31c0 31c0 31c0 31c0 31c0 31c0 31c0 31c0 53', false, 0],
])('the cheapest place: %s', (_, hex, keepsStack, place) => {
  expect(probePlace(code(hex), keepsStack, 'x64')).toBe(place)
})

test('elsewhere the function itself is the place', () => {
  expect(probePlace(code('f30f1efa 53'), true, 'arm64')).toBe(0)
})

test('code that is cut short has no place but its beginning', () => {
  expect(probePlace(new Uint8Array([0xf3, 0x0f]), true, 'x64')).toBe(0)
  expect(probePlace(new Uint8Array(), true, 'x64')).toBe(0)
})

test('what a function calls', () => {
  expect(callTargets(new Uint8Array([0x90, 0xe8, 0x10, 0, 0, 0, 0xe8, 0xf0, 0xff, 0xff, 0xff]))).toEqual([
    22, -5,
  ])
})
