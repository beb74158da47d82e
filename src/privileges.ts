/** What a server begins with: no more of root's rights than it needs, and a runtime that is told how to run it. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from './config'
import { messageOf } from './errors'
import { dropCapabilities } from './kernel/drop'
import { beginAnew } from './kernel/execve'
import { withRuntimeOptions } from './kernel/runtime'
import { mountPoint } from './kernel/tracefs'

/**
 * Does not return when there is something to give up, or to tell the runtime: the program begins anew, with the same process
 * id, before it has opened anything. Where that can't be done it goes on as it is.
 */
export function prepare({ dataDir, listen, peerListen }: Config): void {
  if (process.platform !== 'linux') return
  let keeps = false
  let why = 'it could not begin anew without them'
  try {
    keeps = dropCapabilities({
      dataDir: resolve(dataDir),
      addresses: [listen, peerListen],
      mounts: mountPoint(readFileSync('/proc/mounts', 'utf8'), 'tracefs') === undefined,
    })
    const environment = withRuntimeOptions(process.env)
    if (keeps || environment) beginAnew(environment ?? process.env)
  } catch (cause) {
    keeps = process.geteuid?.() === 0
    why = messageOf(cause)
  }
  if (keeps) console.error(`nixie: it runs with all of root's rights: ${why}`)
}
