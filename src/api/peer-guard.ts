/**
 * Guard of the second listener: other nodes prove that they belong to this cluster, and this node proves the same to
 * them.
 */
import type { MiddlewareHandler } from 'hono'
import { NixieError } from '../errors'
import { PROOF_HEADER, Verifier } from '../peers/proof'
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
    const headers = new Headers(c.req.raw.headers)
    // The proof covers the bytes that the other node reads. A client undoes compression before it sees them, so nothing
    // is compressed.
    headers.delete('accept-encoding')
    const body = new Uint8Array(await c.req.arrayBuffer())
    const { pathname, search } = new URL(url)
    const question = { method, target: pathname + search, headers, body }
    const nonce = verifier.check(c.req.header(PROOF_HEADER) ?? '', question)
    // The body has been read here; the handlers behind read it again.
    c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 && { body }) })
    // The other node has already checked its own client's rights.
    const client = 'another node'
    c.set('admitted', { may: 'change', client })
    await asClient(client, next)
    const sealed = verifier.seal(nonce, method, c.res)
    // Otherwise Hono would add the headers of the earlier response.
    c.res = undefined
    c.res = sealed
  }
}
