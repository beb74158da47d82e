/** The app on a real port: what only a socket shows. */
import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { serve } from '../../src/api/serve'
import { NixieError } from '../../src/errors'
import { testApp } from '../support/app'
import { json } from '../support/json'
import { slowness } from '../support/pace'
import { until } from '../support/scope'

const { app, runner } = testApp()
const server = serve(app, '127.0.0.1:0')
afterAll(() => server.stop(100))

/** Sends bytes as they are and reads until the server closes. */
function exchange(text: string): Promise<string> {
  return new Promise((done, reject) => {
    let answer = ''
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (bytes) => {
      answer += bytes.toString()
    })
    socket.on('close', () => done(answer))
    socket.on('error', reject)
  })
}

test('answers where it says', async () => {
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

/** What the server says to `count` requests that are sent at once. */
const pipelined = (path: string, count: number) =>
  exchange(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(count))

describe('requests that come at once on one connection', () => {
  const answers = (text: string, status: number) => text.split(`HTTP/1.1 ${status} `).length - 1

  test('are refused beyond a few, with the one error, and the rest is not looked at', async () => {
    const text = await pipelined('/healthz', 2000)
    expect(answers(text, 200)).toBe(2)
    expect(answers(text, 429)).toBe(1)
    expect(text).toContain('"too_many_requests"')
  })

  test('of who is refused only the first is answered', async () => {
    const text = await exchange('GET /api/tables HTTP/1.1\r\nHost: evil.test\r\n\r\n'.repeat(3))
    expect(answers(text, 403)).toBe(1)
  })

  test('keep others waiting no longer than one would', async () => {
    let isOver = false
    const flood = Promise.all(
      Array.from({ length: 20 }, async () => {
        while (!isOver) await pipelined('/healthz', 5000).catch(() => {})
      }),
    )
    let longest = 0
    const busy = slowness()
    for (let asked = 0; asked < 20; asked++) {
      const before = performance.now()
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      longest = Math.max(longest, performance.now() - before)
    }
    isOver = true
    await flood
    expect(longest / Math.max(busy, slowness())).toBeLessThan(1000)
  })

  test('one after the other are as many as one likes', async () => {
    for (let i = 0; i < 200; i++) expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })
})

test('the Host header is what is checked, not the address', async () => {
  const answer = await exchange('GET /api/tables HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
  expect(answer).toStartWith('HTTP/1.1 403')
  expect(answer).toContain('"forbidden_host"')
})

test('HTTP/1.0 without a Host: probes are answered, all else is refused', async () => {
  const ask = (line: string) => exchange(`${line} HTTP/1.0\r\n\r\n`)
  expect(await ask('GET /healthz')).toStartWith('HTTP/1.1 200')
  expect(await ask('GET /readyz')).toStartWith('HTTP/1.1 200')
  for (const path of [
    '/',
    '/api/tables',
    '/api/tables?node=x',
    '//localhost/healthz',
    '/metrics',
    '/nothing',
  ]) {
    const answer = await ask(`GET ${path}`)
    expect(answer, path).toStartWith('HTTP/1.1 403')
    expect(answer, path).toContain('"forbidden_host"')
  }
  const written = await exchange('POST /api/query HTTP/1.0\r\nContent-Length: 9\r\n\r\nimport px')
  expect(written).toStartWith('HTTP/1.1 403')
})

test('a Host whose port is none is refused, whatever the path; probes are answered', async () => {
  for (const host of ['localhost:99999', '[::1]:65536', 'localhost:123456789']) {
    for (const path of ['/', '/api/tables', '/assets/x']) {
      const answer = await exchange(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(answer, `${host} ${path}`).toStartWith('HTTP/1.1 403')
      expect(answer).toContain(`Host '${host}' is not one`)
    }
    const probe = await exchange(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(probe).toStartWith('HTTP/1.1 200')
    expect(probe).toContain('"ready"')
  }
})

test('a Host that is none is shown as it came', async () => {
  for (const host of ['a b', '<junk>', 'localhost/evil', 'evil x.localhost']) {
    const answer = await exchange(`GET /api/tables HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(answer, host).toStartWith('HTTP/1.1 403')
    expect(answer, host).toContain(`Host '${host}' is not one`)
  }
  expect(await exchange('GET /api/tables HTTP/1.0\r\n\r\n')).toContain('The request names no host')
})

test('methods of proxies are refused in the one shape', async () => {
  const line = 'HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
  for (const start of ['CONNECT localhost:443', 'CONNECT evil.test:443', 'TRACE /api/tables']) {
    const answer = await exchange(`${start} ${line}`)
    expect(answer, start).toStartWith('HTTP/1.1 405')
    expect(answer, start).toContain('"method_not_allowed"')
  }
})

test('HEAD gives the headers alone', async () => {
  const answer = await exchange(
    'HEAD /api/run/px/http_data HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  )
  expect(answer).toStartWith('HTTP/1.1 200')
  expect(answer).toEndWith('\r\n\r\n')
})

test('a body over 1 MiB is refused in the one shape, chunked or not', async () => {
  const large = 'x'.repeat((1 << 20) + 1)
  const whole = await fetch(`${server.url}/api/query`, { method: 'POST', body: large })
  expect(whole.status).toBe(413)
  expect((await json(whole)).error.code).toBe('too_large')
  const pieces = await fetch(`${server.url}/api/query`, { method: 'POST', body: new Blob([large]).stream() })
  expect(pieces.status).toBe(413)
  expect((await json(pieces)).error.code).toBe('too_large')
})

describe('a client that goes away', () => {
  for (const [name, path, init] of [
    ['GET', '/api/run/px/http_data', {}],
    ['POST', '/api/query', { method: 'POST', body: 'import px' }],
    ['POST in pieces', '/api/query', { method: 'POST', body: new Blob(['import px']).stream() }],
  ] as [string, string, RequestInit][]) {
    test(`cancels its query: ${name}`, async () => {
      const hold = Promise.withResolvers<void>()
      runner.wait = hold.promise
      const before = runner.signals.length
      const leave = new AbortController()
      const answer = fetch(`${server.url}${path}`, { ...init, signal: leave.signal }).catch(() => 'left')
      await until('the query begins', () => runner.signals.length > before)
      const signal = runner.signals.at(-1)!
      expect(signal.aborted).toBe(false)
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      leave.abort()
      await aborted
      expect(await answer).toBe('left')
      runner.wait = undefined
      hold.resolve()
    })
  }
})

test('a taken port is named, with another to choose', () => {
  const taken = () => serve(app, `127.0.0.1:${server.port}`)
  expect(taken).toThrow(NixieError)
  try {
    taken()
  } catch (cause) {
    const { code, message, hint } = (cause as NixieError).shape
    expect(code).toBe('unavailable')
    expect(message).toContain(`Port ${server.port} is taken: process ${process.pid}: `)
    expect(hint).toContain('--listen 127.0.0.1:')
  }
})

test('a port taken by another process is named', async () => {
  // It listens as Nixie does, and would share its port with one that does so too.
  const script = `import { serve } from ${JSON.stringify(resolve(import.meta.dir, '../../src/api/serve'))}
    console.log(serve({ fetch: () => new Response('') }, '127.0.0.1:0').port)`
  const other = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
  try {
    const { value } = await other.stdout.getReader().read()
    const port = Number(new TextDecoder().decode(value))
    expect(() => serve(app, `127.0.0.1:${port}`)).toThrow(`Port ${port} is taken`)
  } finally {
    other.kill()
    await other.exited
  }
})

test('an address that is not ours is named', () => {
  expect(() => serve(app, '192.0.2.1:6494')).toThrow('no address 192.0.2.1')
})

test('IPv6 stands in brackets', async () => {
  const six = serve(app, '[::1]:0')
  expect(six.url).toBe(`http://[::1]:${six.port}`)
  expect((await fetch(`${six.url}/api/tables`)).status).toBe(200)
  await six.stop(100)
})

test('stop lets a running request end, and ends one that does not', async () => {
  const answering = (came: () => void, response: Promise<Response>) => ({
    fetch: () => {
      came()
      return response
    },
  })
  const [came, done] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()]
  const own = serve(answering(came.resolve, done.promise), '127.0.0.1:0')
  const answer = fetch(own.url).then((response) => response.text())
  await came.promise
  const stopped = own.stop()
  done.resolve(new Response('done'))
  await stopped
  expect(await answer).toBe('done')
  const begun = Promise.withResolvers<void>()
  const stuck = serve(answering(begun.resolve, new Promise(() => {})), '127.0.0.1:0')
  const never = fetch(stuck.url).catch(() => 'closed')
  await begun.promise
  await stuck.stop(50)
  expect(await never).toBe('closed')
})
