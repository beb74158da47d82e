/** What root gives up before anything is opened. The part with real rights needs root. */
import { afterAll, describe, expect, test } from 'bun:test'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { neededCapabilities } from '../../src/kernel/drop'
import { Scope } from '../support/scope'

const scope = new Scope('drop')
afterAll(() => scope.close())
const isRoot = process.getuid!() === 0

/** BPF, PERFMON, NET_ADMIN, SYS_PTRACE, DAC_READ_SEARCH. */
const FIVE = 0xc000081004n
const needs = (over: Partial<Parameters<typeof neededCapabilities>[0]> = {}) =>
  neededCapabilities({ dataDir: '/', addresses: ['127.0.0.1:6494', ''], mounts: false, ...over })

describe('what is needed', () => {
  test('five rights', () => expect(needs()).toBe(FIVE))
  test('one more for a low port, and for a mount', () => {
    expect(needs({ addresses: ['[::1]:80', ''] })).toBe(FIVE | (1n << 10n))
    expect(needs({ mounts: true })).toBe(FIVE | (1n << 21n))
  })
  test.skipIf(!isRoot)(
    'one more for a directory of another account, also one that is still to be made',
    () => {
      const dir = join(scope.dir, 'theirs')
      mkdirSync(dir)
      chownSync(dir, 65534, 65534)
      expect(needs({ dataDir: join(dir, 'a/b') })).toBe(FIVE | (1n << 1n))
    },
  )
})

test.skipIf(!isRoot)(
  'all threads lose the rest, and the program goes on with its words and its number (needs root)',
  async () => {
    const script = join(scope.dir, 'drop.ts')
    const kernel = resolve(import.meta.dir, '../../src/kernel')
    writeFileSync(
      script,
      `import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dropCapabilities } from '${kernel}/drop'
import { beginAnew } from '${kernel}/execve'
if (dropCapabilities({ dataDir: '/', addresses: [], mounts: false })) beginAnew({ ...process.env, NIXIE_MARK: 'é=1' })
const status = (task) => readFileSync('/proc/self/task/' + task + '/status', 'utf8')
const rights = readdirSync('/proc/self/task').map((task) => /CapEff:\\s*(\\w+)/.exec(status(task))[1])
let mayOverride = true
try { writeFileSync(process.argv[3], 'x') } catch { mayOverride = false }
console.log(JSON.stringify({ rights: [...new Set(rights)], words: process.argv.slice(2), pid: process.pid,
  env: process.env.NIXIE_MARK, locked: /NoNewPrivs:\\s*1/.test(status(process.pid)), mayOverride }))`,
    )
    const theirs = join(scope.dir, 'file')
    writeFileSync(theirs, '', { mode: 0o600 })
    chownSync(theirs, 65534, 65534)
    const child = Bun.spawn([process.execPath, script, 'a b', theirs], {
      stdout: 'pipe',
    })
    expect(JSON.parse(await new Response(child.stdout).text())).toEqual({
      rights: ['000000c000081004'],
      words: ['a b', theirs],
      pid: child.pid,
      env: 'é=1',
      locked: true,
      mayOverride: false,
    })
  },
)
