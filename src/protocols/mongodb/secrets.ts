/** What is left out of commands and answers: what logs in, and values that are named as secrets. */
import { isSecretName } from '../../redaction/names'
import type { IsSecret } from './json'

/** Commands by which clients log in, or users are made (drivers leave them out of their logs as a whole). */
const LOGINS: ReadonlySet<string> = new Set(
  'saslStart saslContinue authenticate getnonce createUser updateUser copydb copydbgetnonce copydbsaslstart'.split(
    ' ',
  ),
)
const OF_LOGINS: ReadonlySet<string> = new Set(['pwd', 'key', 'nonce'])
/** What both ends say to each other in a login: members of commands and answers, and, as one, of `hello` and its answer. */
const SAID = 'payload'
const WITHIN_HELLO = 'speculativeAuthenticate'

const named: IsSecret = (name, depth) =>
  name === WITHIN_HELLO || (depth === 0 && name === SAID) || isSecretName(name)
const ofLogin: IsSecret = (name, depth) => OF_LOGINS.has(name) || named(name, depth)
const none: IsSecret = () => false

/** `command`: of what is shown, or what it answers; '' where it isn't known. */
export function secretsOf(command: string, redact: boolean): IsSecret {
  if (!redact) return none
  return command === '' || LOGINS.has(command) ? ofLogin : named
}
