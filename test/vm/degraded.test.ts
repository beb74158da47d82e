/**
 * Machines that lack something: `nixie check` and the health page say what works there, and what works is true. Debian has no kernel
 * with pages of 64 KiB.
 */
import { afterAll, expect, test } from 'bun:test'
import { boot, isWhole, type Kernel, MACHINE_MS, type Machine, noMachine, removeRoots } from './machine'
import { inWords, lostIn, parsed, rowsIn, type Status } from './told'

afterAll(removeRoots)

const NEWEST_STABLE: Kernel = { arch: 'x64', suite: 'trixie', release: '6.12' }
const OLDEST: Kernel = { arch: 'x64', suite: 'bullseye', release: '5.10' }

/** Numbers of capabilities (capabilities(7)). */
const CAP = { DAC_READ_SEARCH: 2, NET_ADMIN: 12, SYS_PTRACE: 19, PERFMON: 38, BPF: 39 }
const account = (...names: (keyof typeof CAP)[]) => names.map((name) => CAP[name]).join(',')
/** What the service has. */
const SERVICE = account('BPF', 'PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH')

interface Degraded {
  readonly name: string
  readonly kernel: Kernel
  readonly machine?: Machine
  /** Arguments of degraded.sh. */
  readonly args: string
  /** A line of `nixie check` that says what is missing. */
  readonly check?: RegExp
  /** What the health page says. */
  readonly page?: RegExp
  /** Capture can't work there. */
  readonly isBlind?: boolean
}

const MACHINES: readonly Degraded[] = [
  {
    name: 'no BTF',
    kernel: NEWEST_STABLE,
    machine: { setup: 'btf=no' },
    args: 'root',
    check: /^FAIL {2}BTF/m,
    page: /BTF/,
    isBlind: true,
  },
  {
    name: 'locked down against all that reads the kernel',
    kernel: NEWEST_STABLE,
    machine: { append: 'lockdown=confidentiality' },
    args: 'root',
    check: /^FAIL {2}lockdown/m,
    isBlind: true,
  },
  {
    name: 'Linux 5.10 with 64 KiB of locked memory',
    kernel: OLDEST,
    args: `${SERVICE} memlock`,
    check: /^FAIL {2}memlock +64 KiB: this kernel counts BPF maps/m,
    page: /locked memory|memlock/i,
    isBlind: true,
  },
  {
    name: 'pages of 16 KiB',
    kernel: { arch: 'arm64', suite: 'trixie', flavour: 'arm64-16k', release: '6.12' },
    // The model of the other arm64 machines has no such pages.
    machine: { cpu: 'cortex-a76' },
    args: 'root',
  },
]

interface Counted {
  readonly flood: boolean
  readonly n: number
}

for (const { name, kernel, machine, args, check, page, isBlind = false } of MACHINES) {
  const why = isWhole ? noMachine(kernel.arch) : 'is in the whole matrix'
  test.skipIf(why !== '').concurrent(
    `${name} (Linux ${kernel.release}, ${kernel.arch})${why && ` (${why})`}`,
    async () => {
      const said = await boot(kernel, `sh /files/degraded.sh ${args}`, machine)
      const part = (wanted: string) => said.get(wanted) ?? ''
      expect(part('check')).toMatch(check ?? /^ok {4}BTF/m)
      expect(part('page')).toMatch(page ?? /health/i)
      // The check says what comes.
      expect({
        check: part('check').split('\n').at(-1),
        status: part('checked'),
        ready: part('ready'),
        end: part('end'),
        kernel: part('kernel'),
      }).toEqual({
        check: isBlind ? 'Capture cannot work here.' : 'Capture can work here.',
        status: isBlind ? '1' : '0',
        ready: isBlind ? 'no' : 'yes',
        end: '0',
        kernel: '',
      })
      if (isBlind) {
        expect(inWords(part('rows'))).toEqual([])
        return
      }
      const { losses, probes } = parsed<Status>(part('status'))
      // What `splice` takes is not seen by that program: the last body of its connection is missing.
      const byExit = probes.some((probe) => probe.attached && probe.name === 'sys_exit')
      const asSeen = (line: string) =>
        byExit ? line.replace(/^(POST \/calls\/splice\S+\?1 202 9) 12$/, '$1 0') : line
      expect(inWords(part('rows'))).toEqual(part('truth').split('\n').map(asSeen).sort())
      const flooded = rowsIn<Counted>(part('counted')).filter(({ flood }) => flood)
      const made = Number(part('flooded'))
      expect({ flooded, losses: lostIn(losses) }).toEqual({
        flooded: [{ flood: true, n: made }],
        losses: {},
      })
      expect(rowsIn<{ n: number }>(part('processes'))[0]?.n).toBeGreaterThan(0)
    },
    MACHINE_MS,
  )
}
