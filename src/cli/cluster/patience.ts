/** Shows the progress of several workloads, and gives up on one that won't recover. */
import { NixieError } from '../../errors'
import { type Io, printable } from '../io'
import type { PodState, Problem } from './pods'

const PATIENCE_MS = 20_000

export class Patience {
  readonly #io: Io
  readonly #ms: number
  readonly #shown = new Map<string, string>()
  readonly #troubles = new Map<string, { since: number; last: number }>()
  /** Names of those that already had a problem before the change. */
  readonly #before = new Set<string>()

  /** `ms`: a problem that stays this long won't go away. */
  constructor(io: Io, ms = PATIENCE_MS) {
    this.#io = io
    this.#ms = ms
  }

  /** Prints a line for each whose state has changed since the last call. */
  async show(states: ReadonlyMap<string, PodState>): Promise<void> {
    for (const [name, { doing, problem }] of states) {
      const line = problem?.message ?? doing
      if (this.#shown.get(name) === line) continue
      this.#shown.set(name, line)
      await this.#io.stdout.write(`  ${printable(name)}: ${printable(line)}\n`)
    }
  }

  /**
   * Throws when a problem won't go away, or has stayed for too long.
   *
   * @param excused a problem may have been fixed just now, and the node needs a while to see it
   * @throws NixieError with the first problem that stays
   */
  judge(states: ReadonlyMap<string, PodState>, excused: boolean): void {
    const now = performance.now()
    for (const [name, { problem }] of states) if (problem) this.#judgeOne(name, problem, now, excused)
  }

  #judgeOne(name: string, problem: Problem, now: number, excused: boolean): void {
    if (excused) this.#before.add(name)
    if (problem.final && !this.#before.has(name)) throw failed(name, problem)
    // A program in a crash loop runs between two crashes, and still has a problem.
    const before = this.#troubles.get(name)
    const lasts = before !== undefined && now - before.last < this.#ms / 2
    const since = lasts ? before.since : now
    this.#troubles.set(name, { since, last: now })
    if (now - since >= this.#ms) throw failed(name, problem)
  }
}

const failed = (name: string, { message, hint }: Problem) =>
  new NixieError('unavailable', `${name}: ${message}`, hint)

/** The error for what is still not ready when the time is over. */
export const late = (name: string, { message, hint }: Problem, ms: number) =>
  new NixieError(
    'deadline_exceeded',
    `${name} is not ready after ${Math.round(ms / 1000)} s: ${message}`,
    hint || "It goes on without this command: 'nixie status' tells how far it is; --timeout waits longer.",
  )
