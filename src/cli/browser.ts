/** The user's browser, where there is one. */
import type { Given } from './command'
import { type Io, printable } from './io'

function openerOf({ env, stdout }: Io): string | undefined {
  // Root should not run a browser.
  if (process.getuid?.() === 0 && !env.BROWSER) return undefined
  if (env.BROWSER) return env.BROWSER
  // Over SSH or in a script there is no browser to open.
  if (!stdout.isTTY || env.SSH_CONNECTION) return undefined
  if (process.platform === 'darwin') return 'open'
  return env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : undefined
}

/** Prints the address, and opens it where there is a browser. */
export async function openBrowser(url: string, { flags, io }: Given): Promise<number> {
  await io.stdout.write(`${printable(url)}\n`)
  const opener = flags['no-open'] === undefined ? openerOf(io) : undefined
  if (opener === undefined) return 0
  try {
    const child = Bun.spawn([opener, url], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
    child.unref()
  } catch {
    await io.stderr.write(`${printable(opener)} can't be started: open the address yourself\n`)
  }
  return 0
}
