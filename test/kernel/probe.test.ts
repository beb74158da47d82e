/** What is said when the kernel refuses a program. */
import { describe, expect, test } from 'bun:test'
import { hintForRefusal } from '../../src/kernel/probe'

const status = (capabilities: string, seccomp: number) =>
  `Name:\tnixie\nCapEff:\t${capabilities}\nNoNewPrivs:\t1\nSeccomp:\t${seccomp}\nSeccomp_filters:\t1\n`
/** BPF, PERFMON, NET_ADMIN, SYS_PTRACE, DAC_READ_SEARCH */
const SHIPPED = '000000c000081004'

describe('a refusal', () => {
  test.each([
    ['with the capabilities of the manifests, under a seccomp profile', SHIPPED, 2, 'seccomp profile'],
    ['with them, without one', SHIPPED, 0, 'Run as root'],
    ['without the capabilities, under a profile', '0000000000000000', 2, 'Run as root'],
  ])('%s', (_, capabilities, seccomp, hint) => {
    expect(hintForRefusal(status(capabilities, seccomp))).toContain(hint)
  })
})
