/** Everything that a page loads, from within the binary: no request leaves the host. */

import { Hono } from 'hono'
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' }
import { bundleClient } from './bundle' with { type: 'macro' }
import icon from './icon.svg' with { type: 'text' }
import style from './style.css' with { type: 'text' }

interface Asset {
  readonly body: string
  readonly type: string
  /** Its path holds a hash of its bytes, so that it can be cached for ever. */
  readonly path: string
}

function asset(name: string, extension: string, type: string, body: string): Asset {
  const hash = Bun.hash(body).toString(36)
  return { body, type, path: `/assets/${name}.${hash}.${extension}` }
}

export const CLIENT = asset('nixie', 'js', 'text/javascript; charset=utf-8', bundleClient())
export const STYLE = asset('nixie', 'css', 'text/css; charset=utf-8', `${uplotStyle}\n${style}`)
export const ICON = asset('nixie', 'svg', 'image/svg+xml', icon)

const BY_PATH = new Map([CLIENT, STYLE, ICON].map((a) => [a.path, a]))

export function assetRoutes(): Hono {
  const app = new Hono()
  app.get('/assets/:name', (c) => {
    const found = BY_PATH.get(c.req.path)
    if (!found) return c.text('not found', 404)
    c.header('Cache-Control', 'public, max-age=31536000, immutable')
    c.header('Content-Type', found.type)
    return c.body(found.body)
  })
  return app
}
