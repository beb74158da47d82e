/** The loader of the built executable needs no folder for temporary files, leaves none there, and takes none from there. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inMemory, made } from '../../src/kernel/in-memory'
import { binary, isRoot } from '../support/nixie'
import { Scope } from '../support/scope'

const scope = new Scope('in-memory')
afterAll(() => scope.close())

test('a file in memory has the bytes; a library that is a file stays where it is', () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000))
  const path = made('nixie-test', bytes)!
  expect(readFileSync(path)).toEqual(Buffer.from(bytes))
  expect(inMemory('nixie-test', '/a/b.so')).toBe('/a/b.so')
  expect(inMemory('nixie-test', '/$bunfs/root/b.so')).toBe(path)
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
