/** What was captured is its owner's alone: the files of a data directory, and the directory where it holds nothing else. */
import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600
const OTHERS = 0o077

/** All that the store makes begins so. */
const OWN = /^(nixie\.|readers$|\.writable-)/

const codeOf = (cause: unknown) => (cause as { code?: string }).code

/** Gone meanwhile; or of a file system without rights. */
const FORGIVEN = ['ENOENT', 'EPERM', 'EROFS', 'ENOTSUP']

/** Takes the rights of others from what is this user's and no link. */
function tighten(path: string): void {
  try {
    const found = lstatSync(path)
    if (found.uid !== process.geteuid?.() || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return
    chmodSync(path, found.mode & FOLDER_MODE)
  } catch (cause) {
    if (!FORGIVEN.includes(codeOf(cause) ?? '')) throw cause
  }
}

/**
 * Makes the directory, or takes the rights of others from what is there: an older Nixie gave them.
 *
 * @throws what the file system says
 */
export function openPrivately(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: FOLDER_MODE })
  const names = readdirSync(dataDir)
  const own = names.filter((name) => OWN.test(name))
  for (const name of own) tighten(join(dataDir, name))
  // A folder that holds more (/tmp, a home) is not Nixie's to close.
  if (own.length === names.length) tighten(dataDir)
}

/**
 * An empty file, where none is: SQLite would make it for all to read, and gives its log the rights of its file. One that is there
 * is not opened: closing it would drop the locks that this process has on it (POSIX).
 *
 * @throws what the file system says
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE))
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
  }
}
