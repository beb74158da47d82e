/** How the user calls this program, in the hints for what to run next. */
import { relative } from 'node:path'
import type { Io } from '../io'

/** `nixie` where the shell finds this executable by that name, else its path. */
export function ownCommand({ env }: Pick<Io, 'env'>): string {
  const { execPath } = process
  if (!/(^|\/)nixie[^/]*$/.test(execPath)) return 'nixie'
  const found = Bun.which('nixie', { PATH: env.PATH ?? '' })
  if (found === execPath) return 'nixie'
  const near = relative(process.cwd(), execPath)
  return near.startsWith('..') ? execPath : `./${near}`
}

/** As a shell takes it for one word. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
