/** The runner that a command asks: a running server, or the store itself. */
import { existsSync } from 'node:fs'
import { SETTINGS } from '../config'
import { NixieError } from '../errors'
import { RemoteRunner } from '../runner/remote'
import type { Runner, ScriptInfo } from '../runner/runner'
import { unknownScript } from '../suggest'
import { type Given, type Option, UsageError } from './command'
import { SERVER_OPTIONS, serverClient } from './server'

export const RUNNER_OPTIONS: readonly Option[] = [
  ...SERVER_OPTIONS,
  { flag: 'data-dir', value: 'DIR', help: 'Read the data in this directory, without a server' },
]

/** A terminal shows answers of any length. */
export const ANY_LENGTH = { mostBytes: Number.POSITIVE_INFINITY }

/** What `--data-dir` or `--server` names, until `act` is done. @throws UsageError when both are given */
export async function withRunner<T>(given: Given, act: (runner: Runner) => Promise<T>): Promise<T> {
  const runner = await runnerOf(given)
  try {
    return await act(runner)
  } finally {
    await runner.close()
  }
}

async function runnerOf({ flags, io }: Given): Promise<Runner> {
  const dataDir = flags['data-dir']
  if (dataDir === undefined) return new RemoteRunner(serverClient({ flags, io }))
  if (flags.server !== undefined) throw new UsageError('--server and --data-dir exclude each other')
  if (!existsSync(dataDir)) {
    throw new NixieError(
      'store_error',
      `There is no directory ${dataDir}`,
      `Give --data-dir the directory that nixie serve keeps its data in; by default ${SETTINGS.dataDir.fallback}.`,
    )
  }
  // The engine is loaded only here. Most commands ask a server and should start at once.
  const { openRunner } = await import('../runner/client')
  const { TABLES } = await import('../sources/tables')
  return openRunner({ dataDir, tables: TABLES })
}

/** @throws NixieError when there is none of that name */
export async function scriptNamed(
  runner: Pick<Runner, 'script' | 'scripts'>,
  name: string,
): Promise<ScriptInfo> {
  const found = await runner.script(name)
  if (found) return found
  const names = (await runner.scripts()).map((script) => script.name)
  throw unknownScript(name, names, "'nixie script list' lists them.")
}
