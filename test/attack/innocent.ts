/**
 * A client that does nothing wrong, a process of its own: 50 requests a second, each with a path that no other has, one in five
 * over a connection of its own. What was answered is a line in its log.
 *
 *     bun innocent.ts PORT LOG
 */
import { appendFileSync } from 'node:fs'
import { Agent, get } from 'node:http'

export const MARK = 'innocent='
const EVERY_MS = 20

/** A line of the log: the number in the path, and when the answer was there, in epoch milliseconds. */
export interface Answered {
  readonly n: number
  readonly ms: number
}

function ask(port: number, agent: Agent, n: number, log: string): void {
  const path = `/hello?${MARK}${n};`
  get({ host: '127.0.0.1', port, path, agent: n % 5 === 0 ? false : agent }, (response) => {
    response.resume()
    response.on('end', () => appendFileSync(log, `${JSON.stringify({ n, ms: Date.now() })}\n`))
  })
}

if (import.meta.main) {
  const [port, log] = process.argv.slice(2)
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  let n = 0
  const from = performance.now()
  setInterval(() => {
    // A late timer makes up for what it missed, a little at a time.
    for (let i = 0; i < 4 && n * EVERY_MS < performance.now() - from; i++) ask(Number(port), agent, n++, log!)
  }, EVERY_MS)
}
