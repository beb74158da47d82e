/** The one error shape, as JSON or as HTML: every failed request ends here. */
import type { Context } from 'hono'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type ErrorShape, NixieError } from '../errors'

/** Renders an error: a fragment to swap in for htmx, or a whole page. The result must be safe markup. */
export type ErrorRenderer = (
  error: ErrorShape,
  kind: 'fragment' | 'page',
  /** Path and query of the request. */
  path?: string,
  /** The other node that was asked. */
  node?: string,
) => string | Promise<string> | { toString(): string }

export const plainError: ErrorRenderer = (error, kind) => {
  const where = error.line === undefined ? '' : ` (line ${error.line}, column ${error.column ?? 1})`
  const fragment = html`<div class="error" role="alert" data-code="${error.code}"><p>${error.message}${where}</p><p class="hint">${error.hint}</p></div>`
  if (kind === 'fragment') return fragment
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${error.code}</title></head><body>${fragment}</body></html>`
}

/** An error of Hono's own or of ours. */
function nixieError(cause: unknown): NixieError {
  if (cause instanceof HTTPException && cause.status < 500) {
    return new NixieError('bad_request', cause.message || 'The request is not well formed')
  }
  return NixieError.from(cause)
}

const pathOf = (c: Context): string => {
  const { pathname, search } = new URL(c.req.url)
  // Two slashes would lead to another host.
  return pathname.startsWith('//') ? '/' : pathname + search
}

/** Short queries end in less, and streams that nobody reads in not much more. */
const RETRY_SECONDS = '10'

const isApi = (path: string) => path.startsWith('/api/') || path === '/openapi.json' || path === '/metrics'

export async function errorResponse(
  c: Context,
  cause: unknown,
  render: ErrorRenderer = plainError,
): Promise<Response> {
  const error = nixieError(cause)
  const status = error.status as ContentfulStatusCode
  if (error.shape.code === 'internal') console.error(cause)
  if (error.shape.code === 'unauthorized') {
    c.header('WWW-Authenticate', 'Bearer realm="nixie"')
    c.header('WWW-Authenticate', 'Basic realm="nixie", charset="UTF-8"', { append: true })
  }
  if (status === 429 || status === 503) c.header('Retry-After', RETRY_SECONDS)
  if (c.req.header('hx-request') === 'true') {
    return c.html(String(await render(error.shape, 'fragment')), status)
  }
  if (!isApi(c.req.path) && (c.req.header('accept') ?? '').includes('text/html')) {
    return c.html(String(await render(error.shape, 'page', pathOf(c), c.get('peer')?.name)), status)
  }
  return c.json({ error: error.shape }, status)
}
