/**
 * `nixie ui` on a machine: the owner of the captured data makes a link for a browser whose account has no access of its
 * own.
 */
import { SETTINGS } from '../config'
import { openBrowser } from './browser'
import type { Given } from './command'
import { serverClient } from './server'

/** The account whose browser opens the link: the one that ran sudo, else this one. Root's own browser needs no link. */
function userOf({ io }: Given): number | undefined {
  const sudo = io.env.SUDO_UID
  if (sudo !== undefined && /^\d{1,10}$/.test(sudo)) return Number(sudo)
  const uid = process.getuid?.()
  return uid === 0 ? undefined : uid
}

interface Link {
  readonly path: string
  readonly seconds: number
}

/** Undefined where this account's browser may look by itself. @throws NixieError where it may not, with the way in */
async function linkOf(url: string, { flags, io }: Given): Promise<Link | undefined> {
  const client = serverClient({ flags: { ...flags, server: url }, io })
  const hasToken = (flags['token-file'] ?? io.env[SETTINGS.tokenFile.env]) !== undefined
  if (process.getuid?.() !== 0 && !hasToken) {
    await client.get('/openapi.json')
    return undefined
  }
  const user = userOf({ flags, io })
  const answer = await client.open('/api/links', user === undefined ? {} : { user })
  return (await answer.json()) as Link
}

/** Prints the address, with a link where one can be made, and opens it where there is a browser. */
export async function openHere(url: string, given: Given): Promise<number> {
  const link = await linkOf(url, given)
  if (link === undefined) return openBrowser(url, given)
  const { io } = given
  const code = await openBrowser(new URL(link.path, /^https?:/.test(url) ? url : `http://${url}`).href, given)
  const minutes = Math.round(link.seconds / 60)
  await io.stderr.write(`It opens once, within ${minutes} minutes, and lets that browser in for 12 hours.\n`)
  return code
}
