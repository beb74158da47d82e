/** Programs that only start another one, and shells. */

import type { NameOf } from './interpreters'
import { labelOf } from './label'
import { shellCommands } from './words'

interface Wrapper {
  /** Flags whose value is the next argument. */
  readonly values?: RegExp
  /** Arguments between the flags and the command. */
  readonly before?: number
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  env: { values: /^-[uC]$/ },
  sudo: { values: /^-[ughpCrtTUD]$/ },
  doas: { values: /^-[uC]$/ },
  nice: { values: /^-n$/ },
  ionice: { values: /^-[cnp]$/ },
  chrt: { before: 1 },
  taskset: { before: 1 },
  numactl: { values: /^-[miNC]$/ },
  nohup: {},
  setsid: {},
  stdbuf: { values: /^-[ioe]$/ },
  timeout: { values: /^-[ks]$/, before: 1 },
  tini: { values: /^-[pe]$/ },
  'tini-static': { values: /^-[pe]$/ },
  'dumb-init': { values: /^-r$/ },
  'docker-init': {},
  catatonit: {},
  gosu: { before: 1 },
  'su-exec': { before: 1 },
  setpriv: {},
  runuser: { values: /^-[ugG]$/ },
  time: { values: /^-[fo]$/ },
  strace: { values: /^-[eopsu]$/ },
  flock: { values: /^-[wE]$/, before: 1 },
  unshare: {},
  nsenter: { values: /^-[tSG]$/ },
  chroot: { before: 1 },
  chpst: { values: /^-[uUbemodflc/n]$/ },
  's6-setuidgid': { before: 1 },
  faketime: { before: 1 },
  exec: {},
  command: {},
  bundle: {},
  npx: { values: /^-p$/ },
}

const SHELLS = new Set('sh bash dash zsh ash ksh mksh fish'.split(' '))

/** Commands that prepare for the one that counts. */
const PREPARING = new Set(
  'cd export set unset source . ulimit umask echo printf mkdir chown chmod rm ln cp sleep test [ [[ true : trap if then else elif fi for while until do done case esac local shift wait read eval { } !'.split(
    ' ',
  ),
)

const ASSIGNMENT = /^\w+=/

/** The name of what a wrapper starts; undefined when it is none, or starts nothing. */
export function wrappedName(program: string, args: readonly string[], nameOf: NameOf): string | undefined {
  if (!Object.hasOwn(WRAPPERS, program)) return undefined
  const { values, before = 0 } = WRAPPERS[program]!
  let at = 0
  while (at < args.length && args[at]!.startsWith('-')) {
    const argument = args[at++]!
    if (argument === '--') break
    if (values?.test(argument)) at++
  }
  at += before
  if (program === 'bundle' && args[at] === 'exec') at++
  while (at < args.length && ASSIGNMENT.test(args[at]!)) at++
  return nameOf(args.slice(at)) || undefined
}

export const isShell = (program: string): boolean => SHELLS.has(program)

export function shellName(program: string, args: readonly string[], nameOf: NameOf): string {
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!
    if (/^-[a-z]*c[a-z]*$/.test(argument)) return commandName(args[i + 1] ?? '', nameOf) || `${program} -c`
    if (/^(?:-[oO]|--rcfile|--init-file)$/.test(argument)) i++
    else if (!/^[-+]/.test(argument)) return scriptName(program, argument)
  }
  return program
}

/** Scripts without an extension in a folder of programs are called by their name. */
function scriptName(program: string, path: string): string {
  const own = /(?:^|\/)s?bin\/([^/.]+)$/.exec(path)
  return own ? own[1]! : `${program} ${labelOf(path)}`.trimEnd()
}

/** The first command of a shell's text that does more than prepare. */
function commandName(text: string, nameOf: NameOf): string {
  for (const words of shellCommands(text)) {
    const from = words.findIndex((word) => !ASSIGNMENT.test(word) && word !== 'exec' && !PREPARING.has(word))
    const isPreparing = words.slice(0, Math.max(0, from)).some((word) => PREPARING.has(word))
    if (from < 0 || (isPreparing && !/^(?:then|else|do|!|\{)$/.test(words[from - 1]!))) continue
    if (/^[$`<>]/.test(words[from]!)) return ''
    return nameOf(words.slice(from))
  }
  return ''
}
