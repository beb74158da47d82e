import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HelperThreads } from '../../src/kernel/helper-threads'

let tasks: string
beforeEach(() => {
  tasks = mkdtempSync(join(tmpdir(), 'nixie-tasks-'))
})
afterEach(() => rmSync(tasks, { recursive: true, force: true }))

/** Its number is no thread's: nobody is asked anything. */
function runs(thread: string, name: string): void {
  mkdirSync(join(tasks, thread))
  writeFileSync(join(tasks, thread, 'comm'), `${name}\n`)
}

test('those that collect are asked once, also those that come later, and one that takes the number of another', () => {
  const helpers = new HelperThreads(200_000, tasks)
  runs('2000000001', 'HeapHelper')
  runs('2000000002', 'JITWorker')
  expect([helpers.look(), helpers.look()]).toEqual([1, 0])
  runs('2000000003', 'ollector Thread')
  expect([helpers.look(), helpers.look()]).toEqual([1, 0])
  rmSync(join(tasks, '2000000003'), { recursive: true })
  expect(helpers.look()).toBe(0)
  runs('2000000003', 'HeapHelper')
  expect(helpers.look()).toBe(1)
})

test('where nothing can be read nobody is asked', () => {
  mkdirSync(join(tasks, '2000000001'))
  expect(new HelperThreads(200_000, tasks).look()).toBe(0)
  expect(new HelperThreads(200_000, join(tasks, 'none')).look()).toBe(0)
})

test.each(['HeapHelper', 'ollector Thread'])('the runtime calls them by that name: %s', (name) => {
  // They come when there is much to mark, where there is more than one processor.
  const living = Array.from({ length: 100_000 }, (_, n) => ({ n }))
  const isOne = (thread: string) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === name
    } catch {
      return false // It has just ended.
    }
  }
  let isThere = false
  for (let i = 0; i < 100 && !isThere; i++) {
    Bun.gc(true)
    isThere = readdirSync('/proc/self/task').some(isOne)
  }
  expect(living).toHaveLength(100_000)
  expect(isThere).toBe(navigator.hardwareConcurrency > 1)
})
