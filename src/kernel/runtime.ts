/** Options of the runtime for a server. It reads them from its environment, and only when it starts. */
import type { Environment } from './execve'

interface RuntimeOption {
  readonly value: string
  readonly why: string
}

/** The largest size of a function that the optimising compiler inlines; by default 170, or 100. */
const inlined = (value: string): RuntimeOption => ({
  value,
  why: 'At a low rate code gets hot for minutes: with less put into it, it costs a tenth less to make, and is as fast',
})

/** The weighted number of calls and loop iterations after which a function is optimised; by default 1000. */
const WARM: RuntimeOption = {
  value: '4000',
  why: 'What runs once a second is not worth it: half of what compiling takes of an idle server; under load it comes a moment later',
}

/** `test/bench/README.md` has the measurements. A variable that is already set stays as it is. */
export const RUNTIME_OPTIONS: Readonly<Record<string, RuntimeOption>> = {
  BUN_GC_TIMER_INTERVAL: {
    value: '10000',
    why: 'Milliseconds between two looks for garbage of a thread with little to do; with 1000 they are a quarter of what it takes idle, with 30000 garbage stays',
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

/** The environment completed with these options; undefined when none is missing. */
export function withRuntimeOptions(environment: Environment): Environment | undefined {
  const missing = Object.entries(RUNTIME_OPTIONS).filter(([name]) => environment[name] === undefined)
  if (missing.length === 0) return undefined
  return { ...environment, ...Object.fromEntries(missing.map(([name, { value }]) => [name, value])) }
}
