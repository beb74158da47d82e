/** What is left out of commands and answers: what logs in, and values that are named as secrets. */
import { isSecretName } from '../../redaction/names'
import { REDACTED } from '../lib/redact'
import { isSecretKey, isSecretWord } from '../lib/secret-keys'

/** How many values behind this one are secrets, also where an answer tells a command. `isName`: it stands where names do. */
export function secretsBehind(text: string, isName: boolean): number {
  if ((text.length === 4 || text.length === 5) && /^auth2?$/i.test(text)) return 2
  return isName && isSecretWord(text) ? 1 : 0
}

type Redaction = (args: readonly string[]) => readonly string[]

const all: Redaction = (args) => args.map(() => REDACTED)

/** So many arguments behind each of these words. */
const behind =
  (words: Readonly<Record<string, number>>): Redaction =>
  (args) => {
    let hidden = 0
    return args.map((arg) => {
      if (hidden > 0) {
        hidden--
        return REDACTED
      }
      hidden = words[arg.toUpperCase()] ?? 0
      return arg
    })
  }

/** Rules of a user that are passwords or their hashes: `>password`, `<password`, `#hash`, `!hash`. */
const rules: Redaction = (args) => args.map((arg) => arg.replace(/^([<>#!]).+/s, `$1${REDACTED}`))

/** Names in turn with their values. */
const named: Redaction = (args) =>
  args.map((arg, i) => (i % 2 === 1 && isSecretName(args[i - 1]!) ? REDACTED : arg))

const BY_COMMAND: Readonly<Record<string, Redaction>> = {
  AUTH: all,
  HELLO: behind({ AUTH: 2 }),
  MIGRATE: behind({ AUTH: 1, AUTH2: 2 }),
  'ACL SETUSER': rules,
  'ACL DRYRUN': rules,
  'CONFIG SET': named,
  'SENTINEL SET': behind({ 'AUTH-PASS': 1, 'AUTH-USER': 1 }),
  'SENTINEL CONFIG SET': named,
}

/** The arguments without secrets. */
export function redactArgs(name: string, args: readonly string[]): readonly string[] {
  const own = BY_COMMAND[name]
  if (own) return own(args)
  if (args.length < 2) return args
  if (isSecretKey(args[0]!)) return args.map((arg, i) => (i === 0 ? arg : REDACTED))
  let safe: string[] | undefined
  for (let i = 1; i < args.length; i++) {
    if (!isSecretKey(args[i - 1]!)) continue
    safe ??= [...args]
    safe[i] = REDACTED
  }
  return safe ?? args
}

/** Commands whose answer is what a key or a field holds. */
const READS = new Set(
  'GET GETEX GETDEL GETSET GETRANGE SUBSTR MGET HGET HMGET HVALS HRANDFIELD LRANGE LINDEX LPOP RPOP BLPOP BRPOP SMEMBERS SPOP SRANDMEMBER ZRANGE DUMP JSON.GET JSON.MGET'.split(
    ' ',
  ),
)

/** Whether the answer is a secret as a whole. `args` as they were sent. */
export const isSecretReply = (name: string, args: readonly string[]): boolean =>
  name === 'ACL GENPASS' || (READS.has(name) && args.some(isSecretKey))

/** Hashes of passwords in lists of users, and what older servers say of commands that log in (MONITOR). */
export function redactReply(name: string, text: string): string {
  if (name === 'ACL LIST' || name === 'ACL GETUSER') return text.replace(/#[0-9a-f]{64}/g, `#${REDACTED}`)
  return text
}

/** A quoted argument of a line of MONITOR. */
const QUOTED = /"((?:[^"\\]|\\.)*)"/g

/** The line of a command that MONITOR tells. `nameOf`: the name and the arguments of a command in words. */
export function redactMonitored(
  line: string,
  divide: (words: readonly string[]) => { readonly name: string; readonly args: readonly string[] },
): string {
  const at = line.indexOf('] "')
  if (at < 0) return line
  const words = [...line.slice(at + 2).matchAll(QUOTED)].map(([, word]) => word!)
  const { name, args } = divide(words)
  const safe = redactArgs(name, args)
  if (safe === args || safe.every((arg, i) => arg === args[i])) return line
  const front = words.slice(0, words.length - args.length)
  return `${line.slice(0, at + 2)}${[...front, ...safe].map((word) => `"${word}"`).join(' ')}`
}
