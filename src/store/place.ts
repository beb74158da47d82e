/**
 * Whether a data directory's whole path is safe: who owns a directory on it, or a link, may put another one in its place, and what is
 * written and read below would be theirs. And whether it is a place for files at all.
 */
import { lstatSync, readlinkSync, type Stats, statfsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { NixieError } from '../errors'

const WRITABLE_BY_ALL = 0o002
const STICKY = 0o1000
/** As the kernel has it (path_resolution(7)). */
const MOST_LINKS = 40

/** Accounts that may own a part of the path, and what to call others. */
export interface Trust {
  mayOwn(uid: number): boolean
  describe(uid: number): string
}

/**
 * Looks at each directory and link on the path, from the root on, as far as they are there.
 *
 * @throws NixieError for one that an account beside the trusted ones could replace, and for a file on the path
 */
export function checkPlace(dataDir: string, trust: Trust): void {
  let left = resolve(dataDir).split('/').filter(Boolean)
  let links = 0
  let at = '/'
  check(at, lstatSync(at), trust)
  while (left.length > 0) {
    const next = join(at, left.shift()!)
    const found = lstatSync(next, { throwIfNoEntry: false })
    // The rest is made by this account, in what was checked.
    if (!found) break
    if (!found.isDirectory() && !found.isSymbolicLink()) throw noDirectory(dataDir, next)
    check(next, found, trust)
    if (!found.isSymbolicLink()) {
      at = next
      continue
    }
    if (++links > MOST_LINKS) throw refusal(next, 'leads to more links than are followed')
    left = [...resolve(at, readlinkSync(next)).split('/').filter(Boolean), ...left]
    at = '/'
  }
  const kernels = kernelsOwn(at)
  if (kernels !== undefined)
    throw new NixieError(
      'store_error',
      `${resolve(dataDir)} is in ${kernels}, which is the kernel's and holds no files, so no data is kept there`,
      'Give --data-dir a directory on a disk; by default it is /var/lib/nixie.',
    )
}

/** File systems that are views of the kernel (include/uapi/linux/magic.h). */
const KERNELS: ReadonlyMap<number, string> = new Map([
  [0x9fa0, '/proc'],
  [0x62656572, '/sys'],
  [0x27e0eb, 'a cgroup hierarchy'],
  [0x63677270, 'a cgroup hierarchy'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0xcafe4a11, 'bpffs'],
  [0x73636673, 'securityfs'],
  [0x6165676c, 'pstore'],
  [0x62656570, 'configfs'],
  [0x19800202, 'mqueue'],
  [0x1cd1, '/dev/pts'],
  [0xde5e81e4, 'efivarfs'],
])

/** The kernel's own file system that a directory is in. /dev is like any in memory, but for shared memory it is for devices. */
function kernelsOwn(path: string): string | undefined {
  if (/^\/dev(?:\/(?!shm(?:\/|$))|$)/.test(path)) return '/dev'
  return process.platform === 'linux' ? KERNELS.get(statfsSync(path).type) : undefined
}

function check(path: string, found: Stats, trust: Trust): void {
  const { uid, mode } = found
  if (!trust.mayOwn(uid))
    throw refusal(
      path,
      `belongs to ${trust.describe(uid)}, who could put other files in the place of Nixie's`,
    )
  // A link has no rights of its own.
  if (found.isSymbolicLink()) return
  if ((mode & WRITABLE_BY_ALL) !== 0 && (mode & STICKY) === 0)
    throw refusal(
      path,
      "may be written to by every account, which could put other files in the place of Nixie's",
    )
}

const noDirectory = (dataDir: string, path: string) =>
  new NixieError(
    'store_error',
    `The data directory ${resolve(dataDir)} cannot be used: ${path} is no directory`,
    'Give --data-dir a directory, or a path where one can be made.',
  )

const refusal = (path: string, what: string) =>
  new NixieError(
    'store_error',
    `${path} ${what}, so no data is kept there`,
    'Give --data-dir a directory that belongs, with all above it, to root or to the account that Nixie runs as (chown, chmod).',
  )
