/** The outcome of a run: markup and a fitting HTTP status. */
import type { Child } from 'hono/jsx'
import { NixieError } from '../../src/errors'
import { run } from '../../src/runner/result'
import type { Runner, RunRequest, Widget } from '../../src/runner/runner'
import { ErrorView } from '../error'
import type { Place } from '../widgets/place'
import { ResultView } from '../widgets/result'

export interface RunView {
  readonly view: Child
  readonly status: number
}

interface Wanted {
  readonly request: RunRequest
  readonly widgets: readonly Widget[]
  readonly place: Place
  /** The PxL that a line number is about. */
  readonly source: string
}

/** Never rejects: an error is an outcome too. */
export async function outcome(runner: Runner, wanted: Wanted, signal: AbortSignal): Promise<RunView> {
  try {
    const result = await run(runner, wanted.request, { signal })
    return { view: <ResultView result={result} widgets={wanted.widgets} place={wanted.place} />, status: 200 }
  } catch (cause) {
    const error = NixieError.from(cause)
    const source = error.shape.file === undefined ? wanted.source : undefined
    return { view: <ErrorView error={error.shape} source={source} />, status: error.status }
  }
}
