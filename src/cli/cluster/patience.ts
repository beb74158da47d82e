/** Shows what each of several things is doing, and gives up on one that won't get better. */
import { NixieError } from '../../errors'
import { type Io, printable } from '../io'
import type { PodState, Problem } from './pods'

const PATIENCE_MS = 20_000

export class Patience {
  readonly #io: Io
  readonly #ms: number
  readonly #shown = new Map<string, string>()
  readonly #troubles = new Map<string, { since: number; last: number }>()
  /** What was in trouble before anything was changed. */
  readonly #before = new Set<string>()

  /** `ms`: a problem that stays this long won't go away. */
  constructor(io: Io, ms = PATIENCE_MS) {
    this.#io = io
    this.#ms = ms
  }

  /** A line for each whose state is another than at the last call. */
  async show(states: ReadonlyMap<string, PodState>): Promise<void> {
    for (const [name, { doing, problem }] of states) {
      const line = problem?.message ?? doing
      if (this.#shown.get(name) === line) continue
      this.#shown.set(name, line)
      await this.#io.stdout.write(`  ${printable(name)}: ${printable(line)}\n`)
    }
  }

  /**
   * Ends the waiting when it is no use, or has been none for long enough.
   *
   * @param excused what is wrong now may just have been put right, and the node takes a while to see it
   * @throws NixieError with the first problem that stays
   */
  judge(states: ReadonlyMap<string, PodState>, excused: boolean): void {
    const now = performance.now()
    for (const [name, { problem }] of states) if (problem) this.#judgeOne(name, problem, now, excused)
  }

  #judgeOne(name: string, problem: Problem, now: number, excused: boolean): void {
    if (excused) this.#before.add(name)
    if (problem.final && !this.#before.has(name)) throw failed(name, problem)
    // A program that ends again and again runs in between, and is in trouble all the same.
    const before = this.#troubles.get(name)
    const lasts = before !== undefined && now - before.last < this.#ms / 2
    const since = lasts ? before.since : now
    this.#troubles.set(name, { since, last: now })
    if (now - since >= this.#ms) throw failed(name, problem)
  }
}

const failed = (name: string, { message, hint }: Problem) =>
  new NixieError('unavailable', `${name}: ${message}`, hint)

/** Of something that had time until now. */
export const late = (name: string, { message, hint }: Problem, ms: number) =>
  new NixieError(
    'deadline_exceeded',
    `${name} is not ready after ${Math.round(ms / 1000)} s: ${message}`,
    hint || "It goes on without this command: 'nixie status' tells how far it is; --timeout waits longer.",
  )
