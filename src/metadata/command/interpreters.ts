/** Programs that run another one: what counts is the script, module, class or archive. */
import { isGeneric, labelOf } from './label'
import { baseName } from './words'

/** Gives the name for a command line that stands within another one; '' when it has no name. */
export type NameOf = (args: readonly string[]) => string

interface Interpreter {
  /** Flags whose value is the next argument. */
  readonly values: RegExp
  /** Flags after which a program's text follows. */
  readonly inline: RegExp
  /** Flag after which a module follows. */
  readonly module?: RegExp
  /** Words before the script that belong to the name. */
  readonly commands?: RegExp
  /** Words before the script that don't. */
  readonly silent?: RegExp
}

const NONE = /^$/
const SCRIPTING: Readonly<Record<string, Interpreter>> = {
  python: {
    values: /^(?:-[WXQ]|--check-hash-based-pycs)$/,
    inline: /^-[A-Za-z]*c$/,
    module: /^-[A-Za-z]*m$/,
  },
  node: {
    values:
      /^(?:-r|-C|--(?:require|import|loader|experimental-loader|conditions|title|inspect-port|icu-data-dir|env-file|openssl-config|stack-trace-limit))$/,
    inline: /^(?:-e|-p|-pe|--eval|--print)$/,
    silent: /^inspect$/,
  },
  deno: {
    values: /^(?:-c|--config|--import-map|-L|--log-level|--cert|--location)$/,
    inline: /^eval$/,
    commands: /^(?:run|serve|task|test|repl)$/,
  },
  bun: {
    values: /^(?:-r|-c|--preload|--config|--cwd|--env-file)$/,
    inline: /^(?:-e|-p|--eval|--print)$/,
    silent: /^run$/,
  },
  ruby: { values: /^-[IrCE]$/, inline: /^-[a-z]*e$/ },
  perl: { values: /^-I$/, inline: /^-[A-Za-z]*[eE]$/ },
  php: { values: /^(?:-[cdtz]|-S)$/, inline: /^-[rBR]$/, silent: /^-f$/ },
  lua: { values: /^-l$/, inline: /^-e$/ },
  luajit: { values: /^-[lj]$/, inline: /^-e$/ },
  Rscript: { values: NONE, inline: /^-e$/ },
  julia: { values: /^(?:-L|-t|-p|-J|--project)$/, inline: /^(?:-e|-E)$/ },
  tclsh: { values: NONE, inline: NONE },
  guile: { values: /^-[Ll]$/, inline: /^-c$/ },
  pwsh: {
    values: /^-(?:ExecutionPolicy|WorkingDirectory)$/i,
    inline: /^-(?:Command|c)$/i,
    silent: /^-(?:File|f)$/i,
  },
  tsx: { values: /^--tsconfig$/, inline: /^-e$/, silent: /^watch$/ },
  'ts-node': { values: /^(?:-P|--project|-r)$/, inline: /^-e$/ },
  nodemon: { values: /^(?:-w|--watch|-e|--ext|-x|--exec|-i|--ignore)$/, inline: NONE },
  streamlit: { values: NONE, inline: NONE, silent: /^run$/ },
  fastapi: { values: NONE, inline: NONE, silent: /^(?:run|dev)$/ },
}

/** `python3.11`, `nodejs`, `php8.2`, `ruby3.1` → what it is called here, and whose rules it follows. */
export function interpreterOf(program: string): { name: string; family: string } | undefined {
  const [, base = program] = /^(python|pypy|php|ruby|perl|lua|node)(?:js)?[\d.]*$/.exec(program) ?? []
  const family = base === 'pypy' ? 'python' : base
  if (!Object.hasOwn(SCRIPTING, family)) return undefined
  const major = base === 'python' || base === 'pypy' ? (/\d/.exec(program)?.[0] ?? '') : ''
  return { name: base + major, family }
}

/** A script that people call by its own name: `/usr/bin/gunicorn`, `node_modules/vite/bin/vite.js`. */
function programScript(path: string): string | undefined {
  const found = /(?:^|\/)\.?s?bin\/([^/]+?)(?:-cli)?(?:\.(?:js|cjs|mjs|py|rb|pl|php))?$/.exec(path)
  return found && !isGeneric(found[1]!) ? found[1] : undefined
}

/** Scripts of many commands: the next word says which one. */
const MANAGERS = new Set(['manage.py', 'artisan', 'console', 'occ', 'wp-cli.phar', 'flask'])

function scriptName(name: string, path: string, rest: readonly string[], nameOf: NameOf): string {
  const program = programScript(path)
  if (program !== undefined) return nameOf([program, ...rest])
  const label = labelOf(path)
  if (label === '') return name
  const command =
    MANAGERS.has(baseName(path)) && /^[a-z][\w:-]{1,30}$/.test(rest[0] ?? '') ? ` ${rest[0]}` : ''
  return `${name} ${label}${command}`
}

/** Modules that are programs of their own. */
const MODULE_PROGRAMS = new Set(
  'uvicorn gunicorn hypercorn daphne granian celery streamlit flask fastapi rq dramatiq'.split(' '),
)

function moduleName(
  name: string,
  flag: string,
  module: string,
  rest: readonly string[],
  nameOf: NameOf,
): string {
  if (MODULE_PROGRAMS.has(module)) return nameOf([module, ...rest])
  return /^[\w.-]+$/.test(module) ? `${name} -${flag.at(-1)} ${module}` : name
}

export function scriptingName(
  { name, family }: { name: string; family: string },
  args: readonly string[],
  nameOf: NameOf,
): string {
  const { values, inline, module, commands, silent } = SCRIPTING[family]!
  let called = name
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!
    if (family === 'php' && argument === '-S') return `${name} -S :${(args[i + 1] ?? '').split(':').at(-1)}`
    if (inline.test(argument))
      return `${called} ${argument.startsWith('-') ? `-${argument.at(-1)}` : argument}`
    if (module?.test(argument))
      return moduleName(name, argument, args[i + 1] ?? '', args.slice(i + 2), nameOf)
    if (values.test(argument)) i++
    else if (silent?.test(argument)) continue
    else if (called === name && commands?.test(argument)) called = `${name} ${argument}`
    else if (argument === '-') return called
    else if (!argument.startsWith('-')) return scriptName(called, argument, args.slice(i + 1), nameOf)
  }
  return called
}

const JAVA_VALUES =
  /^(?:-cp|-classpath|--class-path|-p|--module-path|--add-modules|--add-opens|--add-exports|--add-reads|--limit-modules|--upgrade-module-path|--source)$/
const GENERIC_CLASSES =
  /^(?:Main|App|Application|Bootstrap|Server|Launcher|Start|Starter|Runner|JarLauncher|Boot)$/

function className(path: string): string {
  const parts = path.slice(path.lastIndexOf('/') + 1).split('.')
  const last = parts.pop()!.replace(/\$.*$/, '')
  return GENERIC_CLASSES.test(last) && parts.length > 0 ? `${parts.at(-1)}.${last}` : last
}

export function javaName(args: readonly string[]): string {
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!
    if (argument === '-jar') return `java -jar ${labelOf(args[i + 1] ?? '')}`.trimEnd()
    if (argument === '-m' || argument === '--module') return `java ${className(args[i + 1] ?? '')}`.trimEnd()
    if (JAVA_VALUES.test(argument)) i++
    else if (/\.java$/.test(argument)) return `java ${labelOf(argument)}`
    else if (!/^[-@]/.test(argument))
      return /^[\w.$/]+$/.test(argument) ? `java ${className(argument)}` : 'java'
  }
  return 'java'
}

const DOTNET_VALUES =
  /^--(?:depsfile|runtimeconfig|additionalprobingpath|additional-deps|fx-version|roll-forward)$/

export function dotnetName(args: readonly string[]): string {
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!
    if (DOTNET_VALUES.test(argument)) i++
    else if (argument === 'exec' || argument.startsWith('-')) continue
    else return `dotnet ${labelOf(argument)}`.trimEnd()
  }
  return 'dotnet'
}

/** Erlang's virtual machine runs a node, which has a name. */
export function erlangName(program: string, args: readonly string[]): string {
  const at = args.findIndex((argument) => argument === '-sname' || argument === '-name')
  const node = at < 0 ? '' : (args[at + 1] ?? '').replace(/@.*$/, '')
  return isPlain(node) ? `${program} ${node}` : program
}

const isPlain = (word: string): boolean => /^[A-Za-z][\w.-]{0,40}$/.test(word)
