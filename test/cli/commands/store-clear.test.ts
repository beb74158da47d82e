import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockDirectory } from '../../../src/store/database'
import { Scope } from '../../support/scope'
import { runCli } from '../run-cli'

let scope: Scope
beforeEach(() => {
  scope = new Scope('clear')
  for (const name of ['nixie.db', 'nixie.db-wal', 'nixie.db.damaged-2026', 'notes.txt']) {
    writeFileSync(join(scope.dir, name), 'x'.repeat(1024))
  }
})
afterEach(() => scope.close())

test('deletes the store and nothing else', async () => {
  const { code, out } = await runCli(['store', 'clear', '--data-dir', scope.dir])
  expect(code).toBe(0)
  expect(out).toContain('3 KiB deleted')
  expect(readdirSync(scope.dir).filter((name) => name !== 'nixie.lock')).toEqual(['notes.txt'])
})

test('not under a Nixie that writes it', async () => {
  const lock = lockDirectory(scope.dir)
  const { code, err } = await runCli(['store', 'clear', '--data-dir', scope.dir])
  lock.release()
  expect(code).toBe(1)
  expect(err).toContain('Another Nixie writes')
  expect(readdirSync(scope.dir)).toContain('nixie.db')
})

test('a directory must be named, and be there', async () => {
  expect((await runCli(['store', 'clear'])).code).toBe(2)
  const { code, err } = await runCli(['store', 'clear', '--data-dir', join(scope.dir, 'none')])
  expect(code).toBe(1)
  expect(err).toContain("can't be cleared")
})
