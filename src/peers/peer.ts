/** Another node: what it answers to the API, for the pages that are rendered here, and for API calls that are passed on. */
import { createHmac, randomBytes } from 'node:crypto'
import { NixieError } from '../errors'
import { currentClient } from '../runner/asker'
import { type ApiClient, RemoteRunner, toldError } from '../runner/remote'
import type { Runner } from '../runner/runner'
import { askPeer, type Way } from './ask'
import { CLIENT_HEADER, onlyHeaders, REQUEST_HEADERS } from './proof'

export interface Peer {
  readonly name: string
  readonly api: ApiClient
  readonly runner: Runner
  /** Its answer to an API call. */
  readonly pass: (request: Request) => Promise<Response>
}

/** Other nodes can't tell from it who asks, and a client of another node has another. */
const SALT = randomBytes(16)
const clientWord = () => createHmac('sha256', SALT).update(currentClient()).digest('base64url').slice(0, 16)

/** @param signal ends all that is asked */
export function peerAt(way: Way, signal: AbortSignal): Peer {
  const api = clientOf(way, signal)
  return { name: way.name, api, runner: new RemoteRunner(api), pass: (request) => passed(way, request) }
}

function clientOf(way: Way, whole: AbortSignal): ApiClient {
  const open: ApiClient['open'] = async (target, asked, signal = whole) => {
    const headers = new Headers({ accept: 'application/json', [CLIENT_HEADER]: clientWord() })
    if (asked !== undefined) headers.set('content-type', 'application/json')
    const body = new TextEncoder().encode(asked === undefined ? '' : JSON.stringify(asked))
    const method = asked === undefined ? 'GET' : 'POST'
    const answer = await askPeer(way, { method, target, headers, body }, signal)
    if (answer.ok) return answer
    throw (await toldError(answer)) ?? unknownAnswer(way, answer)
  }
  return {
    open,
    get: async <T>(path: string, signal?: AbortSignal) =>
      (await (await open(path, undefined, signal)).json()) as T,
  }
}

const unknownAnswer = ({ name }: Way, { status }: Response) =>
  new NixieError(
    'unavailable',
    `The Nixie of node '${name}' answers with status ${status}`,
    'It may be another version: all nodes must have the same.',
  )

async function passed(way: Way, request: Request): Promise<Response> {
  const { method, url, signal } = request
  const { pathname, search } = new URL(url)
  const headers = onlyHeaders(request.headers, REQUEST_HEADERS)
  headers.set(CLIENT_HEADER, clientWord())
  const body = new Uint8Array(await request.arrayBuffer())
  return askPeer(way, { method, target: pathname + search, headers, body }, signal)
}
