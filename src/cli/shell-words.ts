/** Errors speak of the parameters of the API; in a shell these are flags. */
import { NixieError } from '../errors'

/** What a parameter is called in this command: `{ start_time: '--since' }`. */
export type FlagNames = Readonly<Record<string, string>>

const EVERYWHERE: FlagNames = { table: '--table', limit: '--limit' }

/** The same error, as who typed the command would say it. */
export function inShellWords(cause: unknown, names: FlagNames = {}): unknown {
  if (!(cause instanceof NixieError)) return cause
  const { code, message, hint, ...place } = cause.shape
  const all: FlagNames = { ...EVERYWHERE, ...names }
  // `table=NAME` is always a parameter; the name alone may be a word of the sentence.
  const flags = (text: string) =>
    Object.entries({ ...names }).reduce(
      (said, [name, flag]) => said.replace(new RegExp(`\\b${name}\\b`, 'g'), flag),
      text.replace(/\b([a-z_]+)=([A-Z]+)\b/g, (whole, name: string, value: string) =>
        Object.hasOwn(all, name) ? `${all[name]} ${value}` : whole,
      ),
    )
  return new NixieError(code, flags(message), flags(hint), place)
}
