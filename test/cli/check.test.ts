/** `nixie check` on this host, whatever it can do: what it says and its exit code agree. */
import { expect, test } from 'bun:test'
import { runCli } from './run-cli'

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
