/** The containers of the samples: what they answer, what they call, how they load. */
import { expect, test } from 'bun:test'
import { behaviourOf, getSample } from '../../src/cli/sample'
import { freePort, until } from '../support/scope'
import { runCli } from './run-cli'

async function withServer<T>(env: Record<string, string>, ask: (url: string) => Promise<T>): Promise<T> {
  const port = await freePort()
  const child = Bun.spawn([process.execPath, 'src/main.ts', 'sample', 'serve', `127.0.0.1:${port}`], {
    env: { ...process.env, ...env },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  try {
    await until('it answers', () =>
      fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    return await ask(url)
  } finally {
    child.kill()
    expect(await child.exited).toBe(0)
  }
}

test('a server says who it is and what it called; one that calls what fails fails itself', async () => {
  await withServer({ CALLS: '' }, async (leaf) => {
    expect(await (await fetch(`${leaf}/env?x=1`)).json()).toMatchObject({ path: '/env' })
    await withServer({ CALLS: `${leaf}/pay` }, async (front) => {
      const response = await fetch(front)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ path: '/', calls: { [`${leaf}/pay`]: '200 OK' } })
    })
  })
  await withServer({ CALLS: 'http://127.0.0.1:1/x', FAIL: '0' }, async (front) => {
    expect((await fetch(front)).status).toBe(502)
  })
  await withServer({ FAIL: '1' }, async (front) => {
    expect((await fetch(front)).status).toBe(503)
    expect((await fetch(`${front}/healthz`)).status).toBe(200)
  })
})

test('a client asks in turn, over connections that it renews', async () => {
  const paths: string[] = []
  const connections = new Set<number>()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, { requestIP }) => {
      paths.push(new URL(request.url).pathname)
      connections.add(requestIP.call(server, request)!.port)
      return new Response('ok')
    },
  })
  const url = `http://127.0.0.1:${server.port}`
  const child = Bun.spawn(
    [process.execPath, 'src/main.ts', 'sample', 'load', '500', `${url}/a`, `${url}/b`],
    {
      stdout: 'ignore',
      stderr: 'ignore',
    },
  )
  try {
    await until('many requests', () => paths.length >= 40)
  } finally {
    child.kill()
    await child.exited
    server.stop(true)
  }
  expect(paths.slice(0, 4)).toEqual(['/a', '/b', '/a', '/b'])
  expect(connections.size).toBeGreaterThan(1)
  expect(connections.size).toBeLessThan(paths.length / 2)
})

test('one request, and one that nobody answers', async () => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('hello\n') })
  const { code, out } = await runCli(['sample', 'get', server.url.href])
  server.stop(true)
  expect({ code, out }).toEqual({ code: 0, out: '200 OK\nhello\n' })
  await expect(getSample('http://127.0.0.1:1/', {} as never)).rejects.toThrow('does not answer')
})

test('settings that are none are said', () => {
  expect(behaviourOf({})).toEqual({ calls: [], fail: 0, delayMs: 0 })
  expect(behaviourOf({ CALLS: 'http://a  http://b', FAIL: '0.05', DELAY: '20ms' })).toEqual({
    calls: ['http://a', 'http://b'],
    fail: 0.05,
    delayMs: 20,
  })
  expect(() => behaviourOf({ FAIL: '2' })).toThrow('no share of 1')
  expect(() => behaviourOf({ DELAY: '1s' })).toThrow('not like 20ms')
})
