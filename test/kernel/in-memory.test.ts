/** The loader of the built executable needs no folder for temporary files, leaves none there, and takes none from there. */

import { dlopen } from 'bun:ffi'
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inMemory, made, nameless } from '../../src/kernel/in-memory'
import { binary, isRoot, root } from '../support/nixie'
import { Scope } from '../support/scope'

const LOADER = join(root, 'dist/libnixie_loader.so')

const scope = new Scope('in-memory')
afterAll(() => scope.close())

test('a file in memory has the bytes; a library that is a file stays where it is', () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000))
  const path = made('nixie-test', bytes)!
  expect(readFileSync(path)).toEqual(Buffer.from(bytes))
  expect(inMemory('nixie-test', '/a/b.so')).toBe('/a/b.so')
  expect(inMemory('nixie-test', '/$bunfs/root/b.so')).toBe(path)
})

test('where the kernel refuses a file in memory, one without a name has the bytes, and is found again', () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('nixie-'))
  const before = new Set(folders())
  const bytes = crypto.getRandomValues(new Uint8Array(60_000))
  const path = nameless('nixie-nameless', bytes)
  expect(readFileSync(path)).toEqual(Buffer.from(bytes))
  expect(
    folders().filter((name) => !before.has(name) && existsSync(join(tmpdir(), name, 'nixie-nameless'))),
  ).toEqual([])
  expect(inMemory('nixie-nameless', '/$bunfs/root/b.so')).toBe(path)
})

test.skipIf(!existsSync(LOADER))('a library without a name can be loaded', () => {
  const path = nameless('nixie-loaded', readFileSync(LOADER))
  const { symbols } = dlopen(path, { nixie_close_all: { args: [], returns: 'i32' } })
  expect(symbols.nixie_close_all()).toBe(0)
})

describe.skipIf(!isRoot || !existsSync(binary))('the built executable (needs root)', () => {
  const check = (tmp: string) =>
    Bun.spawnSync([binary, 'check'], { env: { PATH: '/usr/bin:/bin', TMPDIR: tmp, BUN_TMPDIR: tmp } })

  test('leaves nothing in the folder for temporary files, and needs none', () => {
    const tmp = join(scope.dir, 'tmp')
    mkdirSync(tmp)
    expect(check(tmp).exitCode).toBe(0)
    expect(readdirSync(tmp)).toEqual([])
    expect(check('/nonexistent').exitCode).toBe(0)
  })
})
