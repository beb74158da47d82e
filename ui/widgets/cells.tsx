/** Cells that are more than text: marks of a state, quantiles as box and whiskers. */
import { type Fields, objectIn } from '../../src/json'
import type { Cell } from '../../src/runner/runner'

const GOOD = /^(running|succeeded|completed|ready|healthy|active|ok|true|up)$/i
const WAITING =
  /^(pending|waiting|terminating|containercreating|podinitializing|unknown|unhealthy|starting)$/i

/** The object is gone, so its state is neither good nor bad. */
const GONE = /^terminated$/i

function stateOf(cell: Cell): string {
  const text = String(cell ?? '')
  const { phase, state, status, reason } = objectIn(text) ?? {}
  const word = String(phase ?? state ?? status ?? text)
  // The reason why a container ended says whether that is a problem.
  return GONE.test(word) && reason ? String(reason) : word
}

/** A coloured dot, with the word for those who can't see it. */
export function Mark({ value }: { value: Cell }) {
  const state = stateOf(value)
  const tone =
    state === '' || GONE.test(state)
      ? 'none'
      : GOOD.test(state)
        ? 'good'
        : WAITING.test(state)
          ? 'warn'
          : 'bad'
  return (
    <td class={`gutter ${tone}`} title={state || 'unknown'} data-exact={String(value ?? '')}>
      <span class="unseen">{state || 'unknown'}</span>
    </td>
  )
}

function quantilesIn(cell: Cell): Fields | undefined {
  return typeof cell === 'string' ? objectIn(cell) : undefined
}

const numberIn = (quantiles: Fields, name: string): number | undefined => {
  const value = quantiles[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function largestQuantile(cells: readonly Cell[]): number {
  let most = 0
  for (const cell of cells) {
    const quantiles = quantilesIn(cell)
    if (quantiles) most = Math.max(most, numberIn(quantiles, 'p99') ?? numberIn(quantiles, 'p90') ?? 0)
  }
  return most
}

const WIDTH = 80

/** From p01 to p99, the box from p25 to p75 with a line at p50; on the scale that ends at `most`. */
export function Whiskers({ value, most }: { value: Cell; most: number }) {
  const quantiles = quantilesIn(value)
  if (!quantiles || !(most > 0)) return null
  const at = (...names: string[]) => {
    const found = names.map((name) => numberIn(quantiles, name)).find((n) => n !== undefined)
    return ((found ?? 0) / most) * WIDTH
  }
  const [low, high] = [at('p01', 'p10', 'p25', 'p50'), at('p99', 'p90')]
  const [left, right] = [at('p25', 'p50'), at('p75', 'p90')]
  const middle = at('p50')
  return (
    <svg class="whiskers" viewBox={`-1 0 ${WIDTH + 2} 10`} width={WIDTH} height="10" aria-hidden="true">
      <line x1={low.toFixed(1)} x2={high.toFixed(1)} y1="5" y2="5" />
      <rect x={left.toFixed(1)} y="1" width={Math.max(1, right - left).toFixed(1)} height="8" />
      <line x1={middle.toFixed(1)} x2={middle.toFixed(1)} y1="0" y2="10" class="middle" />
    </svg>
  )
}
