/** Seeded, realistic HTTP records: a dozen services, path templates with ids, JSON headers and bodies. */
import { httpEvents } from '../../src/protocols/lib/http/table'
import type { RecordOf } from '../../src/records/table'

export type HttpEvent = RecordOf<typeof httpEvents>
export { httpEvents }

/** mulberry32: small, seeded, good enough for test data. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const SERVICES = ['cart', 'orders', 'catalog', 'users', 'payments', 'search', 'mail', 'stock', 'auth', 'web']
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0',
  'Go-http-client/1.1',
  'python-requests/2.32.3',
  'okhttp/4.12.0',
]
const WORDS =
  'amber birch cedar delta ember frost grove haven inlet joker karma lemon maple noble ocean pearl'.split(' ')
const PATHS = ['', '/items', '/history', '/summary', '/price', '/related']
const STATUS: readonly [number, string][] = [
  [200, 'OK'],
  [201, 'Created'],
  [204, 'No Content'],
  [304, 'Not Modified'],
  [400, 'Bad Request'],
  [404, 'Not Found'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
]

/** The next `count` records: unlike `Iterator.take`, it leaves the rest for the next call. */
export function takeRecords(records: Generator<HttpEvent>, count: number): HttpEvent[] {
  const taken: HttpEvent[] = []
  while (taken.length < count) {
    const step = records.next()
    if (step.done) break
    taken.push(step.value)
  }
  return taken
}

/** `count` records, `perSecond` of them each second; times are nanoseconds since the first. */
export function* httpRecords(count: number, perSecond: number, seed = 1): Generator<HttpEvent> {
  const next = random(seed)
  const below = (n: number) => Math.floor(next() * n)
  /** Few are asked for often, most seldom. */
  const skewed = (n: number) => Math.floor(n * next() ** 3)
  const clients = Array.from({ length: 64 }, () => `10.244.${below(8)}.${1 + below(250)}`)
  const step = 1e9 / perSecond
  let time = 0
  for (let i = 0; i < count; i++) {
    time += Math.floor(next() * 2 * step)
    const s = skewed(SERVICES.length)
    const service = SERVICES[s]!
    const id = 1000 + skewed(60)
    const part = skewed(PATHS.length)
    const path = `/api/v1/${service}/${id}${PATHS[part]}`
    const post = next() < 0.2
    const [status, message] = STATUS[next() < 0.9 ? below(2) * (post ? 1 : 0) : below(STATUS.length)]!
    const requestBody = post
      ? JSON.stringify({
          id,
          user: `user-${below(100_000)}`,
          note: `${word()} ${word()}`,
          amount: below(100_000) / 100,
        })
      : ''
    const body = status === 204 || status === 304 ? '' : responseBody(status, message, id)
    yield {
      time_: time,
      upid: `0:${4000 + s * 17 + below(3)}:${812_000 + s * 991}`,
      remote_addr: clients[skewed(clients.length)]!,
      remote_port: 32_768 + below(28_000),
      local_addr: `10.244.1.${10 + s}`,
      local_port: 8080 + (s % 3),
      trace_role: 2,
      encrypted: s === 4,
      major_version: 1,
      minor_version: 1,
      content_type: 1,
      req_headers: JSON.stringify({
        Host: `${service}.shop.svc.cluster.local:8080`,
        'User-Agent': AGENTS[skewed(AGENTS.length)],
        Accept: 'application/json',
        ...(next() < 0.1 ? { 'X-Request-Id': hex(16) } : {}),
      }),
      req_method: post ? 'POST' : 'GET',
      req_path: part === 1 && next() < 0.3 ? `${path}?page=${below(5)}` : path,
      req_body: requestBody,
      req_body_size: requestBody.length,
      resp_headers: JSON.stringify({
        Server: 'nginx/1.26.0',
        Date: new Date(1_767_225_600_000 + Math.floor(time / 1e6)).toUTCString(),
        'Content-Type': 'application/json',
        'Content-Length': String(body.length),
      }),
      resp_status: status,
      resp_message: message,
      resp_body: body,
      resp_body_size: body.length,
      latency: Math.floor(200_000 * (1 + s) * -Math.log(1 - next()) + 50_000),
      outcome: 'complete',
      req_messages: 0,
      resp_messages: 0,
      remote_upid: '',
      req_facts: '',
      resp_facts: '',
      first_body_latency: -1,
    }
  }

  function word(): string {
    return WORDS[skewed(WORDS.length)]!
  }

  function hex(digits: number): string {
    let text = ''
    while (text.length < digits)
      text += below(2 ** 32)
        .toString(16)
        .padStart(8, '0')
    return text.slice(0, digits)
  }

  function responseBody(status: number, message: string, id: number): string {
    if (status >= 400) return JSON.stringify({ error: message, detail: `${word()} ${id} is not ${word()}` })
    return JSON.stringify({
      id,
      name: `${word()} ${word()}`,
      price: below(20_000) / 100,
      stock: below(500),
      tags: [word(), word()],
    })
  }
}
