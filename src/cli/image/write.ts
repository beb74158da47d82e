/** Writes an archive to a file, which is there in full or not at all. */
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { NixieError } from '../../errors'

/** Compressed when the name ends with `.gz`. @throws NixieError when it can't be written */
export async function writeParts(parts: readonly Uint8Array[], path: string): Promise<void> {
  const temporary = `${path}.new`
  const source = Readable.from(parts, { objectMode: false })
  const file = createWriteStream(temporary)
  try {
    await (path.endsWith('.gz') ? pipeline(source, createGzip(), file) : pipeline(source, file))
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    const message = `The image can't be written to ${path}: ${(cause as Error).message}`
    throw new NixieError(
      'store_error',
      message,
      'It takes about 120 MB: free some space, or name another file.',
    )
  }
}
