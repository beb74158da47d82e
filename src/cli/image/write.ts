/** Writes an archive into a file, which then exists in full or not at all, or into a pipe or a device. */
import { createWriteStream, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { messageOf, NixieError } from '../../errors'

/** A pipe, a device or an open file of this process: it is written in place and never replaced. */
export function isStream(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  // /dev/stdout, /dev/fd/3: the program that opened the file expects the bytes in it.
  return found !== undefined && (!found.isFile() || /^\/(dev|proc)\//.test(path))
}

const nameOf = (path: string): string => {
  try {
    // The target of a link is replaced, not the link.
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Compressed when the name ends with `.gz`. @throws NixieError when it can't be written */
export async function writeParts(parts: readonly Uint8Array[], path: string): Promise<void> {
  const stream = isStream(path)
  const target = stream ? path : nameOf(path)
  const opened = stream ? path : `${target}.${process.pid}.new`
  const source = Readable.from(parts, { objectMode: false })
  const file = createWriteStream(opened)
  try {
    await (path.endsWith('.gz') ? pipeline(source, createGzip(), file) : pipeline(source, file))
    if (!stream) renameSync(opened, target)
  } catch (cause) {
    if (!stream) rmSync(opened, { force: true })
    const message = `The image can't be written to ${path}: ${messageOf(cause)}`
    throw new NixieError(
      'store_error',
      message,
      'It takes about 120 MB: free some space, or name another file.',
    )
  }
}
