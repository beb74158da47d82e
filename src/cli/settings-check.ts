/** Checks the settings as far as possible without starting Nixie. */
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Accounts } from '../access/accounts'
import { readPeerToken, readToken } from '../api/access'
import { checkListen } from '../api/serve'
import type { Config } from '../config'
import { codeOf, messageOf, NixieError } from '../errors'
import { checkPlace } from '../store'

/** @throws NixieError with the first setting that it would not start with */
export function checkSettings(config: Config): void {
  readToken(config)
  readPeerToken(config)
  const accounts = new Accounts(config, { uid: process.getuid?.() ?? Number.NaN })
  checkAccounts(accounts)
  checkListen(config.listen)
  if (config.peerListen !== '') checkListen(config.peerListen)
  checkDirectory(resolve(config.dataDir))
  checkPlace(config.dataDir, accounts)
}

/** A running server ignores accounts that no longer exist. In a new installation an unknown account is a mistake. */
function checkAccounts({ unknown }: Accounts): void {
  if (unknown.length === 0) return
  const hint =
    'Give --allow-users and --allow-groups names or numbers of this machine: getent passwd, getent group.'
  throw new NixieError('bad_request', `This machine has no account '${unknown.join("', '")}'`, hint)
}

/** Checks that it is a directory, or that one can be made there. */
function checkDirectory(path: string): void {
  for (let at = path; ; at = dirname(at)) {
    let found: ReturnType<typeof statSync>
    try {
      found = statSync(at)
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT' && at !== '/') continue
      if (codeOf(cause) !== 'ENOTDIR') throw unusable(path, messageOf(cause))
      continue
    }
    if (found.isDirectory()) return
    throw unusable(path, `${at} is no directory`)
  }
}

const unusable = (path: string, why: string) =>
  new NixieError(
    'bad_request',
    `The data directory ${path} cannot be used: ${why}`,
    'Give --data-dir a directory that this user may write to.',
  )
