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

test('the runtime knows its options: an unknown one would do nothing, without a word', () => {
  const env = { ...process.env, ...withRuntimeOptions({}), MIMALLOC_VERBOSE: '1', BUN_JSC_dumpOptions: '1' }
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', '0'], {
    env,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = `${stdout}${stderr}`
  expect(said).toMatch(/'purge_holes_min_interval': *500\b/)
  const compiler = names
    .filter((name) => name.startsWith('BUN_JSC_'))
    .map((name) => name.slice('BUN_JSC_'.length))
  expect(compiler.length).toBeGreaterThan(0)
  for (const name of compiler) expect(said).toContain(`${name}=`)
})
