/**
 * A client that always has as many requests outstanding, and a server that answers them in order, on a connection that was joined
 * under way: as one of the two ends sees it, whose process may read later than bytes arrive. What rows come of it?
 */
import { PROTOCOLS } from '../../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../../src/records/types'
import { end, random, rig, Wire } from '../../streams/wire'

export interface WindowPlay {
  readonly seed: number
  /** Requests that the client has outstanding whenever it can; 1: it takes turns. */
  readonly window: number
  readonly atClient: boolean
  readonly exchanges?: number
  /** Whether the client, or the server, does nothing else while it waits or works; else it reads what arrives at once. */
  readonly isBlocking?: boolean
  /** How long the server works at a request, and the client thinks before it asks again, ms; given numbers from 0 to 1. */
  readonly works: (draw: () => number) => number
  readonly thinks: (draw: () => number) => number
  /** How long a request takes to be sent, ms. */
  readonly sends?: (draw: () => number) => number
  /** A server that does something else while it works sleeps after so many ms at the most; one that doesn't, never or always. */
  readonly goesMs: number
  /** Bytes take so long from end to end, ms. */
  readonly travelMs: number
  /** Both stand still now and then, as in a group whose time is used up: so often a second, and so many ms. */
  readonly stalls?: { readonly perSecond: number; readonly ms: number }
  /** All requests are equally long, and so are all answers; else the number in them makes a difference. */
  readonly isEven?: boolean
  /** Bytes of each request's body, and of each answer's. */
  readonly bodies?: readonly [number, number]
  /** How it ends: all is answered, or somewhere within, or after an answer. */
  readonly ends: 'answered' | 'anywhere' | 'behind an answer'
}

export interface Windowed {
  readonly played: number
  /** Answers that were seen. */
  readonly answered: number
  readonly right: number
  readonly wrong: readonly string[]
}

interface Call {
  readonly atNs: number
  readonly from: 'client' | 'server'
  readonly n: number
  readonly unread: boolean
  readonly awake: boolean
  readonly part: 'all' | 'first' | 'last'
}

const MS = 1e6

export function playWindow(options: WindowPlay): Windowed {
  const draw = random(options.seed)
  const calls = cutEnd(callsOf(options, draw), options, draw)
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire({ role: options.atClient ? ROLE_CLIENT : ROLE_SERVER, before: 0 })
  const joined = Math.floor((0.05 + 0.2 * draw()) * calls.length)
  let ticked = wire.timeNs
  const joinedWith = calls[joined]?.n ?? 0
  calls.forEach(({ atNs, from, n, unread, awake, part }, i) => {
    for (; ticked + 50 * MS < atNs; ticked += 50 * MS) if (i > joined) streams.tick(ticked)
    wire.timeNs = atNs
    for (const bytes of piecesOf(options, from, n, part)) {
      const isBody = typeof bytes !== 'string'
      // Of a body the kernel tells no more than how long it is.
      const captured = isBody ? 0 : undefined
      const event = from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured)
      // The calls within a body come one behind the other, and its thread waits for none of them.
      if (i >= joined) streams.handle({ ...event, unread, awake: isBody || awake })
    }
  })
  end(streams, wire)
  const pairs = sink
    .rows('http_events')
    .filter(({ resp_status }) => resp_status !== 0)
    .map(({ req_path, resp_headers }) => [
      `${req_path}`.slice(1),
      (JSON.parse(`${resp_headers}`) as { Exchange: string }).Exchange,
    ])
  const wrong = pairs.filter(([asked, answered]) => asked !== answered)
  return {
    answered: calls.slice(joined).filter(({ from }) => from === 'server').length,
    played: (options.exchanges ?? 150) - joinedWith,
    right: pairs.length - wrong.length,
    wrong: wrong.map((pair) => `seed ${options.seed}: ${pair.join(' with the answer to ')}`),
  }
}

/** What a call moves: heads as text, and bodies in pieces. */
function piecesOf(
  { isEven, bodies = [0, 2] }: WindowPlay,
  from: Call['from'],
  n: number,
  part: Call['part'],
): (string | Uint8Array)[] {
  const number = isEven ? `${n}`.padStart(100, '0') : `${n}`
  const [asked, answered] = bodies.map((bytes) => (isEven || bytes <= 2 ? bytes : bytes + 997 * (n % 7)))
  if (from === 'server')
    return [
      `HTTP/1.1 200 OK\r\nExchange: ${number}\r\nContent-Length: ${answered}\r\n\r\n`,
      ...bodyOf(answered!),
    ]
  if (part === 'all' && asked === 0) return [`GET /${number} HTTP/1.1\r\nHost: h\r\n\r\n`]
  const length = asked || 4
  const head = `PUT /${number} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`
  if (part === 'all') return [head, ...bodyOf(length)]
  return part === 'first' ? [head] : bodyOf(length)
}

const PIECE = new Uint8Array(65536).fill(0x78)

function bodyOf(bytes: number): (string | Uint8Array)[] {
  if (bytes <= 4) return ['body'.slice(0, bytes)]
  return Array.from({ length: Math.ceil(bytes / PIECE.length) }, (_, i) =>
    PIECE.subarray(0, Math.min(PIECE.length, bytes - i * PIECE.length)),
  )
}

/** What one end moves, and when, by the clock of a machine that may stand still. */
function callsOf(options: WindowPlay, draw: () => number): Call[] {
  const { window, atClient, exchanges = 150, isBlocking = false, works, thinks, sends, travelMs } = options
  const halted = stallsOf(options, draw)
  const travel = travelMs * MS
  const asked: number[] = []
  const begins: number[] = []
  const begun: number[] = []
  const written: number[] = []
  const read: number[] = []
  let client = 1e9
  let server = 0
  for (let n = 0; n < exchanges; n++) {
    // The client asks when it has read the answer to the request that its window ends with, and thought.
    if (n >= window) {
      const answer = n - window
      const arrived = written[answer]! + travel
      read[answer] = halted(Math.max(arrived, isBlocking ? client : (read[answer - 1] ?? 0)) + 0.01 * MS)
      client = Math.max(client, read[answer]!)
      client = halted(client + thinks(draw) * MS)
    }
    client = halted(client + 0.01 * MS)
    begins[n] = client
    if (sends) client = halted(client + sends(draw) * MS)
    asked[n] = client
    begun[n] = halted(Math.max(client + travel, isBlocking ? server : 0) + 0.01 * MS)
    server = halted(Math.max(server, begun[n]!) + works(draw) * MS + 0.01 * MS)
    written[n] = server
  }
  for (let n = Math.max(0, exchanges - window); n < exchanges; n++)
    read[n] = halted(Math.max(written[n]! + travel, client, read[n - 1] ?? 0) + 0.01 * MS)
  const [requests, answers] = atClient ? [asked, read] : [begun, written]
  const waits = (fromNs: number, untilNs: number, atNs: number) => fromNs <= atNs && atNs < untilNs
  const calls: Call[] = []
  for (let n = 0; n < exchanges; n++) {
    const isAnswerUnread = written.some((at, i) => waits(at + travel, read[i]!, asked[n]!))
    const isRequestUnread = asked.some((at, i) => waits(at + travel, begun[i]!, written[n]!))
    const unread = atClient && isAnswerUnread
    if (sends) {
      const sentNs = requests[n]! - (asked[n]! - begins[n]!)
      // A server that does nothing else reads no request before it has answered the one before.
      const beginNs = atClient || !isBlocking ? sentNs : Math.max(sentNs, (written[n - 1] ?? 0) + 0.005 * MS)
      calls.push({ atNs: beginNs, from: 'client', n, unread, awake: false, part: 'first' })
    }
    const part = sends ? 'last' : 'all'
    calls.push({ atNs: requests[n]!, from: 'client', n, unread, awake: false, part })
    calls.push({
      atNs: answers[n]!,
      from: 'server',
      n,
      unread: !atClient && isRequestUnread,
      awake: false,
      part: 'all',
    })
  }
  calls.sort((a, b) => a.atNs - b.atNs)
  return calls.map((call, i) => ({ ...call, awake: i > 0 && isAwake(call, calls[i - 1]!, options, draw) }))
}

/** Whether the server's thread has not slept between two calls. */
function isAwake({ atNs, from }: Call, before: Call, options: WindowPlay, draw: () => number): boolean {
  const { atClient, isBlocking, goesMs } = options
  if (atClient) return false
  if (isBlocking && from === 'server') return goesMs > 0
  const apart = (atNs - before.atNs) / MS
  return isBlocking ? apart < 0.02 : apart < -goesMs * Math.log(1 - draw())
}

function cutEnd(calls: Call[], { ends }: WindowPlay, draw: () => number): Call[] {
  if (ends === 'answered') return calls
  let at = Math.floor((0.5 + 0.5 * draw()) * calls.length)
  if (ends === 'behind an answer') while (at > 1 && calls[at - 1]!.from !== 'server') at--
  return calls.slice(0, at)
}

/** When what would be done at a time is done. */
function stallsOf({ stalls }: WindowPlay, draw: () => number): (atNs: number) => number {
  if (!stalls) return (atNs) => atNs
  const begins: number[] = []
  let atNs = 1e9
  const next = () => {
    atNs += ((-Math.log(1 - draw()) / stalls.perSecond) * 1000 + stalls.ms) * MS
    begins.push(atNs)
  }
  return (wantedNs) => {
    while (atNs < wantedNs) next()
    const during = begins.findLast((begin) => begin <= wantedNs)
    return during !== undefined && wantedNs < during + stalls.ms * MS ? during + stalls.ms * MS : wantedNs
  }
}
