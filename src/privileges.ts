/** What a server that was started as root keeps of its rights, before it opens anything. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from './config'
import { dropCapabilities } from './kernel/drop'
import { mountPoint } from './kernel/tracefs'

/** Does not return when there is something to give up: the program begins anew without it. */
export function giveUp({ dataDir, listen, peerListen }: Config): void {
  if (process.platform !== 'linux') return
  const failed = dropCapabilities({
    dataDir: resolve(dataDir),
    addresses: [listen, peerListen],
    mounts: mountPoint(readFileSync('/proc/mounts', 'utf8'), 'tracefs') === undefined,
  })
  if (failed !== undefined) console.error(`nixie: ${failed}`)
}
