/** Runs the rings one after the other, some of their steps beside each other; sums their counts and ends with one line: `N passed, N failed, N skipped`. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { crossMissing, otherArch } from '../bpf/cross'
import { Children, ofItsOwn } from './support/children'
import { Failures } from './support/failures'
import { readJunit, slowest, type TestCase } from './support/junit'
import { PATIENCE_MS } from './support/scope'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

interface Step {
  readonly title: string
  readonly command: readonly string[]
  readonly environment?: Record<string, string>
  /** Its tests are counted one by one; without it the step is one test. */
  readonly junit?: boolean
  /** It may run beside other such steps of its ring, each in a process namespace. They wait more than they work. */
  readonly beside?: boolean
  /** Why it can't run here; '' when it can. */
  missing?(): string
}

interface Ring {
  readonly name: string
  readonly needsRoot: boolean
  /** Its tests run the built executable, or load the built programs: they come first, as new as the sources. */
  readonly needsBuild: boolean
  /** A ring that hangs is ended then: many times what it takes on two cores with nothing else to do. */
  readonly minutes: number
  /** @param isNamed it was asked for by its name */
  steps(isNamed: boolean): readonly Step[]
  /** Why it can't run here; '' when it can. */
  missing?(): string
  /** Takes away what its steps brought up, however they end. */
  readonly after?: readonly string[]
}

const root = resolve(import.meta.dir, '..')
const bun = process.execPath
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const scratch = mkdtempSync(join(tmpdir(), 'nixie-test-'))

const TRACEFS = '/sys/kernel/tracing'

const APART = /^test\/(architecture\.test\.ts|kernel\/|vm\/|e2e\/|cluster\/|bench\/|ui\/(\w+\.)?browser\.)/
const files = [...new Bun.Glob('test/**/*.test.{ts,tsx}').scanSync(root)].sort()
const matching = (pattern: RegExp) => files.filter((path) => pattern.test(path))

const shellScripts = [
  ...['install.sh', 'test/run.sh', '.ci/run'],
  ...[...new Bun.Glob('{deploy,test/cluster,test/vm}/**/*.sh').scanSync(root)].sort(),
]

/** Kubernetes builds with no older Go. */
const GO_MINOR = 24

function clusterMissing(): string {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' })
  const minor = Number(/go1\.(\d+)/.exec(go.stdout ?? '')?.[1] ?? 0)
  if (minor < GO_MINOR) return `needs Go 1.${GO_MINOR} or newer to build Kubernetes`
  return Bun.which('buildah') ? '' : 'needs buildah to build the image'
}

const SOCKET_TESTS =
  /^test\/kernel\/(budget|calls|caps|connections|elsewhere|ends|late|namespace|owners|peek|shed-truth|tls-go|vectors)\./

/**
 * A process for each processor, which takes the next file when it is done with one. The files of a process share the modules that
 * they load; with modules of its own for each file the ring would cost half as much again.
 */
const AT_ONCE = ['--parallel', '--no-isolate']
/** What a test may take that names no time of its own: some conditions on a busy machine. */
const TEST_MS = 4 * PATIENCE_MS

/** Files whose subject is what the whole machine can bear, or that change what is its own: they run alone. */
const ALONE = /^test\/e2e\/(attack|bad-days|budget|install|load|query-memory|service|small-machine)\./

/** The longest files first, as far as their sizes tell, so that no lane has a long one left at its end. */
const bySize = (paths: readonly string[]) =>
  [...paths].sort((a, b) => statSync(join(root, b)).size - statSync(join(root, a)).size)

const beside = (steps: readonly Step[]): Step[] => steps.map((step) => ({ ...step, beside: true }))

/** Paths begin with `./`, so that Bun takes them as files and not as patterns. */
function tests(
  title: string,
  paths: readonly string[],
  environment: Record<string, string> = {},
  flags: readonly string[] = [],
): Step[] {
  if (paths.length === 0) return []
  const command = [bun, 'test', `--timeout=${TEST_MS}`, ...flags, ...paths.map((path) => `./${path}`)]
  return [{ title, command, environment, junit: true }]
}

const RINGS: readonly Ring[] = [
  {
    name: 'build',
    needsRoot: false,
    needsBuild: false,
    minutes: 40,
    steps: () => [
      { title: 'npm run build', command: [bun, 'run', 'build'] },
      {
        title: `npm run build -- --arch ${otherArch()}`,
        command: [bun, 'run', 'build', '--arch', otherArch()],
        missing: () => crossMissing(otherArch()),
      },
    ],
  },
  {
    name: 'check',
    needsRoot: false,
    needsBuild: false,
    minutes: 10,
    steps: () => [
      { title: 'format and lint', command: [bin('biome'), 'ci', '--colors=off', '.'] },
      { title: 'types', command: [bin('tsc')] },
      { title: 'types of the browser code', command: [bin('tsc'), '-p', 'ui/client'] },
      { title: 'shell scripts', command: ['shellcheck', '-x', '-P', 'SCRIPTDIR', ...shellScripts] },
      ...tests('architecture', matching(/^test\/architecture/)),
    ],
  },
  {
    name: 'unit',
    needsRoot: false,
    needsBuild: false,
    minutes: 20,
    steps: () =>
      tests(
        'unit',
        files.filter((path) => !APART.test(path)),
        {},
        AT_ONCE,
      ),
  },
  {
    name: 'kernel',
    needsRoot: true,
    needsBuild: true,
    minutes: 40,
    // What reads sockets once more with each kind of hooks: the first run has the best one that this kernel takes.
    steps: () =>
      beside([
        ...tests('kernel', matching(/^test\/kernel\//)),
        ...['typed', 'classic', 'exit'].flatMap((hooks) =>
          tests(`kernel: sockets by ${hooks}`, matching(SOCKET_TESTS), { NIXIE_TEST_HOOKS: hooks }),
        ),
      ]),
  },
  // Machines with other kernels, in QEMU; what they take is brought by apt the first time. All of them only when the ring is named: a
  // quarter of an hour on two processors. A machine has one thread.
  {
    name: 'vm',
    needsRoot: false,
    needsBuild: true,
    minutes: 35,
    steps: (isNamed) =>
      tests('machines with other kernels', matching(/^test\/vm\//), { NIXIE_TEST_VM: isNamed ? 'all' : '' }, [
        `--max-concurrency=${availableParallelism()}`,
      ]),
  },
  // A file each: a server that one of them leaves behind is no burden to the next.
  {
    name: 'e2e',
    needsRoot: true,
    needsBuild: true,
    minutes: 60,
    steps: () => {
      const steps = (paths: readonly string[]) => paths.flatMap((path) => tests(path, [path]))
      const all = matching(/^test\/e2e\//)
      const alone = all.filter((path) => ALONE.test(path))
      return [...steps(alone), ...beside(steps(bySize(all.filter((path) => !ALONE.test(path)))))]
    },
  },
  {
    name: 'browser',
    needsRoot: true,
    needsBuild: false,
    minutes: 20,
    steps: () => matching(/^test\/ui\/(\w+\.)?browser\./).flatMap((path) => tests(path, [path])),
  },
  // A real Kubernetes on this machine; the first time it is built, which takes ten minutes.
  {
    name: 'cluster',
    needsRoot: true,
    needsBuild: true,
    minutes: 120,
    missing: clusterMissing,
    steps: () => [
      { title: 'a cluster of one node', command: ['test/cluster/node/up.sh'] },
      ...matching(/^test\/cluster\//).flatMap((path) => tests(path, [path])),
    ],
    after: ['test/cluster/down.sh'],
  },
]

/** Tests named at the end, as those that took longest. */
const SLOWEST = 10

const failed = new Failures()

/** What is to be run whatever comes in between. */
let after: readonly string[] | undefined

function takeDown(): void {
  const command = after
  after = undefined
  if (command) spawnSync(command[0]!, command.slice(1), { cwd: root, stdio: 'inherit' })
}

const children = new Children()

/** Reports that steps were told to write. */
let reports = 0

/** Every test of every ring. */
const cases: TestCase[] = []

/** Counts the tests of a report; says which were skipped. */
function countJunit(path: string): Counts | undefined {
  if (!existsSync(path)) return undefined
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const test of readJunit(readFileSync(path, 'utf8'))) {
    counts[test.outcome]++
    cases.push(test)
    if (test.outcome === 'skipped') console.log(`skipped: ${test.name}`)
  }
  return counts
}

async function runStep(step: Step, deadline: number): Promise<Counts> {
  const title = `\n── ${step.title}`
  // What runs beside others is printed when it has ended.
  const printed: string[] = []
  const output = step.beside
    ? (text: string) => printed.push(text)
    : (text: string) => process.stdout.write(text)
  if (!step.beside) console.log(title)
  const missing = step.missing?.() ?? ''
  if (missing !== '') {
    console.log(`skipped: ${step.title}: ${missing}`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const failures = new Failures()
  const report = join(scratch, `junit-${reports++}.xml`)
  const command = step.junit
    ? [...step.command, '--reporter=junit', `--reporter-outfile=${report}`]
    : step.command
  const code = await children.run({
    command: step.beside ? ofItsOwn(command) : command,
    cwd: root,
    environment: step.environment ?? {},
    deadline,
    output(text) {
      output(text)
      failures.feed(text)
    },
  })
  if (step.beside) console.log(`${title}\n${printed.join('')}`)
  if (code === -1) console.log(`${step.title}: ended at its deadline`)
  const counts = countStep(step, code, report, failures)
  failed.include(failures)
  return counts
}

function countStep(step: Step, code: number, report: string, failures: Failures): Counts {
  const counts = step.junit ? countJunit(report) : { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 }
  if (!counts) {
    console.log(`${step.title}: no report (exit code ${code})`)
    failures.add(`${step.title}: no report (exit code ${code})`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  // An error outside of any test fails the run without failing a test.
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1
    failures.add(`${step.title}: exit code ${code}`)
  }
  return counts
}

/** Steps that are run at once. */
const LANES = Math.min(2, availableParallelism())

/** First what needs the machine to itself, then the others, by lanes. */
async function runSteps(steps: readonly Step[], deadline: number): Promise<Counts[]> {
  const all: Counts[] = []
  for (const step of steps.filter((step) => !step.beside)) all.push(await runStep(step, deadline))
  const waiting = steps.filter((step) => step.beside)
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) all.push(await runStep(step, deadline))
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return all
}

async function runRing(ring: Ring, isNamed: boolean): Promise<Counts> {
  const total = { passed: 0, failed: 0, skipped: 0 }
  if (ring.needsRoot && process.getuid!() !== 0) {
    console.log(`\nskipped: ring ${ring.name}: needs root to load eBPF programs`)
    return { ...total, skipped: 1 }
  }
  const missing = ring.missing?.() ?? ''
  if (missing !== '') {
    console.log(`\nskipped: ring ${ring.name}: ${missing}`)
    return { ...total, skipped: 1 }
  }
  after = ring.after
  const deadline = Date.now() + ring.minutes * 60_000
  for (const counts of await runSteps(ring.steps(isNamed), deadline)) {
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key]
  }
  takeDown()
  return total
}

/** A Nixie that a test kills can't take its tracefs down. */
function tracefsMounted(): boolean {
  return readFileSync('/proc/mounts', 'utf8').includes(` ${TRACEFS} tracefs `)
}

function tidy(): void {
  children.end()
  takeDown()
  rmSync(scratch, { recursive: true, force: true })
  if (!hadTracefs && tracefsMounted()) spawnSync('umount', [TRACEFS], { stdio: 'inherit' })
}

function chosenRings(names: readonly string[]): readonly Ring[] {
  const unknown = names.filter((name) => !RINGS.some((ring) => ring.name === name))
  if (unknown.length > 0) {
    console.error(`No ring named ${unknown.join(', ')}; there are ${RINGS.map((r) => r.name).join(', ')}`)
    process.exit(2)
  }
  if (names.length === 0) return RINGS
  const chosen = RINGS.filter(({ name }) => names.includes(name))
  // The sources import what the build makes: it must be there for any of them.
  const isBuilt = existsSync(join(root, 'dist/nixie'))
  const build = RINGS.filter(({ name }) => name === 'build' && !names.includes(name))
  return isBuilt && !chosen.some((ring) => ring.needsBuild) ? chosen : [...build, ...chosen]
}

const hadTracefs = tracefsMounted()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    tidy()
    process.exit(1)
  })
}

const named = process.argv.slice(2)
const rings = chosenRings(named)
const total = { passed: 0, failed: 0, skipped: 0 }
const times: string[] = []
for (const ring of rings) {
  const started = performance.now()
  const counts = await runRing(ring, named.includes(ring.name))
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key]
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  times.push(`${ring.name}: ${counts.passed} of ${counts.passed + counts.failed} in ${seconds} s`)
}
tidy()
if (cases.length > 0) console.log(`\n── the slowest\n${slowest(cases, SLOWEST).join('\n')}`)
if (failed.summary() !== '') console.log(failed.summary())
console.log(`\n${times.join('\n')}\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0)
