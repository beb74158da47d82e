/** What capture takes of the processors, what is shed to keep within that, and why: the state, and its words. */

/** Why less is captured than there is: all of its own share is used, others want the processors, or the ring was filling. */
export type Pressure = 'none' | 'budget' | 'busy' | 'ring'

export interface BudgetState {
  readonly processors: number
  /** Parts of the machine, 0 to 1: what capture may take (0: no limit), may take at the moment, and took in the last ten seconds. */
  readonly share: number
  readonly allowed: number
  readonly used: number
  /** Exchanges of the last ten seconds: those that made rows, and those that were only counted. */
  readonly recorded: number
  readonly shed: number
  readonly pressure: Pressure
}

/** Of the last ten seconds' exchanges, the part that has rows; 1 when none was shed. */
export function sampledShare({ recorded, shed }: BudgetState): number {
  return shed === 0 ? 1 : recorded / (recorded + shed)
}

/** A share as people read it: `38 %`, `2.5 %`, and never 100 % of what isn't whole. */
export function percentWords(share: number): string {
  const percent = share * 100
  if (share < 1 && percent > 99) return '99 %'
  return `${Number(percent.toFixed(percent < 10 ? 1 : 0))} %`
}

/** `sampled: 38 % of requests have rows`; undefined when all have. */
export function sampledWords(budget: BudgetState): string | undefined {
  const share = sampledShare(budget)
  return share < 1 ? `sampled: ${percentWords(share)} of requests have rows` : undefined
}

const WHY: Readonly<Record<Pressure, string>> = {
  none: 'a moment ago there was more than the ring or the budget had room for',
  budget: 'to capture all would take more than the CPU budget',
  busy: 'programs on this machine want the processors, and capture gives way to them',
  ring: 'events came faster than they could be read',
}

/** What is shed just now and why, as sentences; empty when nothing is. */
export function shedWords(budget: BudgetState): string[] {
  const share = sampledShare(budget)
  if (share === 1) return []
  const what = `${percentWords(share)} of the requests of the last ten seconds have rows; the others are counted, so rates are right`
  return [`${what}: ${WHY[budget.pressure]}.`]
}

/** `10 % of 2 processors; 4 % used`. */
export function budgetWords({ share, processors, used, allowed }: BudgetState): string {
  const machine = processors === 1 ? 'the processor' : `${processors} processors`
  const limit = share === 0 ? `no limit on ${machine}` : `${percentWords(share)} of ${machine}`
  const now =
    share > 0 && allowed < share * 0.95 ? `, ${percentWords(allowed)} on average while others want them` : ''
  return `${limit}${now}; ${percentWords(used)} used`
}
