/** A command is one declaration: parsing, `--help` and completion come from it. */
import { parseArgs } from 'node:util'
import type { Config } from '../config'
import { didYouMean } from '../suggest'
import type { Io } from './io'

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  readonly hint: string

  constructor(message: string, hint = '') {
    super(message)
    this.name = 'UsageError'
    this.hint = hint
  }
}

export interface Option {
  readonly flag: string
  readonly short?: string
  /** Name of the value in the help; without it the option is a switch. */
  readonly value?: string
  /** The value may be left out; it is then ''. */
  readonly optional?: boolean
  readonly help: string
  readonly env?: string
  readonly choices?: readonly string[]
  readonly completes?: 'table'
  /** The default, as the help shows it. The command itself applies it. */
  readonly fallback?: string
}

export interface Invocation {
  /** Values by flag; a switch that is given is `true`. */
  readonly flags: Readonly<Record<string, string>>
  readonly positionals: readonly string[]
  /** What follows `--`. */
  readonly rest: readonly string[]
  readonly io: Io
  readonly deps: CliDeps
}

/** What the parts of a command are given of it. */
export type Given = Pick<Invocation, 'flags' | 'io'>

export interface CliDeps {
  /** Runs until it is told to end; the exit code. */
  readonly serve: (config: Config) => Promise<number>
  /** Gives up what root may and capture doesn't need: the program may begin anew for it. Absent: nothing is given up. */
  readonly prepare?: (config: Config) => Promise<void>
}

export interface Positional {
  readonly name: string
  readonly required: boolean
  readonly completes?: 'script' | 'table' | 'command'
  readonly choices?: readonly string[]
}

export interface Command {
  /** One or two words: `run`, `script list`. */
  readonly name: string
  readonly summary: string
  /** For Nixie's own use: neither help nor completion shows it. */
  readonly hidden?: boolean
  readonly details?: string
  readonly positionals: readonly Positional[]
  readonly options: readonly Option[]
  /** What may follow `--`, for the usage line. */
  readonly rest?: string
  readonly run: (invocation: Invocation) => Promise<number>
}

const HELP: Option = { flag: 'help', short: 'h', help: 'Show this help' }

export const optionsOf = (command: Command): readonly Option[] => [...command.options, HELP]

/** @throws UsageError for an unknown option, a missing or needless value, too many or too few words. */
export function parseCommand(
  command: Command,
  argv: readonly string[],
): Pick<Invocation, 'flags' | 'positionals' | 'rest'> {
  const end = argv.indexOf('--')
  const own = end === -1 ? argv : argv.slice(0, end)
  const rest = end === -1 ? [] : argv.slice(end + 1)
  const options = optionsOf(command)
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(
      options.map(({ flag, short, value, optional }) => [
        flag,
        {
          type: value === undefined || optional ? ('boolean' as const) : ('string' as const),
          ...(short && { short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const flags: Record<string, string> = {}
  const positionals: string[] = []
  // `--kind NAME`: the next word is the option's value if the command has enough words without it.
  let spare = tokens.filter(({ kind }) => kind === 'positional').length - command.positionals.length
  let open: string | undefined
  for (const token of tokens) {
    if (token.kind === 'positional' && open !== undefined && spare > 0) {
      flags[open] = token.value
      spare--
    } else if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind === 'option') flags[token.name] = optionValue(options, token, command.rest)
    open = token.kind === 'option' && flags[token.name] === '' ? token.name : undefined
  }
  if (flags.help === undefined) checkWords(command, positionals, rest)
  return { flags, positionals, rest }
}

function optionValue(
  options: readonly Option[],
  token: { name: string; rawName: string; value: string | undefined },
  rest: string | undefined,
): string {
  const option = options.find((known) => known.flag === token.name)
  if (!option) {
    const flags = options.map((known) => `--${known.flag}`)
    const behind =
      rest === undefined ? '' : `Arguments of the script follow '--', as in: -- ${token.rawName} VALUE.`
    const near = didYouMean(token.rawName, flags).trim()
    throw new UsageError(`Unknown option ${token.rawName}`, near || behind)
  }
  if (option.value === undefined) {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`)
    return 'true'
  }
  if (token.value === undefined) {
    if (option.optional) return ''
    throw new UsageError(`${token.rawName} needs a value: ${option.value}`)
  }
  if (option.choices && !option.choices.includes(token.value)) {
    throw new UsageError(`${token.rawName}: '${token.value}' is not one of ${option.choices.join(', ')}`)
  }
  return token.value
}

function checkWords(command: Command, words: readonly string[], rest: readonly string[]): void {
  const { positionals } = command
  if (words.length > positionals.length) {
    throw new UsageError(`Unexpected word '${words[positionals.length]}'`)
  }
  const missing = positionals.find((positional, i) => positional.required && words[i] === undefined)
  if (missing) throw new UsageError(`${missing.name} is missing`)
  for (const [i, word] of words.entries()) {
    const { name, choices } = positionals[i]!
    if (choices && !choices.includes(word)) {
      throw new UsageError(
        `${name}: '${word}' is not one of ${choices.join(', ')}`,
        didYouMean(word, choices).trim(),
      )
    }
  }
  if (rest.length > 0 && command.rest === undefined) throw new UsageError("Nothing may follow '--' here")
}
