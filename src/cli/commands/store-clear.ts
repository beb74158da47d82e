import { readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf, NixieError } from '../../errors'
import { lockDirectory, storeFile } from '../../store/database'
import { type Command, UsageError } from '../command'
import { printable } from '../io'
import { bytesText } from '../values'

/** The store, its log, and damaged ones that were set aside: all begin with its name. */
function clear(dataDir: string): { readonly files: number; readonly bytes: number } {
  const store = basename(storeFile(dataDir))
  const files = readdirSync(dataDir).filter(
    (name) => name === store || name.startsWith(`${store}-`) || name.startsWith(`${store}.`),
  )
  let bytes = 0
  for (const name of files) {
    bytes += statSync(join(dataDir, name)).size
    rmSync(join(dataDir, name))
  }
  return { files: files.length, bytes }
}

export const storeClear: Command = {
  name: 'store clear',
  summary: 'Delete everything that was captured; end the Nixie that keeps it first',
  positionals: [],
  options: [{ flag: 'data-dir', value: 'DIR', help: 'Where it is kept; there is no default' }],
  run: async ({ flags, io }) => {
    const dataDir = flags['data-dir']
    if (dataDir === undefined) throw new UsageError('--data-dir is missing', 'Name the directory to clear.')
    try {
      readdirSync(dataDir)
      // Refused while a Nixie writes there.
      const lock = lockDirectory(dataDir)
      const { files, bytes } = clear(dataDir)
      lock.release()
      const what = files === 0 ? 'nothing was there' : `${bytesText(bytes)} deleted`
      await io.stdout.write(`${printable(dataDir)}: ${what}\n`)
      return 0
    } catch (cause) {
      if (cause instanceof NixieError) throw cause
      throw new NixieError(
        'store_error',
        `${dataDir} can't be cleared: ${messageOf(cause)}`,
        'Name the directory of --data-dir, as a user who may write it.',
      )
    }
  },
}
