/**
 * Guard of the second listener: other nodes prove that they belong to this cluster, and this node proves the same to
 * them.
 */
import type { MiddlewareHandler } from 'hono'
import { NixieError } from '../errors'
import { CLIENT_HEADER, onlyHeaders, PROOF_HEADER, REQUEST_HEADERS, Verifier } from '../peers/proof'
import { asClient } from '../runner/asker'

/** @param key the token that the nodes share; without it every request is refused */
export function peerGuard(key: string | undefined, node: string): MiddlewareHandler {
  if (key === undefined) {
    return () => {
      throw new NixieError(
        'unauthorized',
        'This Nixie has no token, so it answers only on its own node',
        'Give every node the same token (--peer-token-file) to let them answer each other.',
      )
    }
  }
  const verifier = new Verifier(key, node)
  return async (c, next) => {
    const { method, url, signal } = c.req.raw
    // What isn't proven anybody may have added. Nothing is compressed: the proof covers the bytes that the other node
    // reads, and a client undoes compression before it sees them.
    const headers = onlyHeaders(c.req.raw.headers, REQUEST_HEADERS)
    const body = new Uint8Array(await c.req.arrayBuffer())
    const { pathname, search } = new URL(url)
    const question = { method, target: pathname + search, headers, body }
    const nonce = verifier.check(c.req.header(PROOF_HEADER) ?? '', question)
    // The body has been read here; the handlers behind read it again.
    c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 && { body }) })
    // The other node has already checked its own client's rights.
    const client = `another node ${headers.get(CLIENT_HEADER) ?? ''}`.trimEnd()
    c.set('admitted', { may: 'change', client })
    await asClient(client, next)
    const sealed = verifier.seal(nonce, method, c.res)
    // Otherwise Hono would add the headers of the earlier response.
    c.res = undefined
    c.res = sealed
  }
}
