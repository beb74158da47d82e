/**
 * What Nixie takes of a machine of one processor and 512 MiB: memory, processor, bytes written, and flushes to the disk.
 *
 *     bun test/bench/small.ts [seconds=600]      needs root, and strace for the flushes
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scope } from '../support/scope'
import { noSmallMachine, requests, SmallMachine } from '../support/small-machine'

const SECONDS = Number(process.argv[2] ?? 600)
const DAY = 86_400

/** Calls that wait for the disk in so many seconds; undefined without strace. */
async function flushes(pid: number, seconds: number, file: string): Promise<number | undefined> {
  if (!Bun.which('strace')) return undefined
  const calls = 'trace=fsync,fdatasync,sync,syncfs,msync'
  const strace = Bun.spawn(['strace', '-f', '-qq', '-e', calls, '-o', file, '-p', String(pid)])
  await Bun.sleep(seconds * 1000)
  strace.kill('SIGINT')
  await strace.exited
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /sync(fs)?\(/.test(line)).length
}

const missing = noSmallMachine()
if (missing !== '') {
  console.error(missing)
  process.exit(1)
}
const scope = new Scope('small-machine')
try {
  const machine = await SmallMachine.start(scope)
  const { store } = await machine.nixie.status()
  console.log(`disk budget by default: ${(store.budgetBytes / 2 ** 20).toFixed(0)} MiB`)
  for (const [rate, seconds] of [
    [50, SECONDS],
    [10, SECONDS / 2],
    [0, SECONDS / 2],
  ] as const) {
    const used = await machine.during(() => (rate > 0 ? requests(rate, seconds) : Bun.sleep(seconds * 1000)))
    const day = ((used.writtenBytes / used.seconds) * DAY) / 2 ** 20
    console.log(
      `${rate} requests/s for ${used.seconds.toFixed(0)} s: ${(used.processor * 100).toFixed(2)} % of the processor, ` +
        `${used.residentMiB} MiB, ${(used.writtenBytes / 2 ** 20).toFixed(1)} MiB written, ${day.toFixed(0)} MiB a day`,
    )
  }
  const flushed = await flushes(machine.pid, 120, join(scope.dir, 'calls'))
  console.log(
    `idle, flushes a minute: ${flushed === undefined ? 'unknown, there is no strace' : flushed / 2}`,
  )
} finally {
  await scope.close()
}
