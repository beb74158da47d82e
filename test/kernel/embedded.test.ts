import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'bun'
import { embedded } from '../../src/kernel/embedded'

const dir = mkdtempSync(join(tmpdir(), 'nixie-embedded-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, bytes: Uint8Array): string {
  const path = join(dir, name)
  writeFileSync(path, bytes)
  return path
}

const object = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251)

test('a packed file is unpacked, another one is taken as it is', () => {
  expect(embedded(file('packed', zstdCompressSync(object)))).toEqual(object)
  expect(embedded(file('plain', object))).toEqual(object)
  expect(embedded(file('empty', new Uint8Array(0)))).toEqual(new Uint8Array(0))
})

test('damage is an error', () => {
  const packed = zstdCompressSync(object)
  expect(() => embedded(file('cut', packed.subarray(0, packed.length / 2)))).toThrow()
})
