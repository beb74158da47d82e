/** Counters of an object's programs (`bpf/lib/counters.bpf.h`), read without a system call. */
import { possibleCpus } from './cpus'
import type { MappedArray } from './loader'

/** Of `bpf/counters.h`, which a test holds it to. */
export const COUNTERS_PER_CPU = 8

/** Entries that the array has on this machine. */
export const countersOfAllCpus = (): number => possibleCpus() * COUNTERS_PER_CPU

export class CpuCounters {
  readonly #array: MappedArray
  readonly #end = countersOfAllCpus()
  readonly #value = new BigUint64Array(1)

  constructor(array: MappedArray) {
    this.#array = array
  }

  /** A counter, summed over all CPUs. */
  sum(counter: number): number {
    let sum = 0
    for (let at = counter; at < this.#end && this.#array.get(at, this.#value); at += COUNTERS_PER_CPU)
      sum += Number(this.#value[0])
    return sum
  }
}
