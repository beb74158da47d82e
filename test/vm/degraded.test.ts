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
const NEWEST: Kernel = { arch: 'x64', suite: 'trixie-backports', release: '7.' }

/** Numbers of capabilities (capabilities(7)). */
const CAP = { DAC_READ_SEARCH: 2, NET_ADMIN: 12, SYS_PTRACE: 19, SYS_ADMIN: 21, PERFMON: 38, BPF: 39 }
const account = (...names: (keyof typeof CAP)[]) => names.map((name) => CAP[name]).join(',')
/** What the service has. */
const SERVICE = account('BPF', 'PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH')

interface Degraded {
  readonly name: string
  readonly kernel: Kernel
  readonly machine?: Machine
  /** Arguments of degraded.sh. */
  readonly args: string
  /** What the machine says of itself: that it is what the name says. */
  readonly is?: RegExp
  /** Lines of `nixie check` that say what is missing. */
  readonly check?: readonly RegExp[]
  /** What the health page says. */
  readonly page?: RegExp
  /** MiB when capture has begun. */
  readonly left?: RegExp
  /** All that can be relied on is what it says at its start. */
  readonly log?: RegExp
  /** Capture can't work there. */
  readonly isBlind?: boolean
  /** It doesn't even begin where nothing is stored, and says why. */
  readonly refused?: RegExp
  /** The kernel skips runs of programs there: what is missing is counted. */
  readonly skips?: boolean
  /** Takes some seconds: is in every run. */
  readonly usual?: boolean
}

const BY_EXIT = /^ok {4}sys_exit .*but not by io_uring or splice\. It stands in for typed tracepoints/m

const MACHINES: readonly Degraded[] = [
  {
    name: 'no BTF',
    kernel: NEWEST_STABLE,
    machine: { setup: 'btf=no' },
    args: 'root',
    check: [/^FAIL {2}BTF/m],
    page: /BTF/,
    isBlind: true,
  },
  {
    name: 'no tracefs, which an account can not mount',
    kernel: NEWEST_STABLE,
    machine: { setup: 'tracefs=no' },
    args: SERVICE,
    check: [/^warn {2}tracefs +not mounted, and mounting was refused\n +As root: mount -t tracefs/m],
    page: /tracefs not attached · The list of tracepoints; the probes do without it .* mount -t tracefs/,
  },
  {
    name: 'no tracefs where the best hooks are listed there',
    kernel: NEWEST,
    machine: { setup: 'tracefs=no' },
    args: SERVICE,
    check: [
      /^warn {2}tracefs +not mounted, and mounting was refused\n +As root: mount -t tracefs/m,
      /^ok {4}sent_typed .*It stands in for classic tracepoints of sockets/m,
    ],
    page: /tracefs not attached · The list of tracepoints; without it .* mount -t tracefs/,
    skips: true,
  },
  {
    name: 'locked down against all that reads the kernel',
    kernel: NEWEST_STABLE,
    machine: { append: 'lockdown=confidentiality' },
    args: 'root',
    check: [/^FAIL {2}lockdown/m],
    isBlind: true,
  },
  {
    name: 'cgroup v1',
    kernel: NEWEST_STABLE,
    machine: { setup: 'cgroups=v1' },
    args: 'root container',
    is: /^cgroup \S*\/pids /m,
    check: [BY_EXIT, /cgroup2\) is mounted nowhere in sight.*mount -t cgroup2/m],
    page: /cgroup2\) is mounted nowhere in sight/,
  },
  {
    name: 'cgroup v1 with one controller, which is not that of memory',
    kernel: NEWEST_STABLE,
    machine: { setup: 'cgroups=v1 controllers=pids' },
    args: 'root container',
    is: /^cgroup \S*\/pids /m,
    check: [BY_EXIT],
  },
  {
    name: 'cgroup v1 without any controller, as a service manager has it',
    kernel: OLDEST,
    machine: { setup: "cgroups=v1 controllers=''" },
    args: 'root container',
    is: /^cgroup \S*\/systemd .*name=systemd/m,
    check: [BY_EXIT],
  },
  {
    name: 'cgroup v1 beside v2',
    kernel: NEWEST_STABLE,
    machine: { setup: 'cgroups=hybrid' },
    args: 'root container',
    is: /^cgroup2 \S*\/unified /m,
    check: [/^ok {4}datagram_from_v4/m],
  },
  {
    name: 'an account without CAP_BPF',
    kernel: NEWEST_STABLE,
    args: `${account('PERFMON', 'NET_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH')} stored`,
    check: [/^FAIL {2}CAP_BPF +not held/m],
    page: /CAP_BPF/,
    isBlind: true,
    refused: /This user may not trace the machine: it takes root, or CAP_BPF/,
    usual: true,
  },
  {
    name: 'CAP_SYS_ADMIN in the place of CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN',
    kernel: NEWEST_STABLE,
    args: account('SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'),
    check: [/^ok {4}CAP_BPF +by way of CAP_SYS_ADMIN/m, /^ok {4}datagram_from_v4/m],
  },
  {
    name: 'CAP_BPF and CAP_PERFMON, and nothing else',
    kernel: NEWEST_STABLE,
    args: account('BPF', 'PERFMON'),
    check: [/^warn {2}CAP_SYS_PTRACE +not held/m, BY_EXIT],
    page: /It stands in for typed tracepoints of sockets \(.*EPERM/,
  },
  {
    name: 'Linux 5.10 with 64 KiB of locked memory',
    kernel: OLDEST,
    args: `${SERVICE} memlock`,
    check: [/^FAIL {2}memlock +64 KiB: this kernel counts BPF maps/m],
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
  {
    name: '4 processors, two of which go and come',
    kernel: NEWEST_STABLE,
    machine: { processors: 4 },
    args: 'root unplug',
  },
  {
    name: 'a kernel that is preempted anywhere',
    kernel: NEWEST_STABLE,
    machine: { append: 'preempt=full' },
    args: 'root',
    is: /dynamic preempt: full/i,
  },
  {
    name: 'the newest kernel, preempted anywhere',
    kernel: NEWEST,
    machine: { append: 'preempt=full' },
    args: 'root',
    is: /dynamic preempt: full/i,
  },
  {
    name: 'a realtime kernel',
    kernel: { ...NEWEST_STABLE, flavour: 'rt' },
    args: 'root',
    is: /PREEMPT_RT/,
  },
  {
    name: 'the oldest realtime kernel',
    kernel: { ...OLDEST, flavour: 'rt' },
    args: 'root',
    is: /PREEMPT_RT/,
  },
  {
    name: '512 MiB of memory, of which 64 MiB are left beside it',
    kernel: NEWEST_STABLE,
    machine: { memory: 512 },
    args: 'root full',
    left: /^[56]\d$/,
  },
  {
    name: '512 MiB of memory, of which 64 MiB are left for it',
    kernel: NEWEST_STABLE,
    machine: { memory: 512 },
    args: 'root short',
    check: [/^warn {2}memory +\d\d MiB are available: a Nixie that starts takes about/m],
    log: /^nixie: \d\d MiB are available: a Nixie that starts takes about .* memory or swap/m,
  },
]

interface Counted {
  readonly container: string
  readonly flood: boolean
  readonly n: number
}

/** What the client made and no row tells, or the other way round. */
function compare(part: (name: string) => string) {
  const { losses, probes } = parsed<Status>(part('status'))
  // What `splice` takes is not seen by that program: the last body of its connection is missing.
  const byExit = probes.some((probe) => probe.attached && probe.name === 'sys_exit')
  const asSeen = (line: string) =>
    byExit ? line.replace(/^(POST \/calls\/splice\S+\?1 202 9) 12$/, '$1 0') : line
  const counts = rowsIn<Counted>(part('counted')).filter(({ flood }) => flood)
  const flood = ({ container, n }: Pick<Counted, 'container' | 'n'>) => `${n} of the flood, in '${container}'`
  const seen = [...inWords(part('rows')), ...counts.map(flood)]
  const made = [
    ...part('truth').split('\n').map(asSeen),
    flood({ container: part('container'), n: Number(part('flooded')) }),
  ]
  return { missing: differences(made, seen), losses: lostIn(losses) }
}

/** Each line that only one of the two has, or has more often. */
function differences(made: readonly string[], seen: readonly string[]): string[] {
  const left = [...seen]
  const missing = made.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...missing.map((line) => `- ${line}`), ...left.map((line) => `+ ${line}`)]
}

for (const { name, kernel, machine, args, is, check, page, isBlind = false, ...more } of MACHINES) {
  const { left, log, refused, skips = false, usual } = more
  const why = usual || isWhole ? noMachine(kernel.arch) : 'is in the whole matrix'
  test.skipIf(why !== '').concurrent(
    `${name} (Linux ${kernel.release}, ${kernel.arch})${why && ` (${why})`}`,
    async () => {
      const said = await boot(kernel, `${isBlind ? 'blind=yes ' : ''}sh /files/degraded.sh ${args}`, machine)
      const part = (wanted: string) => said.get(wanted) ?? ''
      expect(part('machine')).toMatch(is ?? /^/)
      for (const line of check ?? [/^ok {4}BTF/m]) expect(part('check')).toMatch(line)
      if (log) {
        expect(part('log')).toMatch(log)
        return
      }
      expect(part('left')).toMatch(left ?? /^/)
      expect(part('refused')).toMatch(refused ?? /^$/)
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
      const { missing, losses } = compare(part)
      if (skips && losses.missed) expect(losses.missed).toBeGreaterThanOrEqual(missing.length)
      else expect({ missing, losses }, part('log')).toEqual({ missing: [], losses: {} })
      // It is gone: only the kernel can have told.
      const clients = rowsIn<{ container: string }>(part('clients')).map(({ container }) => container)
      expect(clients).toEqual([part('container')])
      expect(rowsIn<{ n: number }>(part('processes'))[0]?.n).toBeGreaterThan(0)
      if (args.endsWith('unplug')) {
        expect(part('online').split('\n')).toEqual(['0-1', '0-3', '0-1', '0-3'])
        expect(part('late')).toBe('seen')
      }
    },
    MACHINE_MS,
  )
}
