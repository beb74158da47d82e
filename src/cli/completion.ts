/** Shell completion, from the declarations. */
import { type Command, optionsOf, type Positional } from './command'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Shell words that print what a positional may be. */
function valuesOf(
  of: Pick<Positional, 'completes' | 'choices'> | undefined,
  commands: readonly Command[],
  tables: readonly string[],
): string {
  switch (of?.completes) {
    case 'script':
      return '$(nixie script list -o name 2>/dev/null)'
    case 'table':
      // Those that every Nixie has, where none answers.
      return `$(nixie tables -o name 2>/dev/null || echo ${tables.join(' ')})`
    case 'command':
      return commands.map((command) => command.name).join(' ')
    default:
      return (of?.choices ?? []).join(' ')
  }
}

/** The second words of two-word commands, by the first: `script` → list, show. */
function groups(commands: readonly Command[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of commands) {
    const [first, second] = name.split(' ')
    if (second !== undefined) found.set(first!, [...(found.get(first!) ?? []), second])
  }
  return found
}

const firstWords = (commands: readonly Command[]) => [
  ...new Set(commands.map((command) => command.name.split(' ')[0]!)),
]

const flagsOf = (command: Command) => optionsOf(command).map((option) => `--${option.flag}`)

/** One `case` of bash and zsh: what may follow a command. */
function cases(commands: readonly Command[], tables: readonly string[]): string {
  const inGroup = groups(commands)
  const parts = commands.map((command) => {
    const values = valuesOf(command.positionals[0], commands, tables)
    const words = [...(inGroup.get(command.name) ?? []), ...flagsOf(command), values]
    return `    '${command.name}') offers="${words.join(' ').trim()}" ;;\n`
  })
  return parts.join('')
}

function choiceCases(commands: readonly Command[], tables: readonly string[]): string {
  const parts = commands.flatMap((command) =>
    command.options
      .filter(({ choices, completes }) => choices ?? completes)
      .map((option) => {
        const { flag, short } = option
        const pattern = [`--${flag}`, ...(short ? [`-${short}`] : [])]
          .map((name) => `'${command.name} ${name}'`)
          .join('|')
        return `    ${pattern}) offers="${valuesOf(option, commands, tables)}" ;;\n`
      }),
  )
  return parts.join('')
}

/** The shell code that sets `offers`, shared by bash and zsh: `$w1` and `$w2` are the first words, `$prev` the one before. */
function body(commands: readonly Command[], tables: readonly string[]): string {
  // `get` is a command, and the first word of another.
  const alone = [...groups(commands)].filter(([first]) => !commands.some(({ name }) => name === first))
  const second = alone.map(([first, names]) => `'${first}') offers="${names.join(' ')}" ;;`)
  return `  local offers="" command="$w1"
  case "$w1 $w2" in
${[...groups(commands)].flatMap(([first, names]) => names.map((name) => `    '${first} ${name}') command="$w1 $w2" ;;\n`)).join('')}  esac
  case "$command" in
    '') offers="${firstWords(commands).join(' ')}" ;;
    ${second.join('\n    ')}
${cases(commands, tables)}  esac
  case "$command $prev" in
${choiceCases(commands, tables)}  esac
`
}

function bash(commands: readonly Command[], tables: readonly string[]): string {
  return `# bash completion for nixie: source <(nixie completion bash)
_nixie() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" w1="" w2=""
  if [ "$COMP_CWORD" -gt 1 ]; then w1="\${COMP_WORDS[1]}"; fi
  if [ "$COMP_CWORD" -gt 2 ]; then w2="\${COMP_WORDS[2]}"; fi
${body(commands, tables)}  COMPREPLY=($(compgen -W "$offers" -- "$cur"))
}
complete -o default -F _nixie nixie
`
}

function zsh(commands: readonly Command[], tables: readonly string[]): string {
  return `#compdef nixie
# zsh completion for nixie: source <(nixie completion zsh)
_nixie() {
  local prev="\${words[CURRENT-1]}" w1="" w2=""
  if (( CURRENT > 2 )); then w1="\${words[2]}"; fi
  if (( CURRENT > 3 )); then w2="\${words[3]}"; fi
  _nixie_words "$w1" "$w2" "$prev"
  compadd -- \${=REPLY}
}
_nixie_words() {
  local w1="$1" w2="$2" prev="$3"
${body(commands, tables)}  REPLY="$offers"
}
if [ "$funcstack[1]" = "_nixie" ]; then _nixie "$@"; else compdef _nixie nixie; fi
`
}

const fishQuote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

/** Its substitutions have no dollar sign, and its commands another `||`. */
const inFish = (words: string) => words.replace('$(', '(').replace(' || ', '; or ')

function fish(commands: readonly Command[], tables: readonly string[]): string {
  const lines = ['# fish completion for nixie: nixie completion fish | source', 'complete -c nixie -f']
  const inGroup = groups(commands)
  for (const word of firstWords(commands)) {
    const summary = commands.find((command) => command.name === word)?.summary ?? ''
    lines.push(`complete -c nixie -n __fish_use_subcommand -a ${word} -d ${fishQuote(summary)}`)
  }
  for (const [first, names] of inGroup) {
    const unseen = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${names.join(' ')}`
    lines.push(`complete -c nixie -n ${fishQuote(unseen)} -a ${fishQuote(names.join(' '))}`)
  }
  for (const command of commands) {
    const seen = fishQuote(
      command.name
        .split(' ')
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join('; and '),
    )
    const values = inFish(valuesOf(command.positionals[0], commands, tables))
    if (values !== '') lines.push(`complete -c nixie -n ${seen} -a ${fishQuote(values)}`)
    for (const option of optionsOf(command)) {
      const { flag, short, value, help, choices, completes } = option
      const parts = [`complete -c nixie -n ${seen} -l ${flag}`]
      if (short) parts.push(`-s ${short}`)
      const offers = (choices ?? completes) ? inFish(valuesOf(option, commands, tables)) : undefined
      if (value !== undefined) parts.push(offers === undefined ? '-r -F' : `-x -a ${fishQuote(offers)}`)
      lines.push(`${parts.join(' ')} -d ${fishQuote(help)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** `tables`: names of tables, for where no Nixie can be asked. */
export function completion(shell: Shell, commands: readonly Command[], tables: readonly string[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands, tables)
    case 'zsh':
      return zsh(commands, tables)
    default:
      return fish(commands, tables)
  }
}
