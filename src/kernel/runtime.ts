/** How the runtime is to run a server. It reads these from its environment, and only when it begins. */
import type { Environment } from './execve'

interface RuntimeOption {
  readonly value: string
  readonly why: string
}

/** How much of a function the optimising compiler puts in the place of a call of it; by default 170, or 100. */
const inlined = (value: string): RuntimeOption => ({
  value,
  why: 'At a low rate code gets hot for minutes: with less put into it, it costs a tenth less to make, and is as fast',
})

/** Weighted calls and turns of loops after which a function is compiled with optimisation; by default 1000. */
const WARM: RuntimeOption = {
  value: '4000',
  why: 'What runs once a second is not worth it: half of what compiling takes of an idle server; under load it comes a moment later',
}

/** What was measured is in `test/bench/README.md`. A variable that is set already stays as it is. */
export const RUNTIME_OPTIONS: Readonly<Record<string, RuntimeOption>> = {
  BUN_GC_TIMER_INTERVAL: {
    value: '3000',
    why: 'Milliseconds between two looks for garbage of a thread with little to do; with 1000 they are a seventh of what it takes',
  },
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: {
    value: '500',
    why: 'Milliseconds between two walks over memory to give single free pages back; by default 100',
  },
  BUN_JSC_thresholdForOptimizeAfterWarmUp: WARM,
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: WARM,
  BUN_JSC_maximumFunctionForCallInlineCandidateBytecodeCostForFTL: inlined('80'),
  BUN_JSC_maximumFunctionForClosureCallInlineCandidateBytecodeCostForFTL: inlined('60'),
  BUN_JSC_maximumFunctionForConstructInlineCandidateBytecodeCostForFTL: inlined('60'),
}

/** The environment with what it lacks; undefined when that is nothing. */
export function withRuntimeOptions(environment: Environment): Environment | undefined {
  const missing = Object.entries(RUNTIME_OPTIONS).filter(([name]) => environment[name] === undefined)
  if (missing.length === 0) return undefined
  return { ...environment, ...Object.fromEntries(missing.map(([name, { value }]) => [name, value])) }
}
