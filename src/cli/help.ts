/** `--help`, from the declarations. */
import { type Command, type Option, optionsOf } from './command'

function usage(command: Command): string {
  const words = command.positionals.map(({ name, required }) => (required ? name : `[${name}]`))
  const parts = ['nixie', command.name, ...words, '[options]']
  if (command.rest !== undefined) parts.push(`[-- ${command.rest}]`)
  return parts.join(' ')
}

/** Two columns: the left as wide as its widest entry. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}

function valueText({ value, optional }: Option): string {
  if (value === undefined) return ''
  return optional ? ` [${value}]` : ` ${value}`
}

export function commandHelp(command: Command): string {
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
  return `${command.summary}\n\nUsage: ${usage(command)}\n${details}\nOptions:\n${columns(rows)}`
}

export function generalHelp(commands: readonly Command[]): string {
  const shown = commands.filter(({ hidden }) => !hidden)
  const rows = shown.map(({ name, summary }): readonly [string, string] => [name, summary])
  return (
    'Nixie sees what every process on this node says over the network.\n\n' +
    "Usage: nixie COMMAND [options]\n       nixie [options]            the same as 'nixie serve'\n\n" +
    `Commands:\n${columns(rows)}\n` +
    "'nixie COMMAND --help' tells more.\n"
  )
}
