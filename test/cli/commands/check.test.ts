/** `nixie check` on this host, whatever it can do: what it says and its exit code agree. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { runCli } from '../run-cli'

interface Answer {
  readonly ok: boolean
  readonly checks: readonly { name: string; ok: boolean; required: boolean; hint: string }[]
}

test('check', async () => {
  const asked = await runCli(['check', '-o', 'json'])
  const { ok, checks } = JSON.parse(asked.out) as Answer
  expect(checks.length).toBeGreaterThan(0)
  expect(ok).toBe(checks.every((check) => check.ok || !check.required))
  expect(asked.code).toBe(ok ? 0 : 1)
  const { code, out } = await runCli(['check'])
  expect(code).toBe(asked.code)
  for (const check of checks) {
    const mark = check.ok ? 'ok  ' : check.required ? 'FAIL' : 'warn'
    expect(out).toContain(`${mark}  ${check.name}`)
    if (!check.ok) expect(out).toContain(check.hint)
  }
  expect(out).toEndWith(ok ? '\nCapture can work here.\n' : '\nCapture cannot work here.\n')
})

test.skipIf(process.getuid?.() !== 0 || Bun.which('setpriv') === null)(
  'without privileges the text of libbpf is there once for each remedy',
  () => {
    const code = `
      import { main } from '${join(import.meta.dir, '../../../src/cli/index.ts')}'
      process.exit(await main(['check'], { serve: async () => 0 }))`
    const user = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all']
    const ran = Bun.spawnSync([...user, process.execPath, '-e', code])
    const out = `${ran.stdout}`
    expect(out).toContain('Capture cannot work here')
    expect(out.match(/FAIL|warn/g)!.length).toBeGreaterThan(4)
    expect(out.match(/probe_loading/g)).toHaveLength(1)
  },
)
