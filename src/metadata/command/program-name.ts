/**
 * What people call a process, from its arguments: the program and what makes it this one and no other (script, module, class,
 * application, configuration). The same after a restart: no process ids, no temporary paths. Arguments come without their secrets,
 * and of values that may be one nothing is taken.
 */
import { dotnetName, erlangName, interpreterOf, javaName, scriptingName } from './interpreters'
import { configOf, isRandom, labelOf, ownConfig } from './label'
import { type Title, titleOf } from './titles'
import { baseName } from './words'
import { isShell, shellName, wrappedName } from './wrappers'

const MAX_NAME = 64
/** Programs in programs in programs. */
const MAX_DEPTH = 8
/** So much of a title is looked at. */
const MAX_TITLE = 512

/** Servers of an application that is named `module:object`. */
const APP_SERVERS = new Set('gunicorn uvicorn hypercorn daphne granian uwsgi'.split(' '))
const APPLICATION = /^[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\(.*\))?$/
/** Their first word says what they do. */
const WITH_COMMAND = new Set(
  'k3s k0s rke2 minio vault consul nomad cargo go git docker podman kubectl helm rails rake yarn pnpm npm gitlab-runner'.split(
    ' ',
  ),
)
const WITH_CONFIG_FIRST = /^(?:redis|valkey|keydb)-(?:server|sentinel)$/

const clean = (name: string): string =>
  name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_NAME)
    .trimEnd()

/** `args`: without secrets. `comm`: what is left when they say nothing. */
export function programName(args: readonly string[], comm: string): Title {
  const { name, isWorker } = named(args)
  const cleaned = clean(name)
  return cleaned === '' ? { name: clean(comm), isWorker: false } : { name: cleaned, isWorker }
}

function named(args: readonly string[]): Title {
  const [first = '', ...others] = args
  const isPath = first.startsWith('/') && others.length > 0
  if (!/\s/.test(first) || isPath) return { name: nameOf(args, 0), isWorker: false }
  const text = first.slice(0, MAX_TITLE)
  const inner = (words: readonly string[]) => nameOf(words, 1)
  return titleOf(text, inner) ?? { name: inner(text.split(/\s+/)), isWorker: false }
}

function nameOf(args: readonly string[], depth: number): string {
  const [first, ...rest] = args
  if (first === undefined || depth > MAX_DEPTH) return ''
  // A login shell's name begins with a dash.
  const base = baseName(first).replace(/^-/, '')
  const program = base.replace(/^(php-fpm)[\d.]+$/, '$1')
  if (program === '' || isRandom(program)) return ''
  const inner = (words: readonly string[]) => nameOf(words, depth + 1)
  if (program === 'busybox' || program === 'toybox') return inner(rest) || program
  const wrapped = wrappedName(program, rest, inner)
  if (wrapped !== undefined) return wrapped
  if (isShell(program)) return shellName(program, rest, inner)
  if (program === 'su') return shellName(program, afterUser(rest), inner)
  const interpreter = interpreterOf(program)
  if (interpreter) return scriptingName(interpreter, rest, inner)
  if (program === 'java') return javaName(rest)
  if (program === 'dotnet') return dotnetName(rest)
  if (program === 'beam.smp' || program === 'erl') return erlangName(program, rest)
  return programItself(program, rest)
}

function programItself(program: string, args: readonly string[]): string {
  if (APP_SERVERS.has(program)) return `${program}${applicationOf(args) || configOf(program, args)}`
  if (program === 'celery') return celeryName(args)
  if (program === 'flask') return `flask${flagValue(args, /^(?:-A|--app)$/, ' --app ') || commandOf(args)}`
  if (program === 'postgres' || program === 'postmaster') return `${program}${clusterOf(args)}`
  if (WITH_CONFIG_FIRST.test(program) && /\.conf$/.test(args[0] ?? ''))
    return `${program} ${ownConfig(program, args[0]!)}`.trimEnd()
  if (WITH_COMMAND.has(program)) return `${program}${commandOf(args)}`
  return `${program}${configOf(program, args)}`
}

/** `su - bob -c 'node api.js'`: what stands before the command says who. */
function afterUser(args: readonly string[]): readonly string[] {
  const at = args.findIndex((argument) => argument === '-c' || argument === '--command')
  return at < 0 ? [] : ['-c', ...args.slice(at + 1)]
}

/** ` app:api`; gunicorn takes a module alone, too, as its last argument. */
function applicationOf(args: readonly string[]): string {
  const application = args.find((argument) => APPLICATION.test(argument))
  if (application !== undefined) return ` ${application.replace(/\(.*$/, '')}`
  const last = args.at(-1) ?? ''
  return /^[A-Za-z_][\w.]*$/.test(last) && !/^-[^=]*$/.test(args.at(-2) ?? '') ? ` ${last}` : ''
}

/** The value of a flag, in either way to write it, if it is a plain word. */
function flagValue(args: readonly string[], flag: RegExp, before: string): string {
  for (let i = 0; i < args.length; i++) {
    const [name, ...value] = args[i]!.split('=')
    if (!flag.test(name!)) continue
    const word = value.length > 0 ? value.join('=') : (args[i + 1] ?? '')
    return /^[A-Za-z_][\w.:-]*$/.test(word) ? before + word : ''
  }
  return ''
}

const CELERY_PARTS = /^(?:worker|beat|flower|events)$/

function celeryName(args: readonly string[]): string {
  const part = args.find((argument) => CELERY_PARTS.test(argument))
  return `celery${flagValue(args, /^(?:-A|--app)$/, ' -A ')}${part ? ` ${part}` : ''}`
}

/** ` server`, ` run start`. */
function commandOf(args: readonly string[]): string {
  const from = args.findIndex((argument) => !argument.startsWith('-'))
  const [command = '', what = ''] = from < 0 ? [] : args.slice(from)
  if (!/^[a-z][\w:-]{0,30}$/.test(command)) return ''
  return /^(?:run|run-script)$/.test(command) && /^\w[\w:.-]{0,30}$/.test(what)
    ? ` ${command} ${what}`
    : ` ${command}`
}

/** ` 16/main` of `-D /var/lib/postgresql/16/main`. */
function clusterOf(args: readonly string[]): string {
  const at = args.findIndex((argument) => argument.startsWith('-D'))
  if (at < 0) return ''
  const path = args[at]!.slice(2) || (args[at + 1] ?? '')
  const [folder = '', last = ''] = path.split('/').filter(Boolean).slice(-2)
  if (last === 'data' || last === '') return ''
  return /^\d+$/.test(folder) ? ` ${folder}/${last}` : ` ${labelOf(last)}`.trimEnd()
}
