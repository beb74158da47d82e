/** What `nixie check` says of the limit of locked memory. */
import { expect, test } from 'bun:test'
import { checkMemlock, type MemlockFacts } from '../../src/kernel/memlock'
import { hintForRefusal } from '../../src/kernel/probe'

/** BPF, PERFMON, NET_ADMIN, SYS_PTRACE, DAC_READ_SEARCH; and CAP_SYS_RESOURCE with them. */
const SERVICE = '000000c000081004'
const RAISES = '000000c001081004'

const facts = (release: string, limit: string, capabilities = SERVICE): MemlockFacts => ({
  release,
  limits: `Max processes             31567                31567                processes \nMax locked memory         ${limit}                ${limit}                bytes     \n`,
  status: `CapEff:\t${capabilities}\nSeccomp:\t0\n`,
})

test.each([
  [
    '5.10.0-46-cloud-amd64',
    '65536',
    SERVICE,
    false,
    "64 KiB: this kernel counts BPF maps as locked memory, and Nixie's take",
  ],
  ['5.8.0', '8388608', SERVICE, false, '8 MiB: this kernel counts'],
  ['5.10.0', '65536', RAISES, true, '64 KiB; raised by the loader, which has CAP_SYS_RESOURCE'],
  ['5.10.0', 'unlimited', SERVICE, true, 'unlimited'],
  ['5.10.0', '1073741824', SERVICE, true, '1024 MiB'],
  ['5.11.0', '65536', SERVICE, true, '64 KiB; this kernel does not count BPF maps'],
  ['6.12.0', '8388608', '0', true, '8 MiB; this kernel does not count BPF maps'],
])('Linux %s with %s bytes and the capabilities %s', (release, limit, capabilities, ok, detail) => {
  const check = checkMemlock(facts(release, limit, capabilities))
  expect(check.ok).toBe(ok)
  expect(check.detail).toStartWith(detail)
  expect(check.required).toBe(true)
})

test('a program that is refused for it says so', () => {
  const { status } = facts('5.10.0', '65536')
  expect(hintForRefusal(status, [checkMemlock(facts('5.10.0', '65536'))])).toContain('ulimit -l unlimited')
  expect(hintForRefusal(status, [checkMemlock(facts('6.1.0', '65536'))])).toContain('Run as root')
})
