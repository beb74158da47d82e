/**
 * Which requests are let through: checks of the Host header (DNS rebinding) and of the asking page's site. Also reads
 * the token files.
 */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Context, MiddlewareHandler } from 'hono'
import type { Config } from '../config'
import { messageOf, NixieError } from '../errors'

const LAST_PORT = 65_535

/** `host:port`, `[v6]:port` or `host` without port, brackets and trailing dot, in lower case. */
export function hostOf(authority: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(authority)
  // A port above 65535 is invalid, so the text as a whole matches none of our hosts.
  if (Number(/:(\d+)$/.exec(authority)?.[1] ?? 0) > LAST_PORT) return authority.toLowerCase()
  const host = bracketed ? bracketed[1]! : authority.replace(/:\d*$/, '')
  return host.toLowerCase().replace(/\.$/, '')
}

/** Names under `.localhost` are loopback too (RFC 6761 section 6.3), so no site can own one. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    /^[a-z0-9._-]+\.localhost$/.test(host) ||
    host === '::1' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  )
}

const isAddress = (host: string) => /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':')

/**
 * Refuses a Host name that another site could have made point here (DNS rebinding). A literal address is always allowed
 * when listening on a wildcard address, because rebinding needs a name.
 */
export function isAllowedHost(host: string, config: Pick<Config, 'listen' | 'allowedHosts'>): boolean {
  const listen = hostOf(config.listen)
  if (isLoopback(host) || host === listen) return true
  const configured = config.allowedHosts.split(',').map((name) => hostOf(name.trim()))
  if (host !== '' && configured.includes(host)) return true
  const wildcard = listen === '0.0.0.0' || listen === '::'
  return wildcard && (isAddress(host) || host === hostname().toLowerCase())
}

export function checkHost(config: Pick<Config, 'listen' | 'allowedHosts'>): MiddlewareHandler {
  return (c, next) => {
    const host = hostOf(authorityOf(c))
    if (isAllowedHost(host, config)) return next()
    throw new NixieError(
      'forbidden_host',
      host === ''
        ? 'The request names no host'
        : `Host '${host.slice(0, 100)}' is not one that Nixie answers to`,
      'Use a loopback name or the listen address, or start Nixie with --allowed-hosts naming this host.',
    )
  }
}

const authorityOf = (c: Context) => c.req.header('host') ?? new URL(c.req.url).host

/**
 * Values of `Sec-Fetch-Site` that are allowed: our own pages, and addresses that a person typed or opened from outside
 * the browser.
 */
const OWN_SITES = ['same-origin', 'none']

/**
 * Refuses requests from pages of other sites, even when they could not read the answer, since every answer costs work.
 * Another port of the same host counts as another site. Clients other than browsers send neither header.
 */
export const checkSite: MiddlewareHandler = (c, next) => {
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  const isOwn = site === undefined || OWN_SITES.includes(site)
  const isOwnOrigin = origin === undefined || origin.replace(/^https?:\/\//, '') === authorityOf(c)
  if (isOwn && isOwnOrigin) return next()
  const isLink = isOwnOrigin && c.req.header('sec-fetch-mode') === 'navigate' && c.req.method === 'GET'
  const hint = isLink ? 'Open it from here: the link below.' : 'Open the page that Nixie itself serves.'
  const who = origin === undefined ? 'another site' : `'${origin.slice(0, 100)}'`
  throw new NixieError('forbidden_site', `A page of ${who} may not ask Nixie`, hint)
}

/**
 * The token of `--token-file`; undefined when none is needed.
 * @throws NixieError when the file can't be read or is empty, or when the listen address needs a token and there is none.
 */
export function readToken(config: Pick<Config, 'listen' | 'tokenFile'>): string | undefined {
  if (config.tokenFile === '') {
    requireToken(config, undefined)
    return undefined
  }
  return readTokenFile(config.tokenFile)
}

/** @throws NixieError when the file can't be read or holds no token. */
function readTokenFile(file: string): string {
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new NixieError(
      'bad_request',
      `The token file can't be read: ${messageOf(cause)}`,
      'Name a file that Nixie may read.',
    )
  }
  if (token === '' || /\s/.test(token)) {
    throw new NixieError(
      'bad_request',
      `${file} holds no token`,
      'Write one word into it: openssl rand -hex 32 > FILE',
    )
  }
  return token
}

/** The token that the nodes share, or undefined: a cluster may run without one. */
export function readPeerToken({ peerTokenFile }: Pick<Config, 'peerTokenFile'>): string | undefined {
  return peerTokenFile !== '' && existsSync(peerTokenFile) ? readTokenFile(peerTokenFile) : undefined
}

/** @throws NixieError unless the listen address is loopback or there is a token. */
export function requireToken(config: Pick<Config, 'listen'>, token: string | undefined): void {
  if (token !== undefined || isLoopback(hostOf(config.listen))) return
  throw new NixieError(
    'bad_request',
    `Listening on ${config.listen} needs a token: it is not a loopback address`,
    'Write one into a file (openssl rand -hex 32 > FILE) and give it as --token-file FILE, or listen on 127.0.0.1.',
  )
}
