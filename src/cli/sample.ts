/** Every container of the sample workloads: a server, or a client that loads one. It speaks plain HTTP only. */

import { hostname } from 'node:os'
import { fetchDirect } from '../direct'
import { codeOf, messageOf, NixieError } from '../errors'
import type { Io } from './io'

const CALL_MS = 5000
const AGENT = 'nixie-sample'
/** Clients open a new connection now and then; otherwise one replica would get all requests. */
const REQUESTS_PER_CONNECTION = 8

interface Call {
  /** `200 OK` */
  readonly status: string
  readonly body: string
}

let calls = 0

async function call(url: string): Promise<Call> {
  const last = ++calls % REQUESTS_PER_CONNECTION === 0
  const headers = { 'User-Agent': AGENT, ...(last ? { Connection: 'close' } : {}) }
  const response = await fetchDirect(url, { headers, signal: AbortSignal.timeout(CALL_MS) })
  return { status: `${response.status} ${response.statusText}`.trim(), body: await response.text() }
}

const wordsOf = (cause: unknown): string => codeOf(cause) ?? messageOf(cause)

interface Behaviour {
  /** Addresses that each request asks in turn. */
  readonly calls: readonly string[]
  /** Share of requests that are answered with 503. */
  readonly fail: number
  /** Longest time that an answer waits, in ms. */
  readonly delayMs: number
}

/** `CALLS`, `FAIL` and `DELAY` (`20ms`) of the environment. @throws NixieError */
export function behaviourOf(env: Io['env']): Behaviour {
  const fail = Number(env.FAIL ?? 0)
  const delay = /^(\d+)ms$/.exec(env.DELAY ?? '0ms')?.[1]
  if (!(fail >= 0 && fail <= 1)) throw new NixieError('bad_request', `FAIL: '${env.FAIL}' is no share of 1`)
  if (delay === undefined) throw new NixieError('bad_request', `DELAY: '${env.DELAY}' is not like 20ms`)
  return { calls: (env.CALLS ?? '').split(/\s+/).filter(Boolean), fail, delayMs: Number(delay) }
}

async function answer(path: string, { calls, fail, delayMs }: Behaviour): Promise<Response> {
  if (delayMs > 0) await Bun.sleep(Math.random() * delayMs)
  const called: Record<string, string> = {}
  for (const url of calls) called[url] = await call(url).then(({ status }) => status, wordsOf)
  const failed = Object.values(called).some((status) => !status.startsWith('2'))
  const status = Math.random() < fail ? 503 : failed ? 502 : 200
  return Response.json({ host: hostname(), path, ...(calls.length > 0 ? { calls: called } : {}) }, { status })
}

/** Answers until it is ended. `address`: `:8080` */
export async function serveSample(address: string, { env, stderr }: Io): Promise<number> {
  const port = /^([\w.]*):(\d{1,5})$/.exec(address)
  if (!port) throw new NixieError('bad_request', `'${address}' is no address such as :8080`)
  const behaviour = behaviourOf(env)
  const server = Bun.serve({
    hostname: port[1] || '0.0.0.0',
    port: Number(port[2]),
    fetch: ({ url }) => {
      const { pathname } = new URL(url)
      return pathname === '/healthz' ? new Response('ok\n') : answer(pathname, behaviour)
    },
  })
  await stderr.write(`listens on ${server.url.host}\n`)
  await ended()
  await server.stop(true)
  return 0
}

/** As process 1 of a container it would not end by itself. */
const ended = () =>
  new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve())
  })

/** Asks the addresses in turn, `rate` times a second, until it is ended. */
export async function loadSample(rate: string, urls: readonly string[], { stderr }: Io): Promise<number> {
  const perSecond = Number(rate)
  if (!(perSecond > 0 && perSecond <= 1000))
    throw new NixieError('bad_request', `RATE: '${rate}' is no number above 0, up to 1000`)
  let over = false
  void ended().then(() => {
    over = true
  })
  let told = ''
  for (let i = 0; !over; i++) {
    const trouble = await call(urls[i % urls.length]!).then(() => '', wordsOf)
    if (trouble !== '' && trouble !== told) await stderr.write(`${trouble}\n`)
    told = trouble
    await Bun.sleep(1000 / perSecond)
  }
  return 0
}

/** Asks once and prints the answer. */
export async function getSample(url: string, { stdout }: Io): Promise<number> {
  try {
    const { status, body } = await call(url)
    await stdout.write(`${status}\n${body}`)
    return 0
  } catch (cause) {
    throw new NixieError('unavailable', `${url} does not answer: ${wordsOf(cause)}`)
  }
}
