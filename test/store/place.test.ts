/** Whoever could replace a part of the data directory's path would have the data: then nothing is kept there. */
import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPlace } from '../../src/store/place'
import { withDirectory } from './support'

const OWN = process.getuid!()
const NOBODY = 65534
const trust = {
  mayOwn: (uid: number) => uid === 0 || uid === OWN,
  describe: (uid: number) => `user id ${uid}`,
}
const nobodyToo = { ...trust, mayOwn: (uid: number) => trust.mayOwn(uid) || uid === NOBODY }

test('a directory of this account, below one that is sticky', () =>
  withDirectory((dir) => {
    checkPlace(dir, trust)
    checkPlace(join(dir, 'not', 'there', 'yet'), trust)
    symlinkSync('.', join(dir, 'link'))
    checkPlace(join(dir, 'link', 'link'), trust)
  }))

test('one that every account may write to, anywhere on the path', () =>
  withDirectory((dir) => {
    const open = join(dir, 'open')
    mkdirSync(join(open, 'data'), { recursive: true })
    chmodSync(open, 0o777)
    const message = `${open} may be written to by every account`
    expect(() => checkPlace(open, trust)).toThrow(message)
    expect(() => checkPlace(join(open, 'data'), trust)).toThrow(message)
    symlinkSync(join(open, 'data'), join(dir, 'link'))
    expect(() => checkPlace(join(dir, 'link'), trust)).toThrow(message)
    chmodSync(open, 0o1777)
    checkPlace(join(dir, 'link'), trust)
  }))

test('what is no directory, anywhere on the path, whoever may write to it', () =>
  withDirectory((dir) => {
    const file = join(dir, 'file')
    writeFileSync(file, '')
    chmodSync(file, 0o666)
    symlinkSync('file', join(dir, 'link'))
    for (const path of [file, join(file, 'data'), join(dir, 'link', 'data')]) {
      const message = `The data directory ${path} cannot be used: ${file} is no directory`
      expect(() => checkPlace(path, trust)).toThrow(message)
    }
    const message = 'The data directory /dev/null/nixie cannot be used: /dev/null is no directory'
    expect(() => checkPlace('/dev/null/nixie', trust)).toThrow(message)
  }))

test("the kernel's own file systems", () => {
  for (const path of ['/proc', '/proc/self/x', '/sys/fs/bpf/nixie', '/dev', '/dev/nixie', '/sys/kernel/x'])
    expect(() => checkPlace(path, trust), path).toThrow("which is the kernel's and holds no files")
  checkPlace('/dev/shm', { ...trust, mayOwn: () => true })
})

test('links that never end', () =>
  withDirectory((dir) => {
    symlinkSync('b', join(dir, 'a'))
    symlinkSync('a', join(dir, 'b'))
    expect(() => checkPlace(join(dir, 'a'), trust)).toThrow('more links than are followed')
  }))

describe.skipIf(OWN !== 0)('of another account (needs root)', () => {
  const message = 'belongs to user id 65534, who could put other files in the place of Nixie'

  test('the directory itself, empty or not, and one above it', () =>
    withDirectory((dir) => {
      const theirs = join(dir, 'theirs')
      mkdirSync(join(theirs, 'data'), { recursive: true })
      chownSync(theirs, NOBODY, NOBODY)
      expect(() => checkPlace(theirs, trust)).toThrow(message)
      expect(() => checkPlace(join(theirs, 'data'), trust)).toThrow(message)
      expect(() => checkPlace(join(theirs, 'not', 'there'), trust)).toThrow(message)
      checkPlace(join(theirs, 'data'), nobodyToo)
    }))

  test('a link, and a directory in which a link lies', () =>
    withDirectory((dir) => {
      const theirs = join(dir, 'theirs')
      mkdirSync(join(dir, 'data'))
      mkdirSync(theirs)
      symlinkSync('../data', join(theirs, 'link'))
      checkPlace(join(theirs, 'link'), trust)
      lchownSync(join(theirs, 'link'), NOBODY, NOBODY)
      expect(() => checkPlace(join(theirs, 'link'), trust)).toThrow(message)
      lchownSync(join(theirs, 'link'), 0, 0)
      chownSync(theirs, NOBODY, NOBODY)
      symlinkSync(join(theirs, 'link'), join(dir, 'outer'))
      expect(() => checkPlace(join(dir, 'outer'), trust)).toThrow(message)
    }))
})
