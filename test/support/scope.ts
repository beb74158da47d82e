/** What a test opens and must close again, however it ends: processes, a directory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class Scope {
  /** A directory of its own that everyone may enter. */
  readonly dir: string
  readonly #closers: (() => unknown)[] = []
  #closing = Promise.resolve()

  constructor(name: string) {
    this.dir = mkdtempSync(join(tmpdir(), `nixie-${name}-`))
    Bun.spawnSync(['chmod', '755', this.dir])
    this.defer(() => rmSync(this.dir, { recursive: true, force: true }))
  }

  /** Closers run in reverse order. */
  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Who closes while it is being closed, on a signal for one, waits for the end of that. */
  close(): Promise<void> {
    this.#closing = this.#closing.catch(() => {}).then(() => this.#closeAll())
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}

/** How long a test waits for a condition: many times as long as a busy machine needs. A test about a time measures it (`Pace`). */
export const PATIENCE_MS = 120_000

/** Asks until there is an answer; throws, saying what it waited for, after `ms`. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  ms = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + ms
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      last = undefined
    } catch (cause) {
      last = cause
    }
    if (performance.now() > end) {
      throw new Error(`${what}: not within ${ms} ms${last ? `; last: ${last}` : ''}`)
    }
    await Bun.sleep(10)
  }
}

/** A loopback port that is free at the moment. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.on('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
