/** A process that is sent lines and answers each with a line of JSON: what a bench compares runs in one of its own. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { Subprocess } from 'bun'

export class LineProcess {
  readonly #process: Subprocess<'pipe', 'pipe', 'inherit'>
  readonly #lines: AsyncIterator<string>

  constructor(command: string[]) {
    this.#process = Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
    this.#lines = createInterface({ input: Readable.fromWeb(this.#process.stdout as never) })[
      Symbol.asyncIterator
    ]()
  }

  /** The next line that it says. @throws Error when it has ended */
  async line(): Promise<unknown> {
    const line = await this.#lines.next()
    if (line.done) throw new Error('a contender ended')
    return JSON.parse(line.value)
  }

  ask(line: string): Promise<unknown> {
    this.#process.stdin.write(`${line}\n`)
    this.#process.stdin.flush()
    return this.line()
  }

  async end(): Promise<void> {
    this.#process.stdin.end()
    await this.#process.exited
  }
}
