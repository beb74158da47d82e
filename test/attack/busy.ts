/** A machine whose processors are taken by others. */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { Scope } from '../support/scope'

/** No longer than this, come what may. */
const MAX_SECONDS = 300

/** A loop on each processor, each in a session of its own; ends with the scope, or when what it returns is called. */
export function keepBusy(scope: Scope): () => void {
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn('timeout', [String(MAX_SECONDS), 'sh', '-c', 'while :; do :; done'], {
      detached: true,
      stdio: 'ignore',
    }),
  )
  const end = () => loops.forEach(endGroup)
  scope.defer(end)
  return end
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
