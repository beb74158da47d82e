/** A scripted API server: what it answers to each request, in order, and the watches that it holds open. */
import type { Scope } from '../support/scope'

export interface Answer {
  readonly status?: number
  readonly body: unknown
}

/** An open watch: lines go out as they are sent. */
export interface Held {
  send(event: unknown): void
  end(): void
}

export class ScriptedApi {
  readonly requests: URL[] = []
  readonly #answers: ((url: URL) => Answer | 'hold')[] = []
  readonly #waiting: ((held: Held) => void)[] = []
  readonly #held: Held[] = []
  readonly #server

  constructor(scope: Scope) {
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: ({ url }) => this.#answer(new URL(url)),
    })
    scope.defer(() => this.#server.stop(true))
  }

  /** The next request gets this answer, or is held as a watch. */
  next(answer: Answer | 'hold' | ((url: URL) => Answer | 'hold')): this {
    this.#answers.push(typeof answer === 'function' ? answer : () => answer)
    return this
  }

  /** The next watch that is held. */
  watch(): Promise<Held> {
    const held = this.#held.shift()
    return held ? Promise.resolve(held) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  readonly get = (path: string, { signal }: { signal?: AbortSignal } = {}): Promise<Response> =>
    fetch(new URL(path, this.#server.url), signal ? { signal } : {})

  #answer(url: URL): Response {
    this.requests.push(url)
    const answer = this.#answers.shift()?.(url) ?? 'hold'
    if (answer !== 'hold') return Response.json(answer.body, { status: answer.status ?? 200 })
    const encoder = new TextEncoder()
    return new Response(
      new ReadableStream({
        start: (controller) => {
          const held: Held = {
            send: (event) => controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`)),
            end: () => controller.close(),
          }
          const wanted = this.#waiting.shift()
          if (wanted) wanted(held)
          else this.#held.push(held)
        },
      }),
    )
  }
}
