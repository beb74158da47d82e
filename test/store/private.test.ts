/** Only its owner can read the store, whatever the umask, and whatever an older Nixie has left. */
import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { events, numbersOf, open, second, withDirectory } from './support'

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function modes(dir: string): Record<string, string> {
  const names = readdirSync(dir).filter((name) => name !== 'other')
  return Object.fromEntries(names.map((name) => [name, modeOf(join(dir, name))]))
}

const PRIVATE = { 'nixie.db': '600', 'nixie.db-shm': '600', 'nixie.db-wal': '600', 'nixie.lock': '600' }

function withUmask(mask: number, work: () => void): void {
  const before = process.umask(mask)
  try {
    work()
  } finally {
    process.umask(before)
  }
}

function write(dir: string): void {
  const writer = open(dir)
  writer.append([{ table: events, batch: second(0, 0, 2) }])
  const reader = openReader(dir, [events])
  expect(numbersOf(reader).slice(0, 2)).toEqual([0, 1])
  expect(modes(dir)).toMatchObject(PRIVATE)
  reader.close()
  writer.close()
}

test('a directory that Nixie makes, and all in it', () =>
  withDirectory((dir) =>
    withUmask(0, () => {
      const made = join(dir, 'made')
      write(made)
      expect(modeOf(made)).toBe('700')
    }),
  ))

test('one of an older Nixie is closed when it is opened', () =>
  withDirectory((dir) =>
    withUmask(0, () => {
      write(dir)
      mkdirSync(join(dir, 'readers'), { recursive: true })
      for (const name of readdirSync(dir)) chmodSync(join(dir, name), name === 'readers' ? 0o755 : 0o644)
      chmodSync(dir, 0o755)
      write(dir)
      expect(modeOf(dir)).toBe('700')
      expect(modeOf(join(dir, 'readers'))).toBe('700')
    }),
  ))

test('a directory with more in it stays as it is; the files of Nixie are closed', () =>
  withDirectory((dir) => {
    writeFileSync(join(dir, 'other'), '')
    chmodSync(join(dir, 'other'), 0o644)
    chmodSync(dir, 0o755)
    write(dir)
    expect(modeOf(dir)).toBe('755')
    expect(modeOf(join(dir, 'other'))).toBe('644')
    rmSync(join(dir, 'other'))
  }))

const isRoot = process.getuid!() === 0
const NOBODY = 65534

test.skipIf(!isRoot)('a directory that another account made is closed too (needs root)', () =>
  withDirectory((dir) => {
    const made = join(dir, 'made')
    mkdirSync(made, { mode: 0o755 })
    chmodSync(made, 0o777)
    chownSync(made, NOBODY, NOBODY)
    write(made)
    expect(modeOf(made)).toBe('700')
    // The account of a service, which could not write to root's files.
    for (const name of ['nixie.db', 'nixie.lock']) expect(statSync(join(made, name)).uid).toBe(NOBODY)
  }),
)

test('the root of a disk is closed, its lost+found is nobody’s use of it', () =>
  withDirectory((dir) => {
    mkdirSync(join(dir, 'lost+found'))
    chmodSync(dir, 0o755)
    write(dir)
    expect(modeOf(dir)).toBe('700')
    rmSync(join(dir, 'lost+found'), { recursive: true })
  }))

test('a directory behind a link is closed as well', () =>
  withDirectory((dir) => {
    const target = join(dir, 'target')
    mkdirSync(target)
    chmodSync(target, 0o755)
    symlinkSync(target, join(dir, 'link'))
    write(join(dir, 'link'))
    expect(modeOf(target)).toBe('700')
  }))

for (const mode of [0o777, 0o775, 0o757]) {
  test(`a directory with more in it that others may write to (${mode.toString(8)}) is refused`, () =>
    withDirectory((dir) => {
      writeFileSync(join(dir, 'other'), '')
      chmodSync(dir, mode)
      expect(() => write(dir)).toThrow('may be written to by other accounts')
      chmodSync(dir, mode | 0o1000)
      write(dir)
    }))
}

for (const bytes of ['hello', 'x'.repeat(5_000), '\0'.repeat(100)]) {
  test(`a damaged lock of ${bytes.length} bytes is set aside`, () =>
    withDirectory((dir) => {
      writeFileSync(join(dir, 'nixie.lock'), bytes)
      write(dir)
      write(dir)
      expect(modes(dir)['nixie.lock'] ?? '600').toBe('600')
    }))
}

describe('what stands in the place of Nixie’s own files', () => {
  const outcome = (dir: string): string => {
    try {
      write(dir)
      return ''
    } catch (cause) {
      return (cause as Error).message
    }
  }

  for (const name of ['nixie.db', 'nixie.db-wal', 'nixie.lock', 'readers']) {
    test(`${name}: a link is not followed`, () =>
      withDirectory((dir) => {
        const elsewhere = join(dir, 'other')
        writeFileSync(elsewhere, '')
        symlinkSync(elsewhere, join(dir, name))
        expect(outcome(dir)).toContain(`${name} is a link, so nothing is written to it`)
        expect(statSync(elsewhere).size).toBe(0)
      }))

    test.skipIf(!isRoot)(`${name}: another account’s is not written to (needs root)`, () =>
      withDirectory((dir) => {
        writeFileSync(join(dir, name), '')
        chownSync(join(dir, name), NOBODY, NOBODY)
        expect(outcome(dir)).toContain('belongs to another account (user id 65534)')
        expect(statSync(join(dir, name)).size).toBe(0)
      }),
    )
  }
})
