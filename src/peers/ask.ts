/** Asks another node. Both ends prove that they hold the cluster's token before any data is sent. */
import { fetchDirect } from '../direct'
import { NixieError } from '../errors'
import { hasBody, openBody } from './body-proof'
import type { PeerNode } from './peers'
import { ANSWER_HEADERS, isProven, onlyHeaders, PROOF_HEADER, prove, type Question } from './proof'

export interface PeerAccess {
  /** `http://10.0.0.7:6495` */
  readonly url: string
  readonly token: string
}

/** A node that doesn't answer its check within this time counts as unreachable. */
export const CHECK_MS = 3000
/** The head of an answer comes within this time: a query waits for its turn, and then takes as long as it may. */
const HEAD_MS = 100_000
/** A path that needs a proof and returns almost nothing. */
export const CHECK_PATH = '/peer'

const unavailable = (message: string, hint: string) => new NixieError('unavailable', message, hint)

/** @throws NixieError `unavailable` when there is no way to the node's Nixie, with what is missing. */
export function accessTo(
  { name, address }: PeerNode,
  namespace: string,
  { token, port }: { readonly token?: string | undefined; readonly port: string },
): PeerAccess {
  if (address === '') {
    const pods = `kubectl get pods -o wide${namespace === '' ? '' : ` -n ${namespace}`}`
    throw unavailable(
      `No Nixie runs on node '${name}'`,
      `See whether its pod is kept from that node, and why: ${pods}.`,
    )
  }
  if (token === undefined || port === '') {
    throw unavailable(
      `Node '${name}' can't be asked: the nodes share no token`,
      "Give every node the same one (--peer-token-file, and --peer-listen); 'nixie deploy' makes it.",
    )
  }
  return { url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`, token }
}

/** The node doesn't answer, or not in time. */
function silent(name: string, namespace: string, cause: unknown, ms: number): NixieError {
  const { code, message, name: kind } = cause as { code?: string; message?: string; name?: string }
  const why = kind === 'TimeoutError' ? `no answer within ${ms / 1000} s` : (code ?? message ?? '')
  return unavailable(
    `The Nixie of node '${name}' does not answer (${why})`,
    `Its pod may be starting, or the network between the nodes keeps it away: kubectl get pods -n ${namespace} -o wide`,
  )
}

/** A node with another token can't prove its refusal either. */
function unproven(name: string, { status }: Response): NixieError {
  if (status === 401) {
    return unavailable(
      `The Nixie of node '${name}' refuses this node's token`,
      'All nodes must share one, have the same version, and agree on the time: restart those that still have another (kubectl rollout restart daemonset).',
    )
  }
  return unavailable(
    `What answers for node '${name}' does not prove that it is a Nixie of this cluster`,
    'It may be an older version, or another program has the address: kubectl get pods -A -o wide',
  )
}

export interface Way extends PeerAccess {
  readonly name: string
  readonly namespace: string
}

/**
 * The answer, with the allowed headers only. A redirection counts as an answer.
 * @throws NixieError `unavailable` when there is no answer or the answer has no proof; the reason of `signal` when it
 * is aborted
 */
export async function askPeer(
  { name, namespace, url, token }: Way,
  question: Omit<Question, 'to'>,
  signal: AbortSignal,
  headMs = HEAD_MS,
): Promise<Response> {
  const { method, target, body } = question
  const headers = new Headers(question.headers)
  // `fetch` adds headers that are left out here, and those would not be proven.
  if (!headers.has('accept')) headers.set('accept', '*/*')
  const { nonce, header } = prove(token, { ...question, headers, to: name })
  headers.set(PROOF_HEADER, header)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new DOMException('no answer', 'TimeoutError')), headMs)
  const sent = {
    method,
    headers,
    signal: AbortSignal.any([signal, late.signal]),
    redirect: 'manual' as const,
    ...(body.length > 0 && { body: body as Uint8Array<ArrayBuffer> }),
  }
  const answer = await fetchDirect(url + target, sent).catch((cause) => {
    clearTimeout(timer)
    const isTimeout = (cause as Error).name === 'TimeoutError'
    throw signal.aborted && !isTimeout
      ? cause
      : silent(name, namespace, cause, late.signal.aborted ? headMs : CHECK_MS)
  })
  clearTimeout(timer)
  if (!isProven(answer, token, nonce)) {
    await answer.body?.cancel()
    throw unproven(name, answer)
  }
  const proven = hasBody(method, answer.status) ? openBody(answer.body, token, nonce, name) : null
  return new Response(proven, {
    status: answer.status,
    headers: onlyHeaders(answer.headers, ANSWER_HEADERS),
  })
}

/** Checks first that the node answers and proves itself. A query may take long, and must not go to a stranger. */
export async function checkPeer(way: Way): Promise<void> {
  const question = { method: 'GET', target: CHECK_PATH, headers: new Headers(), body: new Uint8Array() }
  const answer = await askPeer(way, question, AbortSignal.timeout(CHECK_MS))
  await answer.body?.cancel()
}
