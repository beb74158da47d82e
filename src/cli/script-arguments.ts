/** What follows `--`: the script's arguments, `--name value` or `--name=value`. */
import { UsageError } from './command'

/** Every argument takes a value, so that one may begin with a dash: `--start_time -5m`. */
export function scriptArguments(words: readonly string[]): Record<string, string> {
  const args: [string, string][] = []
  for (let i = 0; i < words.length; i++) {
    const match = /^--?([A-Za-z_]\w*)(?:=(.*))?$/s.exec(words[i]!)
    if (!match) {
      throw new UsageError(
        `'${words[i]}' is not an argument of a script`,
        "Write it as --name value or --name=value behind '--'.",
      )
    }
    const value = match[2] ?? words[++i]
    if (value === undefined) throw new UsageError(`--${match[1]} needs a value`)
    args.push([match[1]!, value])
  }
  return Object.fromEntries(args)
}
