/**
 * Follows one kind of object: list in pages, then watch from there on, again and again. After a break it goes on where it
 * was; when the server has forgotten that place (410), it lists anew.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { messageOf } from '../errors'
import type { Cluster } from './cluster'

export interface ApiObject {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string }
}

export interface ReflectorOptions<T extends ApiObject> {
  readonly cluster: Pick<Cluster, 'get'>
  /** `/api/v1/pods` */
  readonly path: string
  readonly accept?: string
  /** An object as it is now; `listed`: it may be older than this watch. */
  readonly seen: (object: T, listed: boolean) => void
  readonly gone: (object: T) => void
  /** A list is complete: objects that aren't among these uids are gone. */
  readonly synced: (uids: ReadonlySet<string>) => void
  /** Called with an error, or with '' when it works again. */
  readonly failed: (message: string) => void
  /** For tests: shorter waits. */
  readonly timing?: Partial<Timing>
}

export interface Timing {
  readonly firstRetryMs: number
  readonly longestRetryMs: number
  /** A server that has not begun to answer within this time counts as unreachable. TCP itself would wait for minutes. */
  readonly answerMs: number
  /** A watch without an event, not even a bookmark, for this time counts as dead. */
  readonly silenceMs: number
}

const TIMING: Timing = { firstRetryMs: 500, longestRetryMs: 10_000, answerMs: 10_000, silenceMs: 120_000 }
const PAGE = 500
/** The server ends a watch after this time; it is taken up again at once. */
const WATCH_SECONDS = 300

/** The server no longer knows the resource version or the page: list anew. */
class Expired extends Error {}

interface Page<T> {
  readonly items?: readonly T[]
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string }
}

interface WatchEvent<T> {
  readonly type: string
  readonly object: T & { readonly code?: number; readonly message?: string }
}

export class Reflector<T extends ApiObject> {
  readonly #options: ReflectorOptions<T>
  readonly #timing: Timing
  readonly #stop = new AbortController()
  /** Where to go on; undefined: list first. */
  #version: string | undefined
  #retryMs: number

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#timing = { ...TIMING, ...options.timing }
    this.#retryMs = this.#timing.firstRetryMs
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Runs until it is stopped. */
  async run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list()
        if (await this.#watch()) continue
      } catch (cause) {
        if (signal.aborted) return
        if (cause instanceof Expired) this.#version = undefined
        else this.#options.failed(messageOf(cause))
      }
      await this.#pause()
    }
  }

  /** Longer after each failure, up to a bound; spread, so that many nodes don't come back in one moment. */
  async #pause(): Promise<void> {
    const ms = this.#retryMs * (0.5 + Math.random() / 2)
    this.#retryMs = Math.min(this.#retryMs * 2, this.#timing.longestRetryMs)
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#stop.signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    clearTimeout(timer)
  }

  #works(): void {
    this.#retryMs = this.#timing.firstRetryMs
    this.#options.failed('')
  }

  async #get(query: URLSearchParams, signal: AbortSignal): Promise<Response> {
    const { cluster, path, accept } = this.#options
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new Error('no answer')), this.#timing.answerMs)
    const either = AbortSignal.any([signal, late.signal])
    const response = await cluster
      .get(`${path}?${query}`, { signal: either, ...(accept ? { accept } : {}) })
      .finally(() => clearTimeout(timer))
    if (response.ok) return response
    const text = await response.text()
    if (response.status === 410) throw new Expired(text)
    throw new Error(`${path}: ${response.status} ${statusMessage(text)}`)
  }

  async #list(): Promise<void> {
    const uids = new Set<string>()
    let next: string | undefined
    do {
      const query = new URLSearchParams({ limit: String(PAGE) })
      if (next) query.set('continue', next)
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#timing.silenceMs)])
      const page = (await (await this.#get(query, signal)).json()) as Page<T>
      for (const object of page.items ?? []) {
        uids.add(object.metadata?.uid ?? '')
        this.#options.seen(object, true)
      }
      next = page.metadata?.continue
      this.#version = next ? undefined : page.metadata?.resourceVersion
    } while (next)
    this.#options.synced(uids)
    this.#works()
  }

  /** Ends when the server ends the watch. False when no event had come. */
  async #watch(): Promise<boolean> {
    const quiet = new AbortController()
    let timer = setTimeout(() => quiet.abort(new Error('the watch fell silent')), this.#timing.silenceMs)
    const query = new URLSearchParams({
      watch: 'true',
      resourceVersion: this.#version!,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_SECONDS),
    })
    try {
      const signal = AbortSignal.any([this.#stop.signal, quiet.signal])
      const response = await this.#get(query, signal)
      this.#options.failed('')
      let said = false
      for await (const line of linesOf(response.body!)) {
        clearTimeout(timer)
        timer = setTimeout(() => quiet.abort(new Error('the watch fell silent')), this.#timing.silenceMs)
        this.#take(JSON.parse(line) as WatchEvent<T>)
        if (!said) this.#works()
        said = true
      }
      return said
    } finally {
      clearTimeout(timer)
    }
  }

  #take({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') {
      if (object.code === 410) throw new Expired(object.message)
      throw new Error(`${this.#options.path}: ${object.message ?? 'the watch failed'}`)
    }
    this.#version = object.metadata?.resourceVersion ?? this.#version
    if (type === 'DELETED') this.#options.gone(object)
    else if (type !== 'BOOKMARK') this.#options.seen(object, false)
  }
}

/** The message of an API server's Status, or the head of whatever else it is. */
function statusMessage(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? ''
  } catch {
    return text.slice(0, 200)
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  for await (const chunk of body) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    parts.push(lines[0]!)
    for (let i = 1; i < lines.length; i++) {
      const line = parts.join('')
      parts = [lines[i]!]
      if (line !== '') yield line
    }
  }
}
