/** Keeps captured data private: the files of a data directory, and the directory itself if it holds nothing else. */
import {
  chmodSync,
  closeSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf, NixieError } from '../errors'

export const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600
const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/** Names of all files that the store makes begin with this. */
const OWN = /^(nixie\.|readers$|\.writable-)/

/** The file is gone by now, or its file system has no rights. */
const FORGIVEN = ['ENOENT', 'EPERM', 'EROFS', 'ENOTSUP']

/** Every file system has this at its root, so it does not show another use. */
const OF_FILE_SYSTEM = 'lost+found'

/** Removes the rights of others, whoever made the file. A file of this account that can't be changed stays as it is. */
function tighten(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return
  try {
    chmodSync(path, found.mode & FOLDER_MODE)
  } catch (cause) {
    if (!FORGIVEN.includes(codeOf(cause) ?? '')) throw cause
    if (found.uid !== process.geteuid?.()) throw refusal(path, `is open to others, and ${ofOther(found.uid)}`)
  }
}

const ofOther = (uid: number) => `belongs to another account (user id ${uid})`

const refusal = (path: string, what: string) =>
  new NixieError(
    'store_error',
    `${path} ${what}, so nothing is written to it`,
    'Remove it, or give --data-dir a directory that only you may write to.',
  )

/** In a folder that others may write to, and that isn't sticky, anyone may put another file in the place of one. */
function refuseShared(folder: string): void {
  const { mode } = statSync(folder)
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0)
    throw refusal(folder, 'may be written to by other accounts')
}

/**
 * A file of another account, or a link, that stands where Nixie's own should: whoever put it there would read what is
 * written to it. Root, and who has the folder, have the data anyway.
 */
function refuseForeign(path: string, folder: Stats): void {
  let found: Stats
  try {
    found = lstatSync(path)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return
    throw cause
  }
  const trusted = [0, process.geteuid?.(), folder.uid]
  if (!found.isSymbolicLink() && trusted.includes(found.uid)) return
  throw refusal(path, found.isSymbolicLink() ? 'is a link' : ofOther(found.uid))
}

/**
 * Makes the directory, or takes the rights of others from what is there, also behind a link: an older Nixie gave them.
 *
 * @throws what the file system says; NixieError where others may still write
 */
export function openPrivately(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: FOLDER_MODE })
  const place = realpathSync(dataDir)
  const names = readdirSync(place)
  const own = names.filter((name) => OWN.test(name))
  const folder = statSync(place)
  for (const name of own) {
    refuseForeign(join(place, name), folder)
    tighten(join(place, name))
  }
  // Nixie must not restrict a folder with other content (/tmp, a home).
  if (own.length === names.filter((name) => name !== OF_FILE_SYSTEM).length) tighten(place)
  refuseShared(place)
}

/**
 * An empty file, where none is: SQLite would make it for all to read, and gives its log the rights of its file. One that is there
 * is not opened: closing it would drop the locks that this process has on it (POSIX).
 *
 * @throws what the file system says
 */
export function makePrivateFile(path: string): void {
  const folder = statSync(dirname(path))
  try {
    const file = openSync(path, 'wx', FILE_MODE)
    giveTo(folder, file)
    closeSync(file)
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
    refuseForeign(path, folder)
  }
}

/**
 * Files that root makes in the folder of a service's account are given to the service, which could not write to them
 * otherwise.
 */
function giveTo({ uid, gid }: Stats, file: number): void {
  if (process.geteuid?.() !== 0 || uid === 0) return
  try {
    fchownSync(file, uid, gid)
  } catch (cause) {
    // Root lacks this capability. The service takes over the files when it starts.
    if (!FORGIVEN.includes(codeOf(cause) ?? '')) throw cause
  }
}
