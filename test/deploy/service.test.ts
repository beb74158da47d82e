/** The systemd unit: systemd understands it, and judges it as closed as tracing allows. */
import { afterAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scope } from '../support/scope'

/** Of 10; root, PTRACE and BPF themselves are 2 of it. */
const EXPOSURE = 3.5

describe.skipIf(!Bun.which('systemd-analyze'))('nixie.service (needs systemd-analyze)', () => {
  const scope = new Scope('service')
  afterAll(() => scope.close())
  const unit = join(scope.dir, 'nixie.service')
  const text = readFileSync(join(import.meta.dir, '../../deploy/nixie.service'), 'utf8')
  writeFileSync(unit, text.replaceAll('@BIN@', '/bin/true').replaceAll('@DATA_DIR@', '/var/lib/nixie'))
  const analyze = (...args: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(['systemd-analyze', ...args, unit])
    return { exitCode, text: `${stdout}${stderr}` }
  }

  test('is valid', () => {
    const { exitCode, text } = analyze('verify', '--man=no')
    expect(text.split('\n').filter((line) => line.includes('nixie.service'))).toEqual([])
    expect(exitCode).toBe(0)
  })

  test('leaves little open', () => {
    const { text } = analyze('security', '--offline=true', '--no-pager')
    const exposure = Number(/exposure level for .*?: ([\d.]+)/.exec(text)?.[1])
    expect(exposure, text).toBeLessThanOrEqual(EXPOSURE)
  })
})
