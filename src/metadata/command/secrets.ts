/**
 * Secrets in command lines, by their shape: they are taken out before a command line is stored or named. What is told by
 * nothing (`mytool hunter2`) can't be known.
 */
import { REDACTED } from '../../records/redacted'
import { ATTACHED_ONLY, type Kind, PROGRAMS, SWITCHES, WORD_FLAGS } from './secret-flags'
import { baseName, quotedWords } from './words'

/** The end of a name whose value is a secret: `--db-password`, `accessToken`, `AWS_SECRET_ACCESS_KEY`, `requirepass`. */
const SECRET_NAME =
  '(?:password|passwd|passphrase|pass|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|secret[-_.]?key|account[-_.]?key|encryption[-_.]?key|license[-_.]?key|auth[-_.]?key|secret[-_.]?id|bearer|credentials?|creds|signature|(?<![a-z])(?:auth|sig|pw)|jwt|otp)'
const IS_SECRET_NAME = new RegExp(`${SECRET_NAME}$`, 'i')

/** The short names that are no end of a longer one, behind the letter of a flag: `-vpw=…`. */
const GLUED_NAME = '(?<=(?<![\\w-])-[a-z])(?:auth|sig|pw)'

/** `name=value` anywhere, `"name": "value"`, `name: value`; the value ends where the next one may begin. */
const ASSIGNED = new RegExp(
  `((?:${SECRET_NAME}|${GLUED_NAME})["']?\\s{0,4}(?:=|:(?!//))\\s{0,4})(?:\\[redacted\\]|"[^"]*"?|'[^']*'?|[^\\s"'&;,)}\\]]+)`,
  'gi',
)
/** A whole argument is one value, spaces and all. */
const ASSIGNED_ARGUMENT = new RegExp(`^(--?[\\w.-]*${SECRET_NAME}=)[\\s\\S]+$`, 'i')
/** `TOKEN=value`: the value is all that follows, unless the argument is a command that begins with it. */
const ASSIGNED_WHOLE = new RegExp(`^([\\w.-]*${SECRET_NAME}=)[\\s\\S]+$`, 'i')
/** By itself, or behind the letters of short flags: `-HCookie: …`. */
const HEADER =
  /^((?:-\w{1,8}?)?(?:(?:proxy-)?authorization|(?:set-)?cookie2?|[\w-]*(?:token|secret|api-?key|password|signature|credentials?)))(\s*:\s*)(?=\S)[\s\S]+$/i
/** What has a value: `--header=…`, `-Dname=…`, `NAME=…`. */
const WITH_VALUE = /^(-{0,2}\w[\w.-]*=)([\s\S]+)$/
/** A shell's flag for a command: `-c`, `-lc`. */
const COMMAND_FLAG = /^-[a-z]*c$/
const USERINFO = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#@:]*):[^\s/?#@]*@/gi
/** A token in the place of the user. */
const LONE_USER = /(:\/\/)(?!\[)[^\s/?#@:]{20,}@/g
/** `user:password@host` without a scheme; an image by its digest (`app:1.2@sha256:…`) is none. */
const BARE_USERINFO = /(^|[\s=,'"])([\w.+-]{1,64}):(?!\/\/|\[)[^\s@/:]{1,256}@(?!sha\d+:)(?=[\w[])/g
const AUTHORISATION = /\b(bearer|basic|digest|negotiate)\s+(?!\[)[\w.~+/=-]{8,}/gi

/** Tokens that say themselves what they are. */
const TOKENS = new RegExp(
  [
    'eyJ[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]*)?',
    'gh[pousr]_\\w{20,}',
    'github_pat_\\w{20,}',
    'glpat-[\\w-]{16,}',
    'xox[abeprs]-[\\w-]{10,}',
    '(?:AKIA|ASIA)[0-9A-Z]{16}',
    'AIza[\\w-]{30,}',
    '(?:sk|rk|pk)[-_](?:live|test|proj|ant)[-_][\\w-]{10,}',
    'sk-\\w{20,}',
    'hv[sb]\\.[\\w-]{20,}',
    'npm_\\w{30,}',
    'pypi-[\\w-]{30,}',
    'do[opr]_v1_\\w{30,}',
    'SG\\.[\\w-]{16,}\\.[\\w-]{16,}',
    'AGE-SECRET-KEY-\\w+',
    '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*',
  ]
    .map((shape) => `(?<![\\w-])${shape}`)
    .join('|'),
  'g',
)

const hide = (value: string, kind: Kind): string => {
  if (kind === 'whole') return REDACTED
  const end = /[:%,]/.exec(value)
  return end ? value.slice(0, end.index + 1) + REDACTED : value
}

/** What no neighbour has to be known for. */
function redactText(text: string): string {
  return text
    .replace(USERINFO, `$1:${REDACTED}@`)
    .replace(LONE_USER, `$1${REDACTED}@`)
    .replace(BARE_USERINFO, `$1$2:${REDACTED}@`)
    .replace(AUTHORISATION, `$1 ${REDACTED}`)
    .replace(TOKENS, REDACTED)
    .replace(ASSIGNED, `$1${REDACTED}`)
}

/** How deep quotes in quotes are looked into: `sh -c "ssh host 'mysql -psecret'"`. */
const MAX_DEPTH = 4

class Redactor {
  readonly #depth: number
  #program = ''
  #next: Kind | undefined
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
    const flag = this.#flag(argument) ?? this.#short(argument)
    if (flag) return flag
    if (/^--?[a-z][\w.-]*$/i.test(argument) && IS_SECRET_NAME.test(argument)) this.#next = 'whole'
    // redis-server's `requirepass` and vault's words stand without dashes.
    if (/^(?:requirepass|masterauth)$/.test(argument)) this.#next = 'whole'
    const name = baseName(argument)
    if (Object.hasOwn(PROGRAMS, name)) this.#program = name
    if (this.#program === 'sqlplus') argument = argument.replace(/^([^/\s]+\/)[^@\s]+/, `$1${REDACTED}`)
    return this.#inside(argument, last === '' || COMMAND_FLAG.test(last))
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
    const assigned =
      ASSIGNED_ARGUMENT.exec(argument) ??
      HEADER.exec(argument) ??
      (command ? undefined : ASSIGNED_WHOLE.exec(argument))
    if (assigned) return `${assigned[1]}${assigned[2] ?? ''}${REDACTED}`
    if (this.#depth >= MAX_DEPTH) return redactText(argument)
    const inner = new Redactor(this.#depth + 1)
    const valued = WITH_VALUE.exec(argument)
    if (valued && !IS_SECRET_NAME.test(valued[1]!.slice(0, -1)))
      return redactText(valued[1]! + inner.#inside(valued[2]!, false))
    if (!/\s/.test(argument)) return redactText(argument)
    const words = quotedWords(argument).map(({ text, quote }) =>
      quote === ' ' ? text : `${quote}${inner.argument(text)}${quote}`,
    )
    return redactText(words.join(''))
  }
}

/** The same arguments, with `[redacted]` where their secrets were. */
export function redactArguments(args: readonly string[]): string[] {
  const redactor = new Redactor(0)
  return args.map((argument) => redactor.argument(argument))
}
