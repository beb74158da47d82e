/** Everything that a page loads, from within the binary: no request leaves the host. */

import { Hono } from 'hono'
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' }
import { NixieError } from '../src/errors'
import { bundleClient } from './bundle' with { type: 'macro' }
import drawn from './drawn.css' with { type: 'text' }
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

const SCRIPT = 'text/javascript; charset=utf-8'

/** Loaded on every page. */
export const CLIENT = asset('nixie', 'js', SCRIPT, bundleClient('index.ts'))
/** Loaded on the query page. */
export const EDITOR = asset('editor', 'js', SCRIPT, bundleClient('editor/index.ts'))
/** Loaded where a chart, a graph or a flame graph is drawn. */
export const CHARTS = asset('charts', 'js', SCRIPT, bundleClient('charts/index.ts'))
export const GRAPH = asset('graph', 'js', SCRIPT, bundleClient('graph/index.ts'))
export const FLAME = asset('flame', 'js', SCRIPT, bundleClient('flame/index.ts'))
export const STYLE = asset('nixie', 'css', 'text/css; charset=utf-8', `${uplotStyle}\n${style}\n${drawn}`)
export const ICON = asset('nixie', 'svg', 'image/svg+xml', icon)

const BY_PATH = new Map([CLIENT, EDITOR, CHARTS, GRAPH, FLAME, STYLE, ICON].map((a) => [a.path, a]))

const packed = new Map<Asset, Uint8Array<ArrayBuffer>>()

/** Compressed once for each asset that is requested. */
function compressed(of: Asset): Uint8Array<ArrayBuffer> {
  const known = packed.get(of)
  if (known) return known
  const made = Bun.gzipSync(of.body)
  packed.set(of, made)
  return made
}

export function assetRoutes(): Hono {
  const app = new Hono()
  app.get('/assets/:name', (c) => {
    const found = BY_PATH.get(c.req.path)
    if (!found) throw new NixieError('not_found', 'There is no such part of a page', 'Load the page again.')
    c.header('Cache-Control', 'public, max-age=31536000, immutable')
    c.header('Content-Type', found.type)
    c.header('Vary', 'Accept-Encoding')
    if (!/\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '')) return c.body(found.body)
    c.header('Content-Encoding', 'gzip')
    return c.body(compressed(found))
  })
  return app
}
