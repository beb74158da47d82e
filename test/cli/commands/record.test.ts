/** nixie record, as far as it goes without the rights to capture. */
import { afterAll, expect, test } from 'bun:test'
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unsaidLines } from '../../../src/cli/commands/record'
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
  const said = { link: 'is a link', second: 'no file of this account alone', pipe: 'is a pipe' }
  for (const [name, what] of Object.entries(said)) {
    const { code, err } = await runCli(['record', '-o', join(scope.dir, name), '--force'])
    expect(code).toBe(1)
    expect(err).toContain("The recording can't be written")
    expect(err).toContain(what)
  }
  expect((await runCli(['record', '-o', '/dev/null'])).err).toContain('/dev/null is a device')
  expect((await runCli(['record', '-o', scope.dir])).err).toContain('is a directory')
  expect(readFileSync(other, 'utf8')).toBe('kept')
})

test('a file that is there is replaced only by --force', async () => {
  const old = join(scope.dir, 'old.rec')
  writeFileSync(old, 'kept')
  const { code, err } = await runCli(['record', '--for', '1s', '-o', old])
  expect(code).toBe(1)
  expect(err).toBe(
    `error: ${old} is there already\nhint: Name another file with -o, or replace it: --force.\n`,
  )
  expect(readFileSync(old, 'utf8')).toBe('kept')
})

test('a terminal gets no recording', async () => {
  for (const to of ['-', '/dev/stdout']) {
    const { code, err } = await runCli(['record', '-o', to], { columns: 80 })
    expect(code).toBe(2)
    expect(err).toContain('A recording is no text for a terminal')
  }
})

test.skipIf(process.getuid!() === 0)(
  'without the rights it says which, and leaves files as they were',
  async () => {
    const { code, err } = await runCli(['record', '--for', '1s', '-o', file])
    expect(code).toBe(1)
    expect(err).toBe(
      'error: This user may not trace the machine: it takes root, or CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH\nhint: Run it with sudo.\n',
    )
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, 'before')
    expect((await runCli(['record', '--for', '1s', '-o', file, '--force'])).code).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('before')
  },
)

test('whose messages a recording lacks is said, by their protocols', () => {
  expect(unsaidLines({ http2: 0, websocket: 0, encrypted: 0 })).toEqual([])
  expect(unsaidLines({ http2: 2, websocket: 1, encrypted: 0 })).toEqual([
    "Left out: what connections say in a code in which secrets can't be replaced (2 of HTTP/2, 1 of WebSocket). Replayed, they have no rows of that.",
  ])
  expect(unsaidLines({ http2: 0, websocket: 0, encrypted: 3 })).toEqual([
    expect.stringMatching(/^Encrypted: 3 connections of TLS\. Only their encrypted bytes are recorded/),
  ])
})
