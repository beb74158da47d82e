/** The value that a share `p` of the samples lies at or below; 0 of none. */
export function percentile(samples: readonly number[], p: number): number {
  return samples.toSorted((a, b) => a - b)[Math.floor((samples.length - 1) * p)] ?? 0
}

/** To a tenth. */
export function percentiles(samples: readonly number[]) {
  const at = (p: number) => Number(percentile(samples, p).toFixed(1))
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
