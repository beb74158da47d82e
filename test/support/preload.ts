/** Loaded when Bun runs tests (bunfig.toml). */
import { setDefaultTimeout } from 'bun:test'
import { PATIENCE_MS } from './scope'

/**
 * A test that names no time of its own may wait for some conditions: on a busy machine Bun's 5 s are over before the first.
 * Bun forgets this with the second file of a run, which wants `--timeout`, as `test/run.ts` gives it.
 */
setDefaultTimeout(4 * PATIENCE_MS)
