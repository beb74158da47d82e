/** What the browser shows, and what enters its history. */
import type { Context } from 'hono'
import { withoutNode } from '../src/peers/gateway'
import { onNode } from './on-node'

export function pathOf(text: string): string {
  const { pathname, search } = new URL(text)
  return pathname + search
}

/** The page that asks for a fragment. */
export function shownUrl(c: Context): URL | undefined {
  const current = c.req.header('HX-Current-URL')
  return current && URL.canParse(current) ? new URL(current) : undefined
}

/** A result enters the history when it is another view than the one that the browser shows. */
export function pushUrl(c: Context, path: string): void {
  const node = c.get('peer')?.name ?? ''
  const url = onNode(path, node)
  const shown = shownUrl(c)
  // The browser may have `node` at another place.
  const current = shown && (node === '' ? pathOf(shown.href) : onNode(pathOf(withoutNode(shown.href)), node))
  if (current !== url) c.header('HX-Push-Url', url)
}
