/** The command line: which command, with what, and how it ends. Exit codes: 0 done, 1 failed, 2 wrong usage. */

import { NixieError } from '../errors'
import { didYouMean } from '../suggest'
import { type CliDeps, type Command, parseCommand, UsageError } from './command'
import { COMMANDS } from './commands'
import { commandHelp, generalHelp } from './help'
import { type Io, printable, terminal } from './io'

/** The command that the words name, and the words that are left to it. */
function findCommand(argv: readonly string[]): { command: Command; rest: readonly string[] } {
  const words = argv[0] === undefined || argv[0].startsWith('-') ? ['serve', ...argv] : argv
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ')
    const command = COMMANDS.find((known) => known.name === name)
    if (command) return { command, rest: words.slice(length) }
  }
  const group = COMMANDS.filter((known) => known.name.startsWith(`${words[0]} `)).map((known) => known.name)
  if (group.length > 0) {
    throw new UsageError(
      words[1] === undefined
        ? `'${words[0]}' needs a second word`
        : `There is no command '${words[0]} ${words[1]}'`,
      `There are: ${group.join(', ')}.`,
    )
  }
  const names = COMMANDS.map((known) => known.name)
  throw new UsageError(
    `There is no command '${words[0]}'`,
    `${didYouMean(words[0]!, names)}'nixie help' lists them.`,
  )
}

/** `nixie script --help`: the commands that begin with a word which is none alone. */
function groupOf([word, option]: readonly string[]): readonly Command[] {
  const asksHelp = option === '--help' || option === '-h'
  if (!asksHelp || COMMANDS.some(({ name }) => name === word)) return []
  return COMMANDS.filter(({ name }) => name.startsWith(`${word} `))
}

async function dispatch(argv: readonly string[], deps: CliDeps, io: Io): Promise<number> {
  if (argv[0] === '--help' || argv[0] === '-h') {
    await io.stdout.write(generalHelp(COMMANDS, io.stdout.columns))
    return 0
  }
  if (argv[0] === '--version' || argv[0] === '-V') return dispatch(['version'], deps, io)
  const group = groupOf(argv)
  if (group.length > 0) {
    await io.stdout.write(group.map((command) => commandHelp(command, io.stdout.columns)).join('\n'))
    return 0
  }
  const { command, rest } = findCommand(argv)
  try {
    const parsed = parseCommand(command, rest)
    if (parsed.flags.help !== undefined) {
      await io.stdout.write(commandHelp(command, io.stdout.columns))
      return 0
    }
    return await command.run({ ...parsed, io, deps })
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    const more = `'nixie ${command.name} --help' tells more.`
    throw new UsageError(`nixie ${command.name}: ${cause.message}`, `${cause.hint} ${more}`.trim())
  }
}

async function failure(cause: unknown, io: Io): Promise<number> {
  if (cause instanceof UsageError) return report(cause.message, cause.hint, io, 2)
  const { message, hint, line, column } = NixieError.from(cause).shape
  const where = line === undefined ? '' : `line ${line}, column ${column ?? 1}: `
  return report(`${where}${message}`, hint, io, 1)
}

async function report(message: string, hint: string, io: Io, code: number): Promise<number> {
  await io.stderr.write(`error: ${printable(message)}\n`)
  if (hint !== '') await io.stderr.write(`hint: ${printable(hint)}\n`)
  return code
}

/**
 * Runs one command line.
 * @param argv the words behind the program's name
 * @param deps what a command can't bring itself; `io` is the terminal unless a test brings its own
 * @returns the exit code; nothing is thrown
 */
export async function main(argv: readonly string[], deps: CliDeps & { readonly io?: Io }): Promise<number> {
  const io = deps.io ?? terminal()
  try {
    return await dispatch(argv, deps, io)
  } catch (cause) {
    return failure(cause, io)
  }
}
