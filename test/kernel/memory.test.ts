/** What `nixie check` says of the memory that is left. */
import { expect, test } from 'bun:test'
import { checkMemory } from '../../src/kernel/memory'

const meminfo = (mib: number) =>
  `MemTotal:         474848 kB\nMemFree:            9000 kB\nMemAvailable:   ${mib * 1024} kB\nBuffers: 0 kB\n`

test.each([
  [meminfo(64), false, /^64 MiB are available: a Nixie that starts takes about 100 MiB/],
  [meminfo(242), true, /^242 MiB are available$/],
  ['', true, /^unknown$/],
])('%j', (text, ok, detail) => {
  const check = checkMemory(text)
  expect(check).toMatchObject({ name: 'memory', ok, required: false })
  expect(check.detail).toMatch(detail)
})
