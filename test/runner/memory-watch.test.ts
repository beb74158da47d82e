/** What a control group may have, by the files of both versions. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { memoryLimit } from '../../src/runner/memory-watch'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'memory-watch-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

test('the least of the groups around, version 2', () => {
  write({
    'proc/self/cgroup': '0::/system.slice/nixie.service\n',
    'sys/fs/cgroup/system.slice/nixie.service/memory.max': 'max\n',
    'sys/fs/cgroup/system.slice/memory.max': '536870912\n',
  })
  expect(memoryLimit(root)).toBe(512 << 20)
})

test('in a namespace of its own, whose root has the limit', () => {
  write({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': '268435456\n' })
  expect(memoryLimit(root)).toBe(256 << 20)
})

test('version 1, whose number for none is no limit', () => {
  write({
    'proc/self/cgroup': '5:cpu,cpuacct:/a\n4:memory:/a/b\n',
    'sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': '536870912\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  })
  expect(memoryLimit(root)).toBe(512 << 20)
})

test('none', () => {
  write({ 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': 'max\n' })
  expect(memoryLimit(root)).toBeUndefined()
  expect(memoryLimit(join(root, 'nothing'))).toBeUndefined()
})
