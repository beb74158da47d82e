/**
 * Whether a data directory's whole path is safe: who owns a directory on it, or a link, may put another one in its place, and what is
 * written and read below would be theirs.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs'
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
 * @throws NixieError for one that an account beside the trusted ones could replace
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
    if (!found) return
    check(next, found, trust)
    if (!found.isSymbolicLink()) {
      at = next
      continue
    }
    if (++links > MOST_LINKS) throw refusal(next, 'leads to more links than are followed')
    left = [...resolve(at, readlinkSync(next)).split('/').filter(Boolean), ...left]
    at = '/'
  }
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

const refusal = (path: string, what: string) =>
  new NixieError(
    'store_error',
    `${path} ${what}, so no data is kept there`,
    'Give --data-dir a directory that belongs, with all above it, to root or to the account that Nixie runs as (chown, chmod).',
  )
