/**
 * Secrets in command lines, by their shape: they are taken out before a command line is stored or named. What is told by
 * nothing (`mytool hunter2`) can't be known.
 */
import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { passwordIn } from '../../redaction/said'
import { redactUrl } from '../../redaction/url'
import {
  ATTACHED_ONLY,
  type Kind,
  NAMED_BY_WORDS,
  POSITIONS,
  PROGRAMS,
  SWITCHES,
  WORD_FLAGS,
} from './secret-flags'
import { baseName, quotedWords } from './words'

/** A name that says less elsewhere. */
const FLAG_NAME = /(?<![a-z])auth$/i
/** Short names, also behind the letter of a flag: `-vpw=…`. */
const GLUED_NAME = /^-[a-z](?:auth|sig|pw)$/i

const isSecret = (name: string): boolean => isSecretName(name) || FLAG_NAME.test(name)

/** A whole argument is one name and its value, spaces and all. */
const ASSIGNED = /^([\w.-]+)=([\s\S]+)$/
/** By itself, or behind the letters of short flags: `-HCookie: …`. */
const HEADER = /^(?:-\w{0,8}?H(?=[A-Za-z]))?([\w-]{3,})\s*:\s*(?=\S)/
/** What has a value: `--header=…`, `-Dname=…`, `NAME=…`. */
const WITH_VALUE = /^(-{0,2}\w[\w.-]*=)([\s\S]+)$/
/** Of any program: its value may be `user:password`. */
const USERINFO_FLAG =
  /^(?:-[uU]|--?(?:proxy-|http-|basic-)?(?:user|auth|login|userpass|basic-auth|credentials?))$/
/** Of these it is `user:group`. */
const OF_GROUPS = new Set(
  'docker podman nerdctl buildah chpst start-stop-daemon systemd-run setpriv runuser'.split(' '),
)
const USER_FLAG = /^(?:-u|--user(?:name)?|--login)(?:=|$)/
/** Flags that take a name and a value as two arguments: `--arg NAME VALUE`, `--set NAME VALUE`. */
const NAMING_FLAG =
  /^--?(?:set|arg|var(?:iable)?|param(?:eter)?|stringparam|def(?:ine)?|opt(?:ion)?|setting|config|prop(?:erty)?)(?:-(?:string|str|raw|json|value))?$/i
const BARE_NAME = /^\w[\w.:-]{0,127}$/
/** Flags, ports and their mappings, paths. */
const NO_PASSWORD = /^(?:[-/.~]|[\d.:]+(?:\/\w+)?$)/
/** `/p:secret`, as programs from Windows have it. */
const SLASH_FLAG = /^(\/(?:p|pw|pwd|pass|password|gp):)[\s\S]+$/i
/** What is piped into a program that reads a password. */
const PIPED =
  /(\b(?:echo|printf)(?:\s+-\w+){0,3}\s+)[^|\n]{1,512}(\|[^\n]{0,512}(?:--password-stdin|--stdin|--pass-stdin|\bsudo -S|\bchpasswd|\bgh auth login))/g
/** A shell's flag for a command: `-c`, `-lc`. */
const COMMAND_FLAG = /^-[a-z]*c$/

const hide = (value: string, kind: Kind): string => {
  if (kind === 'whole') return REDACTED
  const end = (kind === 'assigned' ? /[=:]/ : /[:%,]/).exec(value)
  return end ? value.slice(0, end.index + 1) + REDACTED : value
}

/** How deep quotes in quotes are looked into: `sh -c "ssh host 'mysql -psecret'"`. */
const MAX_DEPTH = 4

class Redactor {
  readonly #depth: number
  #program = ''
  #next: Kind | undefined
  /** Then `-p` is mostly the password, whatever the program. */
  #namesUser = false
  /** Arguments without a dash that are still to come before those that are secrets; Infinity when none will be. */
  #plainUntil = Infinity
  /** The argument before; '' for the first. */
  #last = ''

  constructor(depth: number) {
    this.#depth = depth
  }

  argument(argument: string): string {
    const kind = this.#next
    const last = this.#last
    this.#next = undefined
    this.#last = argument
    if (kind && !argument.startsWith('--')) return hide(argument, kind)
    if (NAMING_FLAG.test(last) && BARE_NAME.test(argument) && isSecret(argument)) {
      this.#next = 'whole'
      return argument
    }
    const flag = this.#flag(argument) ?? this.#short(argument)
    if (flag) return flag
    if (last === '-p' && this.#mayFollowUser(argument)) return REDACTED
    const user = this.#userOf(argument, last)
    if (user !== undefined) return user + REDACTED
    if (USER_FLAG.test(argument)) this.#namesUser = true
    if (/^--?[a-z][\w.-]*$/i.test(argument) && isSecret(argument)) this.#next = 'whole'
    const place = this.#place(argument)
    if (place === 'secret') return REDACTED
    const name = baseName(argument)
    const isKnown = Object.hasOwn(PROGRAMS, name) || Object.hasOwn(POSITIONS, name) || OF_GROUPS.has(name)
    if (place === 'other' && isKnown) {
      this.#program = name
      this.#plainUntil = POSITIONS[name]?.find(({ behind }) => !behind)?.plain ?? Infinity
    }
    if (this.#program === 'sqlplus') argument = argument.replace(/^([^/\s]+\/)[^@\s]+/, `$1${REDACTED}`)
    return this.#inside(argument, last === '' || COMMAND_FLAG.test(last))
  }

  /** `bob:` of `-u bob:secret` and `--user=bob:secret`, whatever the program. */
  #userOf(argument: string, last: string): string | undefined {
    if (OF_GROUPS.has(this.#program)) return undefined
    const [, flag, value] = /^(-[^=\s]+)=(.*)$/s.exec(argument) ?? []
    const isFlag = USERINFO_FLAG.test(flag ?? last)
    const password = isFlag ? passwordIn(value ?? argument) : undefined
    if (password === undefined) return undefined
    return argument.slice(0, argument.length - (value ?? argument).length + password)
  }

  #mayFollowUser(argument: string): boolean {
    const isKnown = Object.hasOwn(PROGRAMS[this.#program] ?? {}, '-p')
    return this.#namesUser && !isKnown && !NO_PASSWORD.test(argument)
  }

  /** What the argument is because of where it stands: `htpasswd -b FILE USER PASSWORD`. */
  #place(argument: string): 'secret' | 'before secrets' | 'other' {
    const rule = POSITIONS[this.#program]?.find(({ behind }) => behind?.test(argument))
    if (rule) {
      this.#plainUntil = rule.plain
      return 'before secrets'
    }
    if (argument.startsWith('-') || /^[|;&]/.test(argument)) return 'other'
    // `requirepass secret`, `aws configure set aws_secret_access_key …`: names without dashes.
    if (NAMED_BY_WORDS.has(this.#program) && /^[\w./:-]+$/.test(argument) && isSecret(argument.slice(-64)))
      this.#next = 'whole'
    return this.#plainUntil-- <= 0 ? 'secret' : 'other'
  }

  /** A flag of the program by its whole name: its value is the next argument, or stands behind `=`. */
  #flag(argument: string): string | undefined {
    const flags = PROGRAMS[this.#program] ?? {}
    const name = /^-[^=]*/.exec(argument)?.[0]
    if (name === undefined || !Object.hasOwn(flags, name)) return undefined
    // `-u=bob`: the value of a short flag begins with the sign.
    if (argument.length > name.length) return `${name}=${hide(argument.slice(name.length + 1), flags[name]!)}`
    if (!ATTACHED_ONLY.has(this.#program)) this.#next = flags[name]
    return argument
  }

  /** A short flag of the program, perhaps behind switches: its value is the rest, or the next argument. */
  #short(argument: string): string | undefined {
    if (!/^-[^-]/.test(argument) || WORD_FLAGS.has(this.#program)) return undefined
    const flags = PROGRAMS[this.#program] ?? {}
    const switches = SWITCHES[this.#program] ?? ''
    let at = 1
    while (at < argument.length && !Object.hasOwn(flags, `-${argument[at]}`)) {
      if (!switches.includes(argument[at]!)) return undefined
      at++
    }
    if (at === argument.length) return undefined
    const kind = flags[`-${argument[at]}`]!
    const value = argument.slice(at + 1)
    if (value !== '') return argument.slice(0, at + 1) + hide(value, kind)
    if (!ATTACHED_ONLY.has(this.#program)) this.#next = kind
    return argument
  }

  /**
   * An argument may be a whole command itself, and so may be the value behind its `=`.
   *
   * @param command the argument is taken for one: what begins it is a variable of its, not all there is
   */
  #inside(argument: string, command: boolean): string {
    if (SLASH_FLAG.test(argument)) return argument.replace(SLASH_FLAG, `$1${REDACTED}`)
    const name = ASSIGNED.exec(argument)?.[1]
    if (name && (!command || name.startsWith('-')) && (isSecret(name) || GLUED_NAME.test(name)))
      return `${name}=${REDACTED}`
    const header = HEADER.exec(argument)
    if (header && isSecret(header[1]!)) return header[0] + REDACTED
    if (this.#depth >= MAX_DEPTH) return redactUrl(argument)
    const inner = new Redactor(this.#depth + 1)
    const valued = WITH_VALUE.exec(argument)
    if (valued && !isSecret(valued[1]!.slice(0, -1)))
      return redactUrl(valued[1]! + inner.#inside(valued[2]!, false))
    if (!/\s/.test(argument)) return redactUrl(argument)
    const words = quotedWords(argument.replace(PIPED, `$1${REDACTED} $2`)).map(({ text, quote }) =>
      quote === ' ' ? text : `${quote}${inner.argument(text)}${quote}`,
    )
    return redactUrl(words.join(''))
  }
}

/** The same arguments, with `[redacted]` where their secrets were. */
export function redactArguments(args: readonly string[]): string[] {
  const redactor = new Redactor(0)
  return args.map((argument) => redactor.argument(argument))
}
