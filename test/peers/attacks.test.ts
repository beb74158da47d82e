/** Who stands between the nodes, pretends to be one, or asks through one: what it gets, and what it costs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { Hono } from 'hono'
import { peerGuard } from '../../src/api/peer-guard'
import { NixieError } from '../../src/errors'
import { askPeer } from '../../src/peers/ask'
import { MOST_BYTES, openBody } from '../../src/peers/body-proof'
import { peerAt } from '../../src/peers/peer'
import { prove, Verifier, WINDOW_MS } from '../../src/peers/proof'
import { asClient, currentClient } from '../../src/runner/asker'
import { cpuMs } from '../support/cpu-time'
import { freePort, Scope, until } from '../support/scope'

const KEY = 'shared'
const scope = new Scope('attacks')
afterAll(() => scope.close())

const question = (target = '/x') => ({
  method: 'GET',
  target,
  headers: new Headers(),
  body: new Uint8Array(),
})
const codeOf = async (asked: Promise<unknown>) => {
  const cause = await asked.then(
    () => undefined,
    (thrown) => thrown,
  )
  return cause instanceof NixieError ? cause.shape.code : String(cause)
}

/** Something else has the address of node b. */
async function impostor(answer: (request: Request) => Response | Promise<Response>) {
  const port = await freePort()
  const server = Bun.serve({ port, hostname: '127.0.0.1', fetch: answer })
  scope.defer(() => server.stop(true))
  return { name: 'b', namespace: 'nixie', token: KEY, url: `http://127.0.0.1:${port}` }
}

describe('who pretends to be a node', () => {
  test('and never stops talking is left at once', async () => {
    let left = false
    const way = await impostor(
      () =>
        new Response(
          new ReadableStream({
            pull: (out) => out.enqueue(new Uint8Array(1 << 16)),
            cancel: () => {
              left = true
            },
          }),
          { headers: { 'nixie-peer': 'x'.repeat(43) } },
        ),
    )
    expect(await codeOf(askPeer(way, question(), new AbortController().signal))).toBe('unavailable')
    await until('it is left', () => left, 5000)
  })

  test('and says nothing is given up', async () => {
    const way = await impostor(() => new Promise<Response>(() => {}))
    const asked = askPeer(way, question(), new AbortController().signal, 200)
    const cause = await asked.catch((thrown) => thrown)
    expect(cause.message).toContain('does not answer (no answer within 0.2 s)')
  })

  test('and leads elsewhere is not followed', async () => {
    let followed = false
    const other = await impostor(() => {
      followed = true
      return new Response()
    })
    const way = await impostor(() => Response.redirect(`${other.url}/y`))
    expect(await codeOf(askPeer(way, question(), new AbortController().signal))).toBe('unavailable')
    expect(followed).toBe(false)
  })
})

test('a frame in the smallest pieces takes time by its length only; a longer one is refused at its head', async () => {
  const nonce = 'n'.repeat(22)
  const frame = (bytes: Uint8Array, index: number) => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(bytes.length)
    const mac = createHmac('sha256', KEY).update(`body:${nonce}:${index}:`).update(bytes).digest()
    return Buffer.concat([head, mac, bytes])
  }
  const whole = Buffer.concat([frame(new Uint8Array(MOST_BYTES), 0), frame(new Uint8Array(0), 1)])
  const pieces = new ReadableStream<Uint8Array>({
    start(out) {
      for (let at = 0; at < whole.length; at++) out.enqueue(whole.subarray(at, at + 1))
      out.close()
    },
  })
  const before = process.cpuUsage()
  const said = await new Response(openBody(pieces, KEY, nonce, 'b')).bytes()
  const { user, system } = process.cpuUsage(before)
  expect(said.length).toBe(MOST_BYTES)
  // The square of the length is 2 GB of copies.
  expect((user + system) / 1000).toBeLessThan(700)

  const head = Buffer.alloc(36)
  head.writeUInt32BE(MOST_BYTES + 1)
  const endless = new ReadableStream<Uint8Array>({ start: (out) => out.enqueue(head) })
  expect(await codeOf(new Response(openBody(endless, KEY, nonce, 'b')).bytes())).toBe('unavailable')
})

describe('proofs', () => {
  const at = (nowMs: number) => {
    let now = nowMs
    const verifier = new Verifier(KEY, 'b', () => now)
    return { verifier, pass: (ms: number) => (now += ms) }
  }
  const refusal = (act: () => unknown) => {
    try {
      act()
      return ''
    } catch (cause) {
      return (cause as NixieError).message
    }
  }
  const header = (nowMs: number) => prove(KEY, { ...question(), to: 'b' }, nowMs).header

  test('of clocks that differ by as much as they may, in both directions, and by more', () => {
    const { verifier, pass } = at(1e12)
    pass(2 * WINDOW_MS)
    const now = 1e12 + 2 * WINDOW_MS
    for (const skew of [-WINDOW_MS, 0, WINDOW_MS])
      expect(
        refusal(() => verifier.check(header(now + skew), question())),
        `${skew}`,
      ).toBe('')
    for (const skew of [-WINDOW_MS - 1, WINDOW_MS + 1])
      expect(refusal(() => verifier.check(header(now + skew), question()))).toContain(
        'too old or from the future',
      )
  })

  test('are good once, as long as their time is, also those from the future', () => {
    const { verifier, pass } = at(1e12)
    const ahead = header(1e12 + WINDOW_MS)
    verifier.check(ahead, question())
    for (const ms of [1, WINDOW_MS, WINDOW_MS - 1]) {
      pass(ms)
      expect(refusal(() => verifier.check(ahead, question()))).toContain('used before')
    }
    pass(1)
    expect(refusal(() => verifier.check(ahead, question()))).toContain('too old')
  })

  test('from before this process began are worth nothing: it does not know whether they were used', () => {
    const { verifier } = at(1e12)
    expect(refusal(() => verifier.check(header(1e12 - 1), question()))).toContain('too old')
  })

  test('that are none are refused before anything is remembered or computed', () => {
    const { verifier } = at(1e12)
    const good = header(1e12)
    const ms = cpuMs(() => {
      for (let i = 0; i < 2000; i++)
        for (const bad of ['', 'v2', `${good} `, good.replace('v2', 'v1'), `v2 ${'9'.repeat(4000)}`])
          expect(refusal(() => verifier.check(bad, question()))).toContain('Only other nodes')
    })
    expect(ms).toBeLessThan(1000)
    expect(
      refusal(() => verifier.check(good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A'), question())),
    ).not.toBe('')
    expect(refusal(() => verifier.check(good, question()))).toBe('')
  })

  test('of a node that asks without end fill a bounded memory, and are let in again later', () => {
    const { verifier, pass } = at(1e12)
    let asked = 0
    const ask = () => refusal(() => verifier.check(header(1e12), question()))
    while (ask() === '') if (++asked > 60_000) throw new Error('unbounded')
    expect(asked).toBe(50_000)
    expect(ask()).toContain('Too many questions of other nodes')
    pass(2 * WINDOW_MS)
    expect(refusal(() => verifier.check(header(1e12 + 2 * WINDOW_MS), question()))).toBe('')
  }, 20_000)
})

describe('who asks through a node', () => {
  const seen: { headers: Record<string, string>; client: string }[] = []
  let way: Awaited<ReturnType<typeof impostor>>

  beforeAll(async () => {
    const app = new Hono()
    app.use(peerGuard(KEY, 'b'))
    app.all('*', (c) => {
      seen.push({ headers: Object.fromEntries(c.req.raw.headers), client: currentClient() })
      return c.text('said')
    })
    way = await impostor((request) => app.fetch(request))
  })

  const passAs = async (client: string, headers: Record<string, string> = {}) => {
    const peer = peerAt(way, new AbortController().signal)
    const answer = await asClient(client, () =>
      peer.pass(new Request('http://127.0.0.1/api/tables', { headers })),
    )
    expect(await answer.text()).toBe('said')
    return seen.at(-1)!
  }

  test('has a share of its own at the other one, and can not take that of another', async () => {
    const [bob, amy, again] = [
      await passAs('user 1000'),
      await passAs('user 1001'),
      await passAs('user 1000'),
    ]
    expect(bob.client).toMatch(/^another node [\w-]{16}$/)
    expect(amy.client).not.toBe(bob.client)
    expect(again.client).toBe(bob.client)
    const forged = await passAs('user 1001', { 'nixie-client': bob.headers['nixie-client']! })
    expect(forged.client).toBe(amy.client)
    expect(JSON.stringify(seen)).not.toContain('1000')
  })

  test('passes on no header that is not listed, and one that is added on the way is not seen', async () => {
    const before = await passAs('user 1', { cookie: 'a=b', authorization: 'Bearer x', accept: 'text/csv' })
    expect(Object.keys(before.headers).sort()).toEqual(['accept', 'nixie-client'])
    const { header } = prove(KEY, {
      ...question('/api/tables'),
      headers: new Headers({ accept: '*/*' }),
      to: 'b',
    })
    const added = {
      'nixie-peer': header,
      accept: '*/*',
      'if-none-match': '*',
      'x-forwarded-for': '10.0.0.1',
      range: 'bytes=0-0',
    }
    expect((await fetch(`${way.url}/api/tables`, { headers: added })).status).toBe(200)
    expect(Object.keys(seen.at(-1)!.headers)).toEqual(['accept'])
  })

  test('who gives another client’s word on the way breaks the proof', async () => {
    const { header } = prove(KEY, {
      ...question('/api/tables'),
      headers: new Headers({ accept: '*/*' }),
      to: 'b',
    })
    const headers = { 'nixie-peer': header, accept: '*/*', 'nixie-client': 'x' }
    const refused = await fetch(`${way.url}/api/tables`, { headers }).then(({ status }) => status)
    expect(refused).toBeGreaterThanOrEqual(400)
    expect(seen.at(-1)!.headers['nixie-client']).toBeUndefined()
  })
})
