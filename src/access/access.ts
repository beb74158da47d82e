/**
 * Who may look at what was captured. Without more, root and the accounts that are let in, by whose process is at the
 * other end of the connection; everyone else with the token, or with a browser's session.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { NixieError } from '../errors'
import type { Accounts } from './accounts'
import type { Owners, Peer } from './owner'
import type { Sessions } from './sessions'

/** What is known of who asks. */
export interface Asker {
  /** The other end of the connection; undefined when it is gone. */
  readonly peer: Peer | undefined
  /** Where it arrived; address undefined for a listener on several. */
  readonly listener: { readonly address?: string; readonly port: number } | undefined
  readonly authorization?: string | undefined
  /** A proxy says that it passes this on: the account that runs it is not who asks. */
  readonly isForwarded?: boolean
  /** Of the cookie. */
  readonly session?: string | undefined
}

/** `change`: settings, and links for others, too. */
export type May = 'look' | 'change'

export interface Admitted {
  readonly may: May
  /** The same for all requests of one account or one address. */
  readonly client: string
}

export interface AccessOptions {
  readonly accounts: Accounts
  readonly owners: Owners
  readonly sessions: Sessions
  /** The text of `--token-file`. */
  readonly token?: string | undefined
  /** The command that prints a link, as this Nixie's user types it. */
  readonly wayIn: string
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Digests have one length, so that the comparison tells nothing about the secret's. */
const isSame = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))

/** The token that a request carries: `Bearer TOKEN`, or the password of `Basic` (which a browser can ask for). */
function givenToken(header: string): string | undefined {
  const match = /^(bearer|basic) +(\S+)$/i.exec(header)
  if (!match) return undefined
  if (match[1]!.toLowerCase() === 'bearer') return match[2]
  const pair = Buffer.from(match[2]!, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

export class Access {
  readonly sessions: Sessions
  readonly #options: AccessOptions

  constructor(options: AccessOptions) {
    this.#options = options
    this.sessions = options.sessions
  }

  /** The accounts that the connection may be of; none when that isn't known. */
  uids({ peer, listener, isForwarded }: Asker): readonly number[] {
    return peer && listener && !isForwarded ? this.#options.owners.of(peer, listener) : []
  }

  /** A session is good for this one only. */
  client({ peer }: Asker, uids: readonly number[]): string {
    return uids.length > 0 ? `user ${uids.join(' ')}` : `address ${peer?.address ?? ''}`
  }

  /** @throws NixieError with the way in, for who may not look */
  admit(asker: Asker): Admitted {
    const { accounts, sessions, token } = this.#options
    const given = givenToken(asker.authorization ?? '')
    const uids = this.uids(asker)
    const client = this.client(asker, uids)
    if (token !== undefined && given !== undefined && isSame(given, token)) return { may: 'change', client }
    if (asker.session !== undefined && sessions.has(asker.session, client)) return { may: 'change', client }
    const all = (test: (uid: number) => boolean) => uids.length > 0 && uids.every(test)
    if (all((uid) => accounts.owns(uid))) return { may: 'change', client }
    if (all((uid) => accounts.mayLook(uid))) return { may: 'look', client }
    throw this.#refusal(uids, given, asker.isForwarded === true)
  }

  #refusal(uids: readonly number[], given: string | undefined, isForwarded: boolean): NixieError {
    const { accounts, token, wayIn } = this.#options
    const link = `'${wayIn}' prints a link that lets a browser in; --allow-users and --allow-groups let accounts in.`
    const who =
      uids.length > 0
        ? `this connection is of ${uids.map((uid) => accounts.describe(uid)).join(' or ')}`
        : isForwarded
          ? 'a proxy passed this on, whose account tells nothing of who asks'
          : 'whose connection this is can not be told'
    if (token === undefined) {
      return new NixieError(
        'forbidden',
        `Only ${accounts.admitted} may look at what this Nixie captured, and ${who}`,
        link,
      )
    }
    return new NixieError(
      'unauthorized',
      given === undefined ? `This Nixie asks for a token: ${who}` : 'The token is not the right one',
      `Send Authorization: Bearer TOKEN, with the text of the file given as --token-file; a browser asks for it as the password. ${link}`,
    )
  }
}
