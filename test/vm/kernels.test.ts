/**
 * The built binary on kernels of other releases and architectures: which hooks it takes, that it sees every request, through a kill
 * and a start, and that what it tells of processes and connections is what /proc and the programs themselves tell.
 */
import { afterAll, expect, test } from 'bun:test'
import { NEEDED_BYTES } from '../../src/kernel/memlock'
import { boot, isWhole, type Kernel, kernelOf, MACHINE_MS, noMachine, removeRoots } from './machine'
import { inWords, lostIn, parsed, rowsIn, type Status } from './told'

afterAll(removeRoots)

interface Tried extends Kernel {
  /** The programs that tell of the ends of processes, and of sent bytes, there. */
  readonly programs: readonly [string, string]
  /** Is in every run. */
  readonly usual?: boolean
}

const BY_EXIT = ['process_exit', 'sys_exit'] as const
const BY_TYPE = ['process_exit', 'sent_typed'] as const
// From 7.2 on typed programs are passed over while another task is preempted in them.
const CLASSIC = ['process_exit_classic', 'sent_classic'] as const

const KERNELS: readonly Tried[] = [
  { arch: 'x64', suite: 'bullseye', release: '5.10', programs: BY_EXIT, usual: true },
  { arch: 'x64', suite: 'bookworm', release: '6.1', programs: BY_EXIT },
  { arch: 'x64', suite: 'trixie', release: '6.12', programs: BY_TYPE },
  { arch: 'x64', suite: 'trixie-backports', release: '7.', programs: CLASSIC, usual: true },
  { arch: 'arm64', suite: 'bullseye', release: '5.10', programs: BY_EXIT, usual: true },
  { arch: 'arm64', suite: 'trixie', release: '6.12', programs: BY_TYPE, usual: true },
  { arch: 'arm64', suite: 'trixie-backports', release: '7.', programs: CLASSIC },
]

const HOOKS: readonly string[] = KERNELS.flatMap(({ programs }) => programs)

/** Bytes that the kernel moves from a pipe into a socket are seen since Linux 6.3; of both calls with `splice`. */
const SPLICED = 24
const seesSplice = (release: string) => !/^(5|6\.1$)/.test(release)
/** Without them the last answer of the connection has no body; the one before has, as a message follows it. */
const asSeen = (line: string, release: string) =>
  seesSplice(release) ? line : line.replace(/^(POST \/calls\/splice\S+\?1 202 9) 12$/, '$1 0')

/** What BPF takes is locked memory up to Linux 5.10. */
const countsLocked = (release: string) => release === '5.10'

/** Libraries are looked at from Linux 6.6 on. */
const seesTls = (release: string) => !/^(5|6\.1$)/.test(release)

/** What /proc rounds to 10 ms, for each of user space and kernel, of each read. */
const CLOCK_MS = 40

for (const kernel of KERNELS.filter(({ usual }) => usual || isWhole)) {
  const { arch, suite, release, programs } = kernel
  const why = noMachine(arch)
  test.skipIf(why !== '').concurrent(
    `Linux ${release} of ${suite}, ${arch}: every request is a row, by ${programs[1]}${why && ` (${why})`}`,
    async () => {
      expect(kernelOf(kernel)).toContain(release)
      const said = await boot(kernel, 'sh /files/guest.sh')
      const part = (name: string) => said.get(name) ?? ''
      const { checks } = parsed<{ checks: readonly { name: string; ok: boolean }[] }>(part('check'))
      const isExpected = (name: string) => seesTls(release) || !name.startsWith('tls_')
      expect(checks.filter(({ name, ok }) => !ok && isExpected(name))).toEqual([])
      const { losses, probes } = parsed<Status>(part('status'))
      const attached = probes.filter((probe) => probe.attached && HOOKS.includes(probe.name))
      expect(attached.map(({ name }) => name).sort()).toEqual([...programs])
      expect(inWords(part('rows'))).toEqual(
        part('truth')
          .split('\n')
          .map((line) => asSeen(line, release))
          .sort(),
      )
      const made = Number(part('flooded'))
      expect(made).toBeGreaterThan(100)
      // All at once: what was lost, and which programs were skipped, explains a row that is missing.
      expect({
        flood: Number(/"n": ?(\d+)/.exec(part('flood'))?.[1]),
        losses: lostIn(losses),
        skipping: part('skipping'),
        kernel: part('kernel'),
        end: part('end'),
      }).toEqual({ flood: made, losses: {}, skipping: '', kernel: '', end: '0' })

      if (countsLocked(release)) {
        expect(Number(part('locked'))).toBeGreaterThan(NEEDED_BYTES / 4)
        expect(Number(part('locked'))).toBeLessThanOrEqual(NEEDED_BYTES)
      }
      const [process] = rowsIn<Record<string, number>>(part('process'))
      const proc = part('proc')
      const io = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(proc)?.[1])
      expect(process).toMatchObject({ rchar: io('rchar'), wchar: io('wchar') })
      const [user = 0, system = 0] = proc
        .split('\n')[0]!
        .split(' ')
        .map((ticks) => Number(ticks) * 10)
      expect(Math.abs((process!.utime! + process!.ktime!) / 1e6 - user - system)).toBeLessThan(CLOCK_MS)

      const [pid = 0, opened = 0, received = 0, sent = 0] = part('called').split(' ').map(Number)
      const seen = sent - (seesSplice(release) ? 0 : SPLICED)
      expect(rowsIn<Record<string, number>>(part('connections'))).toContainEqual({
        pid,
        open: opened,
        close: opened,
        received,
        sent: seen,
      })
    },
    MACHINE_MS,
  )
}
