/** What another node of the cluster would ask. */
import type { Hono } from 'hono'
import { hasBody, openBody } from '../../src/peers/body-proof'
import { isProven, prove } from '../../src/peers/proof'

export interface PeerQuestion {
  readonly path: string
  readonly to: string
  readonly method?: string
  readonly body?: string
  readonly nowMs?: number
}

function asked(key: string, { path, to, method = 'GET', body = '', nowMs = Date.now() }: PeerQuestion) {
  const headers = new Headers({ accept: '*/*', host: '127.0.0.1:6495' })
  if (body !== '') headers.set('content-type', 'text/plain')
  const question = { method, target: path, to, headers, body: new TextEncoder().encode(body) }
  const { nonce, header } = prove(key, question, nowMs)
  headers.set('nixie-peer', header)
  return { nonce, headers }
}

export const provenHeaders = (key: string, question: PeerQuestion): Record<string, string> =>
  Object.fromEntries(asked(key, question).headers)

export async function askProven(app: Hono, key: string, question: PeerQuestion) {
  const { nonce, headers } = asked(key, question)
  const { method = 'GET', body = '' } = question
  const sealed = await app.request(question.path, { method, headers, ...(body !== '' && { body }) })
  const content = hasBody(method, sealed.status) ? openBody(sealed.body, key, nonce, question.to) : null
  return {
    answer: new Response(content, sealed),
    isProven: isProven(sealed, key, nonce),
    headers: Object.fromEntries(headers),
  }
}
