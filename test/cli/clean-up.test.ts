/** A command that is told to end puts away what it made, and ends what it started. */
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scope, until } from '../support/scope'

const scope = new Scope('clean-up')
afterAll(() => scope.close())

const PROGRAM = `
import { rmSync } from 'node:fs'
import { withCleanUp } from '${join(import.meta.dir, '../../src/cli/clean-up.ts')}'
import { runProgram } from '${join(import.meta.dir, '../../src/cli/cluster/run-program.ts')}'
const folder = process.argv[2]
await withCleanUp(
  () => rmSync(folder, { recursive: true }),
  () => runProgram(['sh', '-c', 'echo $$ >' + folder + '.pid; exec sleep 100'], { env: process.env }, 100_000),
)
`

function runs(pid: string): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s', async (signal, code) => {
  const program = join(scope.dir, 'program.ts')
  const folder = join(scope.dir, signal)
  writeFileSync(program, PROGRAM)
  mkdirSync(folder)
  const child = Bun.spawn([process.execPath, program, folder], { stderr: 'inherit' })
  const pid = await until(
    'its child',
    // The shell makes the file before it writes to it.
    () => (existsSync(`${folder}.pid`) && readFileSync(`${folder}.pid`, 'utf8').trim()) || false,
  )
  child.kill(signal)
  expect(await child.exited).toBe(code)
  expect(existsSync(folder)).toBe(false)
  expect(runs(pid)).toBe(false)
})
