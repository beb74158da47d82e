/** nixie record, as far as it goes without the rights to capture. */
import { afterAll, expect, test } from 'bun:test'
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scope } from '../../support/scope'
import { runCli } from '../run-cli'

const scope = new Scope('record')
afterAll(() => scope.close())
const file = join(scope.dir, 'a.rec')

const wrong: Readonly<Record<string, string>> = {
  '--for=0s': 'no time such as 10s',
  '--for=2h': 'up to an hour',
  '--for=soon': 'no time such as 10s',
  '--max-size=1': 'no size from 64K to 512M',
  '--max-size=5G': 'no size from 64K to 512M',
  '--listen=here': 'is not HOST:PORT',
}
for (const [option, said] of Object.entries(wrong))
  test(`${option} is refused before anything is touched`, async () => {
    const { code, err } = await runCli(['record', option, '-o', file])
    expect(code).toBe(2)
    expect(err).toContain(said)
    expect(existsSync(file)).toBe(false)
  })

test('a place that can not be written to is said at once', async () => {
  const { code, err } = await runCli(['record', '-o', join(scope.dir, 'none/a.rec')])
  expect(code).toBe(1)
  expect(err).toContain("The recording can't be written")
  expect(err).toContain('hint: Name a file with -o')
})

test('a link, a pipe, or a file with two names is not written to', async () => {
  const other = join(scope.dir, 'other')
  writeFileSync(other, 'kept')
  symlinkSync(other, join(scope.dir, 'link'))
  linkSync(other, join(scope.dir, 'second'))
  Bun.spawnSync(['mkfifo', join(scope.dir, 'pipe')])
  for (const name of ['link', 'second', 'pipe']) {
    const { code, err } = await runCli(['record', '-o', join(scope.dir, name)])
    expect(code).toBe(1)
    expect(err).toContain("The recording can't be written")
  }
  expect(readFileSync(other, 'utf8')).toBe('kept')
})

test.skipIf(process.getuid!() === 0)(
  'without the rights it says which, and leaves files as they were',
  async () => {
    const { code, err } = await runCli(['record', '--for', '1s', '-o', file])
    expect(code).toBe(1)
    expect(err).toContain('CAP_BPF')
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, 'before')
    expect((await runCli(['record', '--for', '1s', '-o', file])).code).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('before')
  },
)
