/** How much of the machine was used by what is no part of the bench: a figure that was disturbed says so. */
import { dlopen, ptr } from 'bun:ffi'
import { readFileSync } from 'node:fs'

const libc = dlopen('libc.so.6', { getrusage: { args: ['i32', 'ptr'], returns: 'i32' } }).symbols
const RUSAGE_CHILDREN = -1
/** struct rusage in 64-bit words: user and system time come first, each as seconds and microseconds. */
const RUSAGE_WORDS = 18
const TICKS_PER_SECOND = 100

/** CPU seconds of the whole machine, interrupts included, as /proc/<pid>/stat has them, too. */
function ofAll(): number {
  const line = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]!
  const [user, nice, system, , , irq, softirq] = line.split(' ').map(Number)
  return (user! + nice! + system! + irq! + softirq!) / TICKS_PER_SECOND
}

/** CPU seconds of this process and of all below it that have ended. */
function ofOurs(): number {
  const usage = new BigInt64Array(RUSAGE_WORDS)
  libc.getrusage(RUSAGE_CHILDREN, ptr(usage))
  const [userSeconds, userMicros, systemSeconds, systemMicros] = [...usage].map(Number)
  const { user, system } = process.cpuUsage()
  return userSeconds! + systemSeconds! + (userMicros! + systemMicros! + user + system) / 1e6
}

/** From a moment at which the bench has no child to another one. */
export class Others {
  readonly #all = ofAll()
  readonly #ours = ofOurs()
  readonly #from = performance.now()

  /** % of a core; the kernel's own threads are some of it. */
  percent(): number {
    const seconds = (performance.now() - this.#from) / 1000
    return ((ofAll() - this.#all - (ofOurs() - this.#ours)) / seconds) * 100
  }
}
