/** "Did you mean …?": the known name nearest to a misspelt one. */
import { NixieError } from './errors'

const LONGEST = 64

/** The nearest of `known` within a third of the name's length, or undefined. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  // Names come from requests: a long one is no typing slip, and the distance costs its length squared.
  if (name.length > LONGEST) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    if (candidate.length > LONGEST) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `Did you mean 'x'? ` with the trailing space, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known)
  return near === undefined ? '' : `Did you mean '${near}'? `
}

/** A whole hint: the near miss when there is one, else what there is. */
export function nameHint(name: string, known: readonly string[], what: string): string {
  const near = nearest(name, known)
  if (near !== undefined) return `Did you mean '${near}'?`
  if (known.length === 0) return `There are no ${what}.`
  const shown = known.slice(0, 30).join(', ')
  return `The ${what} are ${shown}${known.length > 30 ? ', …' : ''}.`
}

/** A script that is not known: a name without its namespace is a near miss, too. `where`: how to find one. */
export function unknownScript(name: string, known: readonly string[], where: string): NixieError {
  const full = known.find((one) => one.endsWith(`/${name}`))
  const guess = full === undefined ? didYouMean(name, known) : `Did you mean '${full}'? `
  return new NixieError('unknown_script', `There is no script '${name.slice(0, 80)}'`, guess + where)
}

/** A table that is not in the store. */
export function unknownTable(name: string, known: readonly string[]): NixieError {
  const hint =
    known.length === 0
      ? 'Nothing is stored in the data directory: `nixie serve` with this --data-dir fills it.'
      : nameHint(name, known, 'tables')
  return new NixieError('unknown_table', `There is no table '${name.slice(0, 80)}'`, hint)
}

/** Damerau-Levenshtein: a swap of neighbours counts once. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let distance = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) distance = Math.min(distance, before[j - 2]! + 1)
      row.push(distance)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}
