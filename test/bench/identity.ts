/**
 * What it costs that every start and end of a process is told: a loop of fork and exec with the probe and without, interleaved;
 * and what 10,000 processes take.
 *
 *     bun test/bench/identity.ts [execs a round=1500] [rounds=7]      as root
 */
import { heapStats } from 'bun:jsc'
import { openKernel } from '../../src/kernel'
import { Processes } from '../../src/metadata'
import { IdentityProbe } from '../../src/sources/identities/probe'
import { exec } from '../metadata/events'
import { median } from '../support/scope'
import { spread } from './stage'

const EXECS = Number(process.argv[2] ?? 1500)
const ROUNDS = Number(process.argv[3] ?? 7)
const LOOP = `for (1..${EXECS}) { my $p = fork; if (!$p) { exec '/bin/true', 'some', 'arguments', '--port=80' } waitpid $p, 0 }`

/** Microseconds of time, and of processor time of the loop, per fork and exec. */
async function round(): Promise<{ wall: number; cpu: number }> {
  const before = performance.now()
  const loop = Bun.spawn(['perl', '-e', LOOP], { stdout: 'ignore' })
  await loop.exited
  const wall = ((performance.now() - before) * 1000) / EXECS
  const { cpuTime } = loop.resourceUsage()!
  return { wall, cpu: Number(cpuTime.total) / EXECS }
}

const walls: [number[], number[]] = [[], []]
const cpus: [number[], number[]] = [[], []]
let events = 0
let drainMs = 0
let lost = 0
for (let i = 0; i < ROUNDS * 2; i++) {
  const isWith = i % 2
  const kernel = openKernel({ enabled: isWith === 1 })
  const probe = new IdentityProbe(kernel)
  const processes = new Processes('edge')
  const timer = setInterval(() => {
    const from = process.cpuUsage()
    events += probe.drain((event) => processes.take(event), 100_000)
    const { user, system } = process.cpuUsage(from)
    drainMs += (user + system) / 1000
  }, 20)
  const { wall, cpu } = await round()
  clearInterval(timer)
  lost += probe.lost()
  kernel.close()
  walls[isWith]!.push(wall)
  cpus[isWith]!.push(cpu)
}
const ratio = (pairs: readonly [number[], number[]]) =>
  spread(pairs[1].map((value, i) => value / pairs[0][i]!))
console.log(
  `fork and exec, without: ${spread(walls[0], 0)} µs; with: ${spread(walls[1], 0)} µs; ratio of pairs ${ratio(walls)}`,
)
console.log(
  `processor time, without: ${spread(cpus[0], 0)} µs; with: ${spread(cpus[1], 0)} µs; ratio of pairs ${ratio(cpus)}`,
)
console.log(
  `${events} events told, ${lost} lost; ${((drainMs * 1000) / events).toFixed(2)} µs of Nixie's CPU each`,
)
console.log(
  `median added per fork and exec: ${(median(cpus[1]) - median(cpus[0])).toFixed(0)} µs of processor time`,
)

const rss = () => {
  Bun.gc(true)
  return process.memoryUsage.rss() / 2 ** 20
}
const PROCESSES = 10_000
const PID = 4_200_000
const known = new Processes('edge')
const args = (i: number) => ['python3', `/srv/shop-${i}/api.py`, ...Array(20).fill('--option=value')]
const start = rss()
const heapStart = heapStats().heapSize
for (let i = 0; i < PROCESSES; i++)
  known.take(
    exec({ pid: PID + i, comm: 'python3' }, args(i), '/usr/bin/python3', [
      `/system.slice/docker-${'ab'.repeat(32)}.scope`,
    ]),
  )
const told = rss()
const heapTold = heapStats().heapSize
for (let i = 0; i < PROCESSES; i++) known.upidOf(PID + i, 7)
const metMs = performance.now()
const entities = known.takeChanges(Date.now()).length
const tookMs = performance.now() - metMs
const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
const met = rss() - start
console.log(
  `${PROCESSES} processes told: heap ${mib(heapTold - heapStart)}, counted as ${mib(known.size.bytes)}, RSS ${(told - start).toFixed(1)} MiB; ` +
    `all of them in rows: heap ${mib(heapStats().heapSize - heapStart)}, RSS ${met.toFixed(1)} MiB; ${entities} entities in ${tookMs.toFixed(0)} ms`,
)
const idle = performance.now()
for (let i = 0; i < 10; i++) known.takeChanges(Date.now())
console.log(
  `a second in which nothing happens, with these: ${((performance.now() - idle) / 10).toFixed(2)} ms`,
)
