/** The second listener: other nodes, which prove that they are of this cluster, and are told the same of this one. */
import type { MiddlewareHandler } from 'hono'
import { NixieError } from '../errors'
import { PROOF_HEADER, Verifier } from '../peers/proof'

/** @param key the token that the nodes share; without it nobody is answered */
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
    const { method, url, headers, signal } = c.req.raw
    const body = new Uint8Array(await c.req.arrayBuffer())
    const { pathname, search } = new URL(url)
    const question = { method, target: pathname + search, headers, body }
    const nonce = verifier.check(c.req.header(PROOF_HEADER) ?? '', question)
    // The body was read: what comes behind reads it again.
    c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 && { body }) })
    // The other node has seen to it that its own client may do what is asked.
    c.set('admitted', { may: 'change', client: 'another node' })
    await next()
    verifier.seal(nonce, c.res.status, c.res.headers)
  }
}
