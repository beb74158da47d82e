/** Who may ask: the Host header against DNS rebinding, the Origin of writes, and the token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Context, MiddlewareHandler } from 'hono'
import type { Config } from '../config'
import { NixieError } from '../errors'

/** `host:port`, `[v6]:port` or `host` without port, brackets and trailing dot, in lower case. */
export function hostOf(authority: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(authority)
  const host = bracketed ? bracketed[1]! : authority.replace(/:\d*$/, '')
  return host.toLowerCase().replace(/\.$/, '')
}

/** Names under `.localhost` are loopback too (RFC 6761 section 6.3), so no site can own one. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  )
}

const isAddress = (host: string) => /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':')

/**
 * Refuses a Host that a page elsewhere could have made point here. Behind a wildcard address any literal address is
 * good: rebinding needs a name.
 */
export function isAllowedHost(host: string, config: Pick<Config, 'listen' | 'allowedHosts'>): boolean {
  const listen = hostOf(config.listen)
  if (isLoopback(host) || host === listen) return true
  const configured = config.allowedHosts.split(',').map((name) => hostOf(name.trim()))
  if (host !== '' && configured.includes(host)) return true
  const wildcard = listen === '0.0.0.0' || listen === '::'
  return wildcard && (isAddress(host) || host === hostname().toLowerCase())
}

/** Probes of orchestrators carry neither name nor token; these paths tell no more than a status. */
const isOpen = (c: Context) => c.req.path === '/healthz' || c.req.path === '/readyz'

export function checkHost(config: Config): MiddlewareHandler {
  return async (c, next) => {
    if (isOpen(c)) return next()
    const authority = c.req.header('host') ?? new URL(c.req.url).host
    const host = hostOf(authority)
    if (!isAllowedHost(host, config)) {
      throw new NixieError(
        'forbidden_host',
        `Host '${host.slice(0, 100)}' is not one that Nixie answers to`,
        'Use a loopback name or the listen address, or start Nixie with --allowed-hosts naming this host.',
      )
    }
    const origin = c.req.header('origin')
    const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!reads && origin !== undefined && origin.replace(/^https?:\/\//, '') !== authority) {
      throw new NixieError(
        'forbidden_host',
        `A page of '${origin.slice(0, 100)}' may not ask Nixie`,
        'Open the page that Nixie itself serves.',
      )
    }
    return next()
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** The token that a request carries: `Bearer TOKEN`, or the password of `Basic` (which a browser can ask for). */
function givenToken(header: string): string | undefined {
  const match = /^(bearer|basic) +(\S+)$/i.exec(header)
  if (!match) return undefined
  if (match[1]!.toLowerCase() === 'bearer') return match[2]
  const pair = Buffer.from(match[2]!, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

export function checkToken(token: string): MiddlewareHandler {
  const wanted = digest(token)
  return async (c, next) => {
    if (isOpen(c)) return next()
    const given = givenToken(c.req.header('authorization') ?? '')
    // Digests have one length, so that the comparison tells nothing about the token's.
    if (given === undefined || !timingSafeEqual(digest(given), wanted)) {
      throw new NixieError(
        'unauthorized',
        given === undefined ? 'This Nixie asks for a token' : 'The token is not the right one',
        'Send Authorization: Bearer TOKEN, with the text of the file given as --token-file; a browser asks for it as the password.',
      )
    }
    return next()
  }
}

/** For a listener beside the loopback one that has no token: it answers probes and nobody else. */
export const probesOnly: MiddlewareHandler = async (c, next) => {
  if (isOpen(c)) return next()
  throw new NixieError(
    'unauthorized',
    'This Nixie has no token, so it answers only on its own node',
    'Give every node the same token (--peer-token-file) to let them answer each other.',
  )
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
      `The token file can't be read: ${(cause as Error).message}`,
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

/** The token that the nodes share; undefined without one: a cluster may well do without. */
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
