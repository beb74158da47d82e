/** What `nixie check` says of a kernel that is locked down. */
import { expect, test } from 'bun:test'
import { checkLockdown } from '../../src/kernel/lockdown'
import { hintForRefusal } from '../../src/kernel/probe'

test.each([
  ['none [integrity] confidentiality\n', true, 'integrity'],
  ['[none] integrity confidentiality\n', true, 'none'],
  ['none integrity [confidentiality]\n', false, 'confidentiality'],
  ['', true, 'unknown: securityfs is not mounted'],
])('%p', (said, ok, detail) => {
  expect(checkLockdown(said)).toMatchObject({ ok, detail, required: true })
})

test('a program that is refused for it says so, and not that root is needed', () => {
  const root = 'CapEff:\t000001ffffffffff\nSeccomp:\t0\n'
  const locked = checkLockdown('none integrity [confidentiality]')
  expect(hintForRefusal(root, [locked])).toBe(locked.hint)
  expect(hintForRefusal('CapEff:\t0\nSeccomp:\t0\n', [locked])).toContain('Run as root')
})
