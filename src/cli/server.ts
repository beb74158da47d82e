/** The way to a running server, for the commands that ask one. */
import { readFileSync } from 'node:fs'
import { hostOf, isLoopback } from '../api/access'
import type { Status } from '../api/status'
import { SETTINGS } from '../config'
import { codeOf, messageOf, NixieError } from '../errors'
import { type ApiClient, toldError } from '../runner/remote'
import { type Given, type Option, UsageError } from './command'

export const DEFAULT_SERVER = `http://${SETTINGS.listen.fallback}`

export const SERVER_OPTIONS: readonly Option[] = [
  {
    flag: 'server',
    value: 'URL',
    help: 'The Nixie to ask',
    env: 'NIXIE_SERVER',
    fallback: DEFAULT_SERVER,
  },
  {
    flag: 'token-file',
    value: 'FILE',
    help: 'File with the token that the server asks for',
    env: SETTINGS.tokenFile.env,
  },
]

export function serverClient({ flags, io }: Given): ApiClient {
  const given = flags.server ?? io.env.NIXIE_SERVER ?? DEFAULT_SERVER
  const base = URL.parse(/^https?:\/\//.test(given) ? given : `http://${given}`)
  if (!base) throw new UsageError(`--server: '${given}' is not a URL`)
  if (isLoopback(hostOf(base.host))) bypassProxy(base.hostname)
  const headers: Record<string, string> = { Accept: 'application/json' }
  const tokenFile = flags['token-file'] ?? io.env[SETTINGS.tokenFile.env]
  if (tokenFile) headers.Authorization = `Bearer ${readTokenFile(tokenFile)}`
  const open: ApiClient['open'] = (path, body, signal) => {
    const asked = { headers, ...(signal && { signal }) }
    if (body === undefined) return request(base, path, asked)
    const typed = { ...headers, 'Content-Type': 'application/json' }
    return request(base, path, { ...asked, method: 'POST', headers: typed, body: JSON.stringify(body) })
  }
  return {
    open,
    get: async <T>(path: string, signal?: AbortSignal) =>
      (await json(base, await open(path, undefined, signal))) as T,
  }
}

/** `fetch` sends even loopback requests to the proxy of the environment, which has another loopback. */
function bypassProxy(host: string): void {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    process.env[name] = [process.env[name], host].filter((part) => part).join(',')
  }
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new NixieError(
      'bad_request',
      `The token file can't be read: ${messageOf(cause)}`,
      'Name a file that you may read with --token-file.',
    )
  }
}

async function request(base: URL, path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(new URL(path, base), init)
  } catch (cause) {
    // The server accepted the connection and then closed it.
    if (codeOf(cause) === 'ECONNRESET') {
      throw new NixieError(
        'unavailable',
        `${base.origin} ended the connection before it answered`,
        'Nixie was stopped or restarted meanwhile, or another program listens there. Try again.',
      )
    }
    throw new NixieError(
      'unavailable',
      `No Nixie answers at ${base.origin} (${codeOf(cause) ?? messageOf(cause)})`,
      'Start it (nixie serve, or systemctl start nixie), name another with --server URL, or read stored data with --data-dir DIR.',
    )
  }
  if (response.ok) return response
  throw (await toldError(response)) ?? notNixie(base, response)
}

async function json(base: URL, response: Response): Promise<unknown> {
  const body = await response.json().catch(() => undefined)
  if (body === undefined) throw notNixie(base, response)
  return body
}

const notNixie = (base: URL, { status }: Response) =>
  new NixieError(
    'unavailable',
    `${base.origin} answers, but not as Nixie does (status ${status})`,
    'Name the right one with --server URL.',
  )

export const readStatus = (client: ApiClient): Promise<Status> => client.get('/api/status')
