/** A client and a server as they may be, seen at one end by a capture that loses things: what rows come of it? */
import { PROTOCOLS } from '../../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../../src/records/types'
import { end, random, rig, Wire } from '../../streams/wire'

export interface Play {
  readonly seed: number
  /** Requests that the client has outstanding at most, and how often it doesn't wait where it may go on. */
  readonly window: number
  readonly eager: number
  /** The part of the calls that is lost, and the part of which only the beginning is captured. */
  readonly lost: number
  readonly cut: number
  readonly exchanges?: number
  /** Part of the requests that take up to 3 s to be sent. */
  readonly uploads?: number
  readonly isJoined?: boolean
  readonly atClient?: boolean
}

export interface Played {
  /** Exchanges that were played behind the place where the connection was joined. */
  readonly played: number
  readonly right: number
  readonly wrong: readonly string[]
}

interface Call {
  readonly atNs: number
  readonly from: 'client' | 'server'
  readonly text: string
}

const MS = 1e6

/** Rows say of both halves which exchange they are of. */
export function play(options: Play): Played {
  const next = random(options.seed)
  const calls = callsOf(options, next)
  const { streams, sink, counters } = rig(PROTOCOLS)
  const wire = new Wire({ role: options.atClient ? ROLE_CLIENT : ROLE_SERVER, before: 0 })
  const joined = options.isJoined ? Math.floor(next() * calls.length * 0.3) : 0
  if (!options.isJoined) streams.handle(wire.open())
  calls.forEach(({ atNs, from, text }, i) => {
    tickUntil(atNs)
    wire.timeNs = atNs
    const captured = next() < options.cut ? Math.floor(next() * text.length) : undefined
    const event = from === 'client' ? wire.request(text, captured) : wire.response(text, captured)
    const isLost = next() < options.lost
    if (i >= joined && isLost) counters.ringLostEvents++
    else if (i >= joined) streams.handle(event)
  })
  end(streams, wire)
  const rows = sink.rows('http_events')
  const pairs = rows.filter(({ resp_status }) => resp_status !== 0).map(pairOf)
  const wrong = pairs.filter(([asked, answered]) => asked !== answered)
  const before = calls
    .slice(0, joined)
    .filter(({ from, text }) => from === 'client' && / \/\d+ HTTP/.test(text))
  return {
    played: (options.exchanges ?? 40) - before.length,
    right: pairs.length - wrong.length,
    wrong: wrong.map((pair) => `seed ${options.seed}: ${pair.join(' with the answer to ')}`),
  }

  function tickUntil(atNs: number): void {
    for (let step = 20 * MS; wire.timeNs + step < atNs; step = Math.min(2 * step, 500 * MS)) {
      wire.timeNs += step
      streams.tick(wire.timeNs)
    }
  }
}

function pairOf({ req_path, resp_headers }: { [name: string]: unknown }): [string, string] {
  const { Exchange } = JSON.parse(`${resp_headers}`) as { Exchange?: string }
  return [`${req_path}`.slice(1), Exchange ?? 'none']
}

/** What either end moves, in the order in which one of them sees it. */
function callsOf({ window, eager, atClient, exchanges = 40, uploads = 0 }: Play, next: () => number): Call[] {
  const isSlow = next() < 0.3
  const service = () => (isSlow ? 20 + 60 * next() : 3 * next()) * MS
  const thought = () => (next() < 0.08 ? 150 + 3000 * next() : next() < 0.5 ? 0 : 4 * next()) * MS
  const delay = (0.05 + 2 * next()) * MS
  const calls: Call[] = []
  const answeredAt: number[] = []
  let clientNs = 1e9
  let serverNs = 0
  const host = `Host: ${'h'.repeat(10 + Math.floor(next() * 150))}`
  for (let n = 0; n < exchanges; n++) {
    // Without being eager the client waits for all answers; being it, for none that its window doesn't force it to.
    const isEager = next() < eager
    const awaited = isEager ? n - window : n - 1
    if (awaited >= 0) clientNs = Math.max(clientNs, answeredAt[awaited]! + delay)
    clientNs += isEager ? 0.01 * MS : 0.01 * MS + thought()
    const [asked, answered] = messages(n, host, next)
    let arrivedNs = 0
    const upload = uploads > 0 && next() < uploads ? (100 + 2900 * next()) * MS : 0
    for (const text of split(asked, next)) {
      if (text !== asked && asked.endsWith(text)) clientNs += upload
      clientNs += 0.005 * MS
      arrivedNs = clientNs + delay
      calls.push({ atNs: atClient ? clientNs : arrivedNs, from: 'client', text })
    }
    serverNs = Math.max(serverNs, arrivedNs) + 0.01 * MS + service()
    for (const text of split(answered, next)) {
      serverNs += 0.005 * MS
      calls.push({ atNs: atClient ? serverNs + delay : serverNs, from: 'server', text })
    }
    answeredAt.push(serverNs)
  }
  return calls.sort((a, b) => a.atNs - b.atNs)
}

function split(text: string, next: () => number): string[] {
  if (next() < 0.7) return [text]
  const at = 1 + Math.floor(next() * (text.length - 1))
  return [text.slice(0, at), text.slice(at)].filter((part) => part !== '')
}

function messages(n: number, host: string, next: () => number): [string, string] {
  const method = next() < 0.05 ? 'HEAD' : next() < 0.2 ? 'POST' : 'GET'
  const content = method === 'POST' ? 'p'.repeat(Math.floor(next() * 600)) : ''
  const length = content === '' ? '' : `Content-Length: ${content.length}\r\n`
  const cookie = next() < 0.2 ? `Cookie: ${'c'.repeat(Math.floor(next() * 80))}\r\n` : ''
  const asked = `${method} /${n} HTTP/1.1\r\n${host}\r\n${cookie}${length}\r\n${content}`
  const head = `Exchange: ${n}\r\n`
  if (next() < 0.1)
    return [
      asked,
      `HTTP/1.1 ${next() < 0.5 ? '304 Not Modified' : '404 Not Found\r\nContent-Length: 0'}\r\n${head}\r\n`,
    ]
  const body = 'b'.repeat(Math.floor(next() ** 3 * 3000))
  if (next() < 0.2) {
    const chunks =
      method === 'HEAD' ? '' : `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
    return [asked, `HTTP/1.1 200 OK\r\n${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`]
  }
  return [
    asked,
    `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${method === 'HEAD' ? '' : body}`,
  ]
}
