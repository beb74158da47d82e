/** `--help`, from the declarations. */
import { type Command, type Option, optionsOf } from './command'
import { wrapText } from './table'

function usage(command: Command): string {
  const words = command.positionals.map(({ name, required }) => (required ? name : `[${name}]`))
  const parts = ['nixie', command.name, ...words, '[options]']
  if (command.rest !== undefined) parts.push(`[-- ${command.rest}]`)
  return parts.join(' ')
}

const INDENT = 2
/** The right column is no narrower: where there is less room it stands below the left. */
const LEAST_RIGHT = 28

/** Two columns: the left as wide as its widest entry, the right in as many lines as a terminal of that width needs. */
function columns(rows: readonly (readonly [string, string])[], width: number | undefined): string {
  const left = Math.max(...rows.map(([entry]) => entry.length))
  const room = width === undefined ? Number.POSITIVE_INFINITY : width - left - 2 * INDENT
  const isBeside = room >= LEAST_RIGHT
  const margin = ' '.repeat(isBeside ? left + 2 * INDENT : 3 * INDENT)
  const inLines = (text: string) =>
    wrapText(text, isBeside || width === undefined ? room : width - margin.length).join(`\n${margin}`)
  return rows
    .map(([entry, text]) => {
      const gap = isBeside ? ' '.repeat(left - entry.length + INDENT) : `\n${margin}`
      return `${' '.repeat(INDENT)}${entry}${gap}${inLines(text)}\n`
    })
    .join('')
}

/** Text whose lines are those of the terminal; lines that begin with a space are examples, and stay. */
const wrapped = (text: string, width: number | undefined): string =>
  text
    .split('\n')
    .map((line) => (width === undefined || line.startsWith(' ') ? line : wrapText(line, width).join('\n')))
    .join('\n')

function valueText({ value, optional }: Option): string {
  if (value === undefined) return ''
  return optional ? ` [${value}]` : ` ${value}`
}

/** `width`: columns of the terminal; undefined where there is none. */
export function commandHelp(command: Command, width: number | undefined): string {
  const rows = optionsOf(command).map((option): readonly [string, string] => {
    const short = option.short ? `-${option.short}, ` : '    '
    const value = valueText(option)
    const notes = [
      option.fallback === undefined || option.fallback === '' ? '' : `default ${option.fallback}`,
      option.env ?? '',
    ].filter((note) => note !== '')
    return [
      `${short}--${option.flag}${value}`,
      option.help + (notes.length > 0 ? ` [${notes.join('; ')}]` : ''),
    ]
  })
  const details = command.details === undefined ? '' : `\n${command.details}\n`
  const begin = wrapped(`${command.summary}\n\nUsage: ${usage(command)}\n${details}`, width)
  return `${begin}\nOptions:\n${columns(rows, width)}`
}

export function generalHelp(commands: readonly Command[], width: number | undefined): string {
  const shown = commands.filter(({ hidden }) => !hidden)
  const rows = shown.map(({ name, summary }): readonly [string, string] => [name, summary])
  return (
    `${wrapped('Nixie sees what every process on this node says over the network.', width)}\n\n` +
    "Usage: nixie COMMAND [options]\n       nixie [options]            the same as 'nixie serve'\n\n" +
    `Commands:\n${columns(rows, width)}\n` +
    "'nixie COMMAND --help' tells more.\n"
  )
}
