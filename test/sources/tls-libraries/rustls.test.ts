/** Where a program with rustls is probed: at the methods for a record, by their names in both forms that Rust gives them. */
import { afterAll, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ElfFile } from '../../../src/sources/tls-libraries/elf'
import { KIND } from '../../../src/sources/tls-libraries/openssl'
import { rustlsPlaces } from '../../../src/sources/tls-libraries/rustls'

const scratch = mkdtempSync(join(tmpdir(), 'nixie-rustls-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const HASH = '17h0123456789abcdefE'
const legacy = (type: string, method: string, trait = `Message${type}`) =>
  `_ZN99_$LT$rustls..crypto..ring..tls13..Tls13Message${type}$u20$as$u20$rustls..crypto..cipher..${trait}$GT$${method}${HASH}`
const v0 = (type: string, method: string) =>
  `_RNvXs5_NtNtNtCs1_6rustls6crypto4ring5tls12NtB5_17GcmMessage${type}NtNtB9_6cipher16Message${type}${method}`

const METHODS = [
  [legacy('Encrypter', '7encrypt'), KIND.rustEncrypt],
  [legacy('Decrypter', '7decrypt'), KIND.rustDecrypt],
  [v0('Encrypter', '7encrypt'), KIND.rustEncrypt],
  [v0('Decrypter', '7decrypt'), KIND.rustDecrypt],
  [
    `${legacy('Encrypter', '7encrypt', 'MessageEncrypter').replace('tls13', 'tls12')}.llvm.123456`,
    KIND.rustEncrypt,
  ],
] as const
const OTHERS = [
  legacy('Encrypter', '21encrypted_payload_len'),
  legacy('Encrypter', '7encrypt', 'Encrypter'),
  v0('Encrypter', '7encrypts'),
  'MessageEncrypter',
]

function build(name: string, functions: readonly string[], ...flags: string[]): string {
  const source = join(scratch, `${name}.c`)
  const declared = functions.map(
    (text, i) => `__attribute__((noinline)) int f${i}(int n) __asm__("${text}");`,
  )
  const defined = functions.map((_, i) => `int f${i}(int n) { return n + ${i + 1} * n * n; }`)
  writeFileSync(source, [...declared, ...defined, 'int main(void) { return 0; }'].join('\n'))
  const program = join(scratch, name)
  execFileSync('cc', ['-O1', ...flags, '-o', program, source])
  return program
}

function placesOf(path: string) {
  const elf = ElfFile.open(path)!
  const steps = rustlsPlaces(elf)
  for (;;) {
    const step = steps.next()
    if (!step.done) continue
    elf.close()
    return step.value
  }
}

test('each method is one place, which says whether it encrypts', () => {
  const path = build('all', [...METHODS.map(([name]) => name), ...OTHERS])
  const places = placesOf(path)
  const kinds = new Map(places.map((place) => [place.function, place.kind]))
  expect([...kinds].sort()).toEqual(
    [...METHODS].map(([name, kind]) => [name, kind] as [string, number]).sort(),
  )
  const text = execFileSync('nm', [path]).toString()
  const elf = ElfFile.open(path)!
  for (const { function: name, offset, program } of places) {
    expect(program).toBe('tls_rust_around')
    const line = text.split('\n').find((each) => each.endsWith(` ${name}`))!
    expect(offset - elf.offsetOf(Number.parseInt(line, 16))!).toBeWithin(0, 16)
  }
  elf.close()
})

test('a stripped program has no place', () => {
  expect(placesOf(build('stripped', [METHODS[0][0]], '-s'))).toEqual([])
})

test('of a file that names more than there can be, so many are taken', () => {
  const names = Array.from({ length: 200 }, (_, i) => METHODS[0][0].replace('tls13', `tls${i}`))
  expect(placesOf(build('many', names))).toHaveLength(64)
})
