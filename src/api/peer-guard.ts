/** The second listener: other nodes, which prove that they are of this cluster, and are told the same of this one. */
import type { MiddlewareHandler } from 'hono'
import { NixieError } from '../errors'
import { PROOF_HEADER, Verifier } from '../peers/proof'
import { asClient } from '../runner/asker'

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
    const { method, url, signal } = c.req.raw
    const headers = new Headers(c.req.raw.headers)
    // What is proven is what is read: a coding would be undone before, around the proofs.
    headers.delete('accept-encoding')
    const body = new Uint8Array(await c.req.arrayBuffer())
    const { pathname, search } = new URL(url)
    const question = { method, target: pathname + search, headers, body }
    const nonce = verifier.check(c.req.header(PROOF_HEADER) ?? '', question)
    // The body was read: what comes behind reads it again.
    c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 && { body }) })
    // The other node has seen to it that its own client may do what is asked.
    const client = 'another node'
    c.set('admitted', { may: 'change', client })
    await asClient(client, next)
    const sealed = verifier.seal(nonce, method, c.res)
    // Else the headers of the answer before would be added.
    c.res = undefined
    c.res = sealed
  }
}
