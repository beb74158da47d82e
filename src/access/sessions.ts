/** Ways in for browsers: links that open once, and the sessions that they begin. In memory only: a restart ends them. */
import { createHash, randomBytes } from 'node:crypto'

/** A link not opened by then opens nothing. */
export const LINK_SECONDS = 300
export const SESSION_SECONDS = 12 * 3600
/** Beyond them the oldest end: what root asks for is bounded too. */
const MOST = 64

const SECRET_BYTES = 32

/** Only digests are kept, and looked up by: how long that takes tells nothing of a secret. */
const digest = (secret: string) => createHash('sha256').update(secret).digest('base64')

interface Entry<T> {
  readonly value: T
  readonly untilMs: number
}

/** Secrets that are good for a time. */
class Secrets<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #ms: number

  constructor(seconds: number) {
    this.#ms = seconds * 1000
  }

  add(value: T): string {
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= MOST && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(digest(secret), { value, untilMs: performance.now() + this.#ms })
    return secret
  }

  get(secret: string): T | undefined {
    const key = digest(secret)
    const entry = this.#entries.get(key)
    if (entry && entry.untilMs > performance.now()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  take(secret: string): T | undefined {
    const value = this.get(secret)
    this.#entries.delete(digest(secret))
    return value
  }
}

export class Sessions {
  /** The account that a link is for; undefined: anyone who has the link. */
  readonly #links = new Secrets<{ readonly uid: number | undefined }>(LINK_SECONDS)
  /** Who began it. */
  readonly #sessions = new Secrets<string>(SESSION_SECONDS)

  /** A one-time token, for the browser of this account where one is named. */
  link(uid: number | undefined): string {
    return this.#links.add({ uid })
  }

  /**
   * Begins a session for whoever opens the link; undefined when it opens nothing. A link of another account stays: who
   * has read it over somebody's shoulder can't spend it either.
   *
   * @param client who asks, see `Admitted`
   */
  enter(token: string, client: string, uids: readonly number[]): string | undefined {
    const link = this.#links.get(token)
    if (!link) return undefined
    const isFor = (uid: number) => uid === link.uid || uid === 0
    if (link.uid !== undefined && !(uids.length > 0 && uids.every(isFor))) return undefined
    this.#links.take(token)
    return this.#sessions.add(client)
  }

  /**
   * Whether it is a session of this client. Cookies go to every port of a host: one that another account's server has
   * been shown is worth nothing on that account's connections.
   */
  has(session: string, client: string): boolean {
    return this.#sessions.get(session) === client
  }
}
