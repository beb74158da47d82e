/**
 * Access control as middleware: the kernel, the token and the session identify the client; each route declares the
 * right that it needs.
 */
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { Access, Admitted, Asker } from '../access/access'
import { SESSION_SECONDS } from '../access/sessions'
import { NixieError } from '../errors'
import { asClient } from '../runner/asker'

declare module 'hono' {
  interface ContextVariableMap {
    /** Set by a guard, and by nothing else. */
    admitted: Admitted
  }
}

/** What the server knows about a request's connection, as Hono's bindings. */
export type Connection = Pick<Asker, 'peer' | 'listener'>

/** Browsers send a cookie to every port of a host, so two Nixies on one host need two names. */
const cookieName = (asker: Connection) => `nixie-${asker.listener?.port ?? 0}`

/** What proxies of HTTP add by themselves (RFC 7239, RFC 9110 §7.6.3); those that pass on bytes add nothing. */
const OF_PROXIES = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

function askerOf(c: Context): Asker {
  const { peer, listener } = (c.env ?? {}) as Partial<Connection>
  const session = getCookie(c, cookieName({ peer, listener }))
  const isForwarded = OF_PROXIES.some((name) => c.req.header(name) !== undefined)
  return { peer, listener, isForwarded, session, authorization: c.req.header('authorization') }
}

export const admit =
  (access: Pick<Access, 'admit'>): MiddlewareHandler =>
  (c, next) => {
    const admitted = access.admit(askerOf(c))
    c.set('admitted', admitted)
    return asClient(admitted.client, next)
  }

/** For actions that only the owner of the captured data may take. The right to look is not enough. */
export const mayChange =
  (method: string): MiddlewareHandler =>
  (c, next) => {
    if (c.req.method.toLowerCase() !== method || c.get('admitted')?.may === 'change') return next()
    throw new NixieError(
      'forbidden',
      'The right to look is not enough to change settings or to let others in',
      'It takes root, a session that begins with a link (sudo nixie ui), or the token (--token-file).',
    )
  }

/** Only paths of this server: a link must not lead elsewhere. */
const ownPath = (path: string | undefined) => (path && /^\/(?![/\\])/.test(path) ? path : '/')

/** `GET /enter`: a link of `nixie ui` becomes a session, whose cookie no script and no other site can use. */
export function enterRoute(app: Hono, access: Pick<Access, 'sessions' | 'uids' | 'client'>): void {
  app.use('/enter', (c, next) => {
    if (c.req.method !== 'GET') return next()
    const asker = askerOf(c)
    const uids = access.uids(asker)
    const session = access.sessions.enter(c.req.query('token') ?? '', access.client(asker, uids), uids)
    if (session === undefined) {
      throw new NixieError(
        'forbidden',
        'This link opens nothing: it was opened already, is too old, or is for another account',
        "'sudo nixie ui' prints another one.",
      )
    }
    setCookie(c, cookieName(asker), session, {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: SESSION_SECONDS,
    })
    c.header('Cache-Control', 'no-store')
    return Promise.resolve(c.redirect(ownPath(c.req.query('to')), 303))
  })
}
