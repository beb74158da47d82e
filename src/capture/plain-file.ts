/** Files of a directory that the user has given: whatever else is there (pipes, devices, links to them) isn't waited for. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

export class TooLarge extends Error {
  constructor(readonly size: number) {
    super(`it has ${size} bytes`)
  }
}

/**
 * The bytes of a file; of one that grows meanwhile those that it had.
 *
 * @throws TooLarge when it has more than `most` bytes; Error when it can't be read, or is no file
 */
export async function readPlainFile(path: string, most: number): Promise<Uint8Array> {
  // Otherwise a pipe would be opened only once somebody writes to it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const about = await file.stat()
    if (!about.isFile()) throw new Error('it is no file')
    if (about.size > most) throw new TooLarge(about.size)
    const bytes = new Uint8Array(about.size)
    let end = 0
    while (end < bytes.length) {
      const { bytesRead } = await file.read(bytes, end, bytes.length - end, end)
      if (bytesRead === 0) break
      end += bytesRead
    }
    return bytes.subarray(0, end)
  } finally {
    await file.close()
  }
}
