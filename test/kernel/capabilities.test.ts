/** What `nixie check` says of the rights that a process has. */
import { expect, test } from 'bun:test'
import { checkCapabilities } from '../../src/kernel/capabilities'

const CAP = { DAC_READ_SEARCH: 2, NET_ADMIN: 12, SYS_PTRACE: 19, SYS_ADMIN: 21, PERFMON: 38, BPF: 39 }
const mask = (...names: (keyof typeof CAP)[]) =>
  names.reduce((held, name) => held | (1n << BigInt(CAP[name])), 0n)

/** Whether capture can work, and what lacks. */
function told(held: bigint) {
  const checks = checkCapabilities(held)
  return {
    works: checks.every(({ ok, required }) => ok || !required),
    lacks: checks.filter(({ ok }) => !ok).map(({ name }) => name.replace('CAP_', '')),
  }
}

test.each([
  ['the service', mask('BPF', 'PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'), true, []],
  ['CAP_SYS_ADMIN for three', mask('SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'), true, []],
  ['two', mask('BPF', 'PERFMON'), true, ['NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH']],
  ['no CAP_BPF', mask('PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'), false, ['BPF']],
  ['none', 0n, false, ['BPF', 'PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH']],
])('%s', (_, held, works, lacks) => {
  expect(told(held)).toEqual({ works, lacks })
})

test('what lacks without one that is not required is said', () => {
  for (const { ok, required, detail, hint } of checkCapabilities(mask('BPF', 'PERFMON')))
    if (!ok) {
      expect(required).toBe(false)
      expect(detail).toMatch(/^not held: \w+/)
      expect(hint).toContain('CAP_DAC_READ_SEARCH')
    }
})
