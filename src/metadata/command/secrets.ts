/**
 * Secrets in command lines, by their shape: they are taken out before a command line is stored or named. What is told by
 * nothing (`mytool hunter2`) can't be known.
 */
import { REDACTED } from '../../records/redacted'
import { baseName, quotedWords } from './words'

/** The end of a name whose value is a secret: `--db-password`, `accessToken`, `AWS_SECRET_ACCESS_KEY`, `requirepass`. */
const SECRET_NAME =
  '(?:password|passwd|passphrase|pass|pwd|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|secret[-_.]?key|account[-_.]?key|encryption[-_.]?key|license[-_.]?key|auth[-_.]?key|secret[-_.]?id|bearer|credentials?|creds|signature|(?<![a-z])(?:auth|sig)|jwt|otp)'
const IS_SECRET_NAME = new RegExp(`${SECRET_NAME}$`, 'i')

/** `name=value` anywhere, `"name": "value"`, `name: value`; the value ends where the next one may begin. */
const ASSIGNED = new RegExp(
  `(${SECRET_NAME}["']?\\s{0,4}(?:=|:(?!//))\\s{0,4})(?:\\[redacted\\]|"[^"]*"?|'[^']*'?|[^\\s"'&;,)}\\]]+)`,
  'gi',
)
/** A whole argument is one value, spaces and all. */
const ASSIGNED_ARGUMENT = new RegExp(`^(--?[\\w.-]*${SECRET_NAME}=)[\\s\\S]+$`, 'i')
const HEADER =
  /^((?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:token|secret|api-?key|password))(\s*:\s*)(?=\S)[\s\S]+$/i
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

type Kind = 'whole' | 'userinfo'

interface Flags {
  /** Flags whose next argument, or the rest of their own, is a secret. */
  readonly [flag: string]: Kind
}

const MYSQL: Flags = { '-p': 'whole' }
const NEXT_P: Flags = { '-p': 'whole' }
const LDAP: Flags = { '-w': 'whole' }

/** Short flags mean another thing with every program. */
const PROGRAMS: Readonly<Record<string, Flags>> = {
  curl: {
    '-u': 'userinfo',
    '--user': 'userinfo',
    '-U': 'userinfo',
    '--proxy-user': 'userinfo',
    '-b': 'whole',
    '--cookie': 'whole',
  },
  http: { '-a': 'userinfo' },
  xh: { '-a': 'userinfo' },
  hey: { '-a': 'userinfo' },
  ab: { '-A': 'userinfo', '-P': 'userinfo', '-C': 'whole' },
  mysql: MYSQL,
  mysqladmin: MYSQL,
  mysqldump: MYSQL,
  mysqlshow: MYSQL,
  mariadb: MYSQL,
  'mariadb-admin': MYSQL,
  'mariadb-dump': MYSQL,
  mongo: NEXT_P,
  mongosh: NEXT_P,
  mongodump: NEXT_P,
  mongorestore: NEXT_P,
  sshpass: NEXT_P,
  docker: {},
  login: NEXT_P,
  cqlsh: NEXT_P,
  'redis-cli': { '-a': 'whole' },
  'redis-benchmark': { '-a': 'whole' },
  ldapsearch: LDAP,
  ldapadd: LDAP,
  ldapmodify: LDAP,
  ldapwhoami: LDAP,
  ldappasswd: { ...LDAP, '-a': 'whole', '-s': 'whole' },
  sqlcmd: { '-P': 'whole' },
  bcp: { '-P': 'whole' },
  isql: { '-P': 'whole' },
  tsql: { '-P': 'whole' },
  ipmitool: { '-P': 'whole' },
  mosquitto_pub: { '-P': 'whole' },
  mosquitto_sub: { '-P': 'whole' },
  mosquitto_passwd: { '-b': 'whole' },
  smbclient: { '-U': 'userinfo' },
  rpcclient: { '-U': 'userinfo' },
  lftp: { '-u': 'userinfo' },
  zip: { '-P': 'whole' },
  unzip: { '-P': 'whole' },
  '7z': NEXT_P,
  snmpwalk: { '-A': 'whole', '-X': 'whole', '-c': 'whole' },
  snmpget: { '-A': 'whole', '-X': 'whole', '-c': 'whole' },
  sqlplus: {},
}
/** Written without a space between flag and value: a value that follows is another argument. */
const ATTACHED_ONLY = new Set([
  'mysql',
  'mysqladmin',
  'mysqldump',
  'mysqlshow',
  'mariadb',
  'mariadb-admin',
  'mariadb-dump',
  '7z',
])

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

  constructor(depth: number) {
    this.#depth = depth
  }

  argument(argument: string): string {
    const kind = this.#next
    this.#next = undefined
    if (kind && !argument.startsWith('--')) return hide(argument, kind)
    const flags = PROGRAMS[this.#program] ?? {}
    const attached = /^-\w(?=.)/.exec(argument)?.[0]
    if (attached && Object.hasOwn(flags, attached) && !argument.includes(' '))
      return attached + hide(argument.slice(2), flags[attached]!)
    if (Object.hasOwn(flags, argument)) {
      if (!ATTACHED_ONLY.has(this.#program)) this.#next = flags[argument]
      return argument
    }
    if (/^--?[a-z][\w.-]*$/i.test(argument) && IS_SECRET_NAME.test(argument)) this.#next = 'whole'
    // redis-server's `requirepass` and vault's words stand without dashes.
    if (/^(?:requirepass|masterauth)$/.test(argument)) this.#next = 'whole'
    const name = baseName(argument)
    if (Object.hasOwn(PROGRAMS, name)) this.#program = name
    if (this.#program === 'sqlplus') argument = argument.replace(/^([^/\s]+\/)[^@\s]+/, `$1${REDACTED}`)
    return this.#inside(argument)
  }

  /** An argument may be a whole command itself. */
  #inside(argument: string): string {
    const assigned = ASSIGNED_ARGUMENT.exec(argument) ?? HEADER.exec(argument)
    if (assigned) return `${assigned[1]}${assigned[2] ?? ''}${REDACTED}`
    if (!/\s/.test(argument) || this.#depth >= MAX_DEPTH) return redactText(argument)
    const inner = new Redactor(this.#depth + 1)
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
