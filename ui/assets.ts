/** Everything that a page loads, from within the binary: no request leaves the host. */

import { Hono } from 'hono'
import { NixieError } from '../src/errors'
import { bundleClient, packFiles } from './bundle' with { type: 'macro' }
import type { Packed } from './bundle'

interface Asset {
  /** In base64, see `Packed`. */
  readonly gzip: string
  readonly type: string
  /** Its path holds a hash of its bytes, so that it can be cached for ever. */
  readonly path: string
}

const asset = (name: string, extension: string, type: string, { gzip, hash }: Packed): Asset => ({
  gzip,
  type,
  path: `/assets/${name}.${hash}.${extension}`,
})

const SCRIPT = 'text/javascript; charset=utf-8'

/** Loaded on every page. */
export const CLIENT = asset('nixie', 'js', SCRIPT, bundleClient('index.ts'))
/** Loaded on the query page. */
export const EDITOR = asset('editor', 'js', SCRIPT, bundleClient('editor/index.ts'))
/** Loaded where a chart, a graph or a flame graph is drawn. */
export const CHARTS = asset('charts', 'js', SCRIPT, bundleClient('charts/index.ts'))
export const GRAPH = asset('graph', 'js', SCRIPT, bundleClient('graph/index.ts'))
export const FLAME = asset('flame', 'js', SCRIPT, bundleClient('flame/index.ts'))
export const STYLE = asset(
  'nixie',
  'css',
  'text/css; charset=utf-8',
  packFiles('uplot/dist/uPlot.min.css', './style.css', './drawn.css'),
)
export const ICON = asset('nixie', 'svg', 'image/svg+xml', packFiles('./icon.svg'))

const BY_PATH = new Map([CLIENT, EDITOR, CHARTS, GRAPH, FLAME, STYLE, ICON].map((a) => [a.path, a]))

export function assetRoutes(): Hono {
  const app = new Hono()
  app.get('/assets/:name', (c) => {
    const found = BY_PATH.get(c.req.path)
    if (!found) throw new NixieError('not_found', 'There is no such part of a page', 'Load the page again.')
    c.header('Cache-Control', 'public, max-age=31536000, immutable')
    c.header('Content-Type', found.type)
    c.header('Vary', 'Accept-Encoding')
    const gzip = Buffer.from(found.gzip, 'base64')
    if (!/\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '')) return c.body(Bun.gunzipSync(gzip))
    c.header('Content-Encoding', 'gzip')
    return c.body(gzip)
  })
  return app
}
