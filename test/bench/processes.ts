/**
 * What process_stats and network_stats cost for many processes: one look each second, as the capture thread does.
 *
 *     bun test/bench/processes.ts [processes=300] [threads of each=4]      as root
 */
import { openKernel } from '../../src/kernel'
import { NetworkStats } from '../../src/sources/networks/network-stats'
import { readThreads } from '../../src/sources/processes'
import { PROCESS_OBJECT } from '../../src/sources/processes/probe'
import { ProcessStats } from '../../src/sources/processes/process-stats'
import { spread } from './stage'

const PROCESSES = Number(process.argv[2] ?? 300)
const THREADS = Number(process.argv[3] ?? 4)
const LOOKS = 200

/** Each does a little now and then, so that every look finds something new. */
const PROGRAM = `
import threading, time
def work():
    while True:
        sum(range(500)); time.sleep(0.5)
for _ in range(${THREADS - 1}): threading.Thread(target=work, daemon=True).start()
work()
`

const kernel = openKernel({ enabled: true })
const { object, probes } = kernel.open(PROCESS_OBJECT)
if (!object) {
  for (const { name, error, hint } of probes) console.error(`${name}: ${error}. ${hint}`)
  process.exit(1)
}
const started = Array.from({ length: PROCESSES }, () =>
  Bun.spawn(['python3', '-c', PROGRAM], { stdout: 'ignore', stderr: 'ignore' }),
)
try {
  await Bun.sleep(5000 + PROCESSES * 20)
  let rows = 0
  const append = () => void rows++
  const stats = new ProcessStats({ upidOf: (pid, startTicks) => `1:${pid}:${startTicks}`, append })
  const network = new NetworkStats({ append })
  const looks: number[] = []
  const networks: number[] = []
  let threads = 0
  for (let i = 0; i < LOOKS; i++) {
    let before = process.cpuUsage()
    stats.take(readThreads(object), i * 1e9)
    let used = process.cpuUsage(before)
    looks.push((used.user + used.system) / 1000)
    before = process.cpuUsage()
    network.take(new Map(), 'host', i * 1e9)
    used = process.cpuUsage(before)
    networks.push((used.user + used.system) / 1000)
    if (i === LOOKS - 1) for (const samples = readThreads(object); samples.next(); ) threads++
    await Bun.sleep(10)
  }
  const warm = looks.slice(LOOKS / 2)
  console.log(`${PROCESSES} processes of ${THREADS} threads (${threads} threads in all), ${rows} rows`)
  console.log(
    `process_stats: ${spread(warm, 2)} ms of CPU a look = ${spread(
      warm.map((ms) => ms / 10),
      3,
    )} % of a core`,
  )
  console.log(`network_stats, one namespace: ${spread(networks.slice(LOOKS / 2), 3)} ms`)
} finally {
  for (const child of started) child.kill()
  kernel.close()
}
