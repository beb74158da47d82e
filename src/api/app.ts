/** The HTTP application: guards, routes, then the UI. It needs no port: `createApp(deps).request('/api/tables')`. */
import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { secureHeaders } from 'hono/secure-headers'
import type { Access } from '../access/access'
import { NixieError } from '../errors'
import { CHECK_PATH } from '../peers/ask'
import { gateway } from '../peers/gateway'
import { peerPort } from '../peers/peers'
import { checkHost, checkSite, requireToken } from './access'
import { type ErrorRenderer, errorResponse, plainError } from './errors'
import { admit, enterRoute, mayChange } from './guard'
import { peersOf } from './nodes-route'
import { OpenStreams } from './open-streams'
import { openApi } from './openapi'
import { peerGuard } from './peer-guard'
import { BODY_LIMIT } from './query-body'
import { type Route, type RouteDeps, readQuery } from './route'
import { ROUTES } from './routes'
import { component, raw } from './schema'

export interface ApiDeps extends RouteDeps {
  /** Decides who may see the data. */
  readonly access: Pick<Access, 'admit' | 'sessions' | 'uids' | 'client'>
  /** The text of `--token-file`. Without it the listen address must be loopback. */
  readonly token?: string
  /** Mounted at `/`, behind the API's routes and all guards. */
  readonly ui?: Hono
  /** Scripts and styles of the pages. They are the same for everyone, so no guard protects them. */
  readonly assets?: Hono
  /** How errors look in HTML; plain markup without it. */
  readonly renderError?: ErrorRenderer
}

/** Nothing inline, nothing from elsewhere; a page can only talk to the server that it came from. */
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  // With no-referrer a browser would send `Origin: null` for our own pages' forms.
  referrerPolicy: 'same-origin',
  strictTransportSecurity: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
})

const openApiRoute: Route = {
  method: 'get',
  path: '/openapi.json',
  id: 'readOpenApi',
  summary: 'This description of the API',
  parameters: {},
  answers: {
    'application/json': component('OpenApi', raw({ type: 'object', description: 'This document' })),
  },
  handle: (c) => c.json(DOCUMENT),
}

const ALL_ROUTES = [...ROUTES, openApiRoute]
const OPEN_ROUTES = ALL_ROUTES.filter(({ open }) => open)
const GUARDED_ROUTES = ALL_ROUTES.filter(({ open }) => !open)
const DOCUMENT = openApi(ALL_ROUTES)

const limitBody = bodyLimit({
  maxSize: BODY_LIMIT,
  onError: () => {
    throw new NixieError('too_large', `The body is larger than ${BODY_LIMIT} bytes`, 'Send a shorter script.')
  },
})

const count =
  ({ counters }: RouteDeps): MiddlewareHandler =>
  (_c, next) => {
    if (counters) counters.requests = (counters.requests ?? 0) + 1
    return next()
  }

/** Hono hands only Errors to `onError`; what else is thrown becomes one here. */
const asErrors: MiddlewareHandler = async (_c, next) => {
  try {
    await next()
  } catch (cause) {
    throw NixieError.from(cause)
  }
}

const noStore: MiddlewareHandler = async (c, next) => {
  await next()
  c.header('Cache-Control', 'no-store')
}

/** @throws NixieError when the listen address needs a token and there is none. */
export function createApp(deps: ApiDeps): Hono {
  requireToken(deps.config, deps.token)
  const app = opened(deps, deps.config)
  app.use(checkSite)
  enterRoute(app, deps.access)
  if (deps.assets) app.route('/', deps.assets)
  app.use(admit(deps.access))
  guarded(app, { ...deps, sessions: deps.access.sessions }, false)
  if (deps.ui) app.route('/', deps.ui)
  return app
}

/**
 * The API at `--peer-listen`, for the cluster's other nodes and its health probes. Without a token it answers only
 * probes.
 */
export function createPeerApp(deps: ApiDeps): Hono {
  const config = { ...deps.config, listen: deps.config.peerListen }
  const app = opened(deps, config)
  app.use(limitBody, peerGuard(deps.peerToken, config.nodeName))
  app.get(CHECK_PATH, (c) => c.body(null, 204))
  return guarded(app, { ...deps, config }, true)
}

function serveRoutes(app: Hono, routes: readonly Route[], deps: ApiDeps): void {
  const served = { ...deps, streams: new OpenStreams() }
  for (const route of routes)
    app[route.method](route.path, (c) => {
      const peer = c.get('peer')
      return peer ? peer.pass(c.req.raw) : route.handle(c, readQuery(c, route), served)
    })
}

/** Routes without a guard, which are never passed on to another node: probes send neither a node name nor a token. */
function opened(deps: ApiDeps, config: ApiDeps['config']): Hono {
  const render = deps.renderError ?? plainError
  const app = new Hono()
  app.onError((cause, c) => errorResponse(c, cause, render))
  app.notFound((c) =>
    errorResponse(
      c,
      new NixieError('not_found', `There is nothing at ${c.req.path.slice(0, 200)}`, 'See /openapi.json.'),
      render,
    ),
  )
  app.use(count(deps), headers, asErrors)
  serveRoutes(app, OPEN_ROUTES, deps)
  app.use(checkHost(config))
  return app
}

const refuseMethod = (app: Hono, render: ErrorRenderer): MiddlewareHandler =>
  methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => {
      // The headers of the replaced response stay. It was compressed; this one is not.
      c.res.headers.delete('Content-Encoding')
      c.header('Allow', methods.join(', '))
      const message = `${c.req.path.slice(0, 200)} does not take ${c.req.method}`
      return errorResponse(
        c,
        new NixieError('method_not_allowed', message, `It takes ${methods.join(', ')}.`),
        render,
      )
    },
  })

/** The routes behind a guard. `last`: these requests come from other nodes, so they are not passed on again. */
function guarded(app: Hono, deps: ApiDeps, last: boolean): Hono {
  app.use(refuseMethod(app, deps.renderError ?? plainError), limitBody)
  for (const route of ALL_ROUTES) if (route.changes) app.use(route.path, mayChange(route.method))
  const { runner, peerToken: token } = deps
  app.use(gateway({ peers: peersOf(deps), runner, token, port: peerPort(deps.config), last }))
  app.use('/api/*', noStore)
  serveRoutes(app, GUARDED_ROUTES, deps)
  return app
}
