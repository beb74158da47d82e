/** Functions of real files, and files that are made to mislead. */
import { afterAll, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ElfFile, MAX_SYMBOL_TABLE } from '../../../src/sources/tls-libraries/elf'
import { cpuMs } from '../../support/cpu-time'

const scratch = mkdtempSync(join(tmpdir(), 'nixie-elf-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const NAMES = ['SSL_write', 'SSL_read', 'SSL_writes'] as const
const source = join(scratch, 'library.c')
writeFileSync(
  source,
  `__attribute__((noinline)) int SSL_write(void *s, const void *b, int n) { return n + (s != b); }
__attribute__((noinline)) int SSL_read(void *s, void *b, int n) { return n - (s != b); }
int not_SSL_read(void) { return 3; }
int main(void) { return SSL_write(0, 0, 1) + SSL_read(0, 0, 2); }
`,
)
const library = join(scratch, 'any-name.so')
const program = join(scratch, 'program')
execFileSync('cc', ['-O1', '-shared', '-fPIC', '-s', '-Wl,--hash-style=gnu', '-o', library, source])
execFileSync('cc', ['-O1', '-o', program, source])

function inTable(path: string) {
  const elf = ElfFile.open(path)!
  const steps = elf.inSymbolTable(NAMES, ['SSL_write'])
  for (;;) {
    const step = steps.next()
    if (!step.done) continue
    elf.close()
    return step.value
  }
}

/** As the tools of the toolchain say. */
const addressOf = (path: string, name: string, ...flags: string[]) =>
  Number.parseInt(
    new RegExp(`^([0-9a-f]+) T ${name}$`, 'm').exec(execFileSync('nm', [...flags, path]).toString())![1]!,
    16,
  )

test('an exported function, by the hash table', () => {
  const elf = ElfFile.open(library)!
  const found = elf.exported('SSL_write')!
  expect(found.offset).toBe(elf.offsetOf(addressOf(library, 'SSL_write', '-D'))!)
  expect(elf.isCode(found.offset)).toBe(true)
  expect(elf.exported('SSL_writes')).toBeUndefined()
  expect(elf.exported('')).toBeUndefined()
  elf.close()
})

test('a function that is not exported, by the table of symbols; a name that ends another one is no trap', () => {
  const found = inTable(program)
  if (typeof found === 'string') throw new Error(found)
  const elf = ElfFile.open(program)!
  expect([...found.keys()].sort()).toEqual(['SSL_read', 'SSL_write'])
  for (const [name, { offset }] of found) expect(offset).toBe(elf.offsetOf(addressOf(program, name))!)
  expect(elf.exported('SSL_write')).toBeUndefined()
  elf.close()
  expect(inTable(library)).toEqual(new Map())
})

test('what is no such file', () => {
  expect(ElfFile.open(source)).toBeUndefined()
  expect(ElfFile.open(scratch)).toBeUndefined()
  expect(() => ElfFile.open(join(scratch, 'none'))).toThrow()
})

test('a file that is cut anywhere gives an answer', () => {
  const whole = readFileSync(program)
  const cut = join(scratch, 'cut')
  for (let size = 0; size < whole.length; size += 997) {
    writeFileSync(cut, whole.subarray(0, size))
    const elf = ElfFile.open(cut)
    if (!elf) continue
    elf.exported('SSL_write')
    elf.close()
    inTable(cut)
  }
})

test('a file with wrong bytes anywhere gives an answer, soon', () => {
  const wrong = join(scratch, 'wrong')
  let random = 12345
  const next = () => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0
    return random / 2 ** 32
  }
  for (const path of [library, program]) {
    const whole = readFileSync(path)
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(whole)
      // Most errors are put where the tables are described.
      for (let i = 0; i < 12; i++) bytes[Math.floor(next() * (i < 6 ? 1024 : bytes.length))] = next() * 256
      writeFileSync(wrong, bytes)
      const elf = ElfFile.open(wrong)
      if (!elf) continue
      for (const name of NAMES) elf.exported(name)
      elf.close()
      inTable(wrong)
    }
  }
})

test('a chain of hashes without an end costs little', () => {
  const bytes = readFileSync(library)
  const elf = ElfFile.open(library)!
  const hashes = elf.sections().find(({ name }) => name === '.gnu.hash')!
  elf.close()
  const path = join(scratch, 'endless')
  // No entry of the chain says that it is the last one.
  for (
    let at = hashes.offset + 32;
    at < hashes.offset + hashes.bytes + 65_536 && at + 4 < bytes.length;
    at += 4
  )
    bytes.writeUInt32LE((bytes.readUInt32LE(at) & ~1) >>> 0, at)
  writeFileSync(path, bytes)
  expect(
    cpuMs(() => {
      const endless = ElfFile.open(path)
      for (const name of NAMES) endless?.exported(name)
      endless?.close()
    }),
  ).toBeLessThan(200)
})

test('a table of symbols of a gigabyte is not searched', () => {
  const bytes = readFileSync(program)
  const elf = ElfFile.open(program)!
  const index = elf.sections().findIndex(({ type }) => type === 2)
  elf.close()
  const header = Number(bytes.readBigUInt64LE(40)) + index * 64
  bytes.writeBigUInt64LE(BigInt(bytes.length), header + 24)
  bytes.writeBigUInt64LE(2n ** 30n, header + 32)
  const path = join(scratch, 'huge')
  writeFileSync(path, bytes)
  truncateSync(path, 2 ** 30 + bytes.length)
  expect(2 ** 30).toBeGreaterThan(MAX_SYMBOL_TABLE)
  let result: unknown
  expect(
    cpuMs(() => {
      result = inTable(path)
    }),
  ).toBeLessThan(100)
  expect(result).toBe('too large')
})
