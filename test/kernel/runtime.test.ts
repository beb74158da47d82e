/** A server's runtime is told how to run it. */
import { expect, test } from 'bun:test'
import { RUNTIME_OPTIONS, withRuntimeOptions } from '../../src/kernel/runtime'

const names = Object.keys(RUNTIME_OPTIONS)

test('an environment gets what it lacks, and keeps what it has', () => {
  const own = { HOME: '/root', [names[0]!]: '17' }
  const whole = withRuntimeOptions(own)!
  expect(whole).toMatchObject(own)
  for (const name of names.slice(1)) expect(whole[name]).toBe(RUNTIME_OPTIONS[name]!.value)
  expect(withRuntimeOptions(whole)).toBeUndefined()
})

test('the allocator knows its option: else it would do nothing, without a word', () => {
  const env = { ...process.env, MIMALLOC_VERBOSE: '1', ...withRuntimeOptions({}) }
  const { stderr } = Bun.spawnSync([process.execPath, '--version'], { env, stdout: 'ignore', stderr: 'pipe' })
  expect(stderr.toString()).toMatch(/'purge_holes_min_interval': *500\b/)
})
