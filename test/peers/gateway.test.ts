/** Two nodes in one process: what is asked of one with `node=` comes from the other. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { type ApiDeps, createApp, createPeerApp } from '../../src/api/app'
import { peerGuard } from '../../src/api/peer-guard'
import { serve } from '../../src/api/serve'
import type { ErrorShape } from '../../src/errors'
import { askPeer, CHECK_PATH } from '../../src/peers/ask'
import type { Peers } from '../../src/peers/peers'
import { assetRoutes, renderError, ui } from '../../ui'
import { apiDeps, strict } from '../support/app'
import { askProven } from '../support/peer'
import { HTTP_DATA, RecordingRunner } from '../support/recording-runner'
import { freePort, Scope } from '../support/scope'

const NODE_SCRIPT = {
  ...HTTP_DATA,
  name: 'px/node',
  variables: [{ name: 'node', type: 'PX_NODE', defaultValue: '', description: 'The node' }],
}

class NodeRunner extends RecordingRunner {
  override scripts() {
    return Promise.resolve([HTTP_DATA, NODE_SCRIPT])
  }
}

let scope: Scope
let front: Hono
let other: NodeRunner
let own: NodeRunner
let peerListen: string
let deps: ApiDeps

const peers = (me: string): Peers => ({
  namespace: 'nixie',
  nodes: [
    { name: 'a', address: '127.0.0.1', own: me === 'a' },
    { name: 'b', address: '127.0.0.1', own: me === 'b' },
    { name: 'bare', address: '', own: false },
  ],
})

const nodeDeps = (me: string, runner: NodeRunner): ApiDeps => {
  const base = apiDeps({ peerListen, nodeName: me })
  const status = async () => ({ ...(await base.status()), host: me })
  return {
    ...base,
    runner,
    status,
    peers: () => peers(me),
    peerToken: 'shared',
    ui: ui({ runner, status, nodes: () => peers(me).nodes }),
    renderError,
  }
}

beforeAll(async () => {
  scope = new Scope('gateway')
  peerListen = `127.0.0.1:${await freePort()}`
  other = new NodeRunner()
  own = new NodeRunner()
  const back = serve(createPeerApp(nodeDeps('b', other)), peerListen)
  scope.defer(() => back.stop(0))
  deps = nodeDeps('a', own)
  front = createApp(deps)
})
afterAll(() => scope.close())

/** Node a beside another node b; what node b answers to its probe, `app` need not. */
async function beside(app: Hono): Promise<Hono> {
  const listen = `127.0.0.1:${await freePort()}`
  const back = serve(
    app.get(CHECK_PATH, (c) => c.body(null, 204)),
    listen,
  )
  scope.defer(() => back.stop(0))
  return createApp({ ...deps, config: { ...deps.config, peerListen: listen } })
}

const get = (path: string, headers: Record<string, string> = {}, app = front) =>
  app.request(path, { headers: { host: '127.0.0.1', ...headers } })

const errorOf = async (response: Response) => ((await response.json()) as { error: ErrorShape }).error

const hostAt = async (path: string) => ((await (await get(path)).json()) as { host: string }).host

test('what is changed on the way between the nodes is an error', async () => {
  let shift = 0
  const between = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const answer = await fetch(`http://${peerListen}${pathname}`, { headers: request.headers })
      const body = new Uint8Array(await answer.arrayBuffer())
      body[body.length >> 1]! ^= shift
      return new Response(body, answer)
    },
  })
  scope.defer(() => between.stop(true))
  const way = { name: 'b', namespace: 'nixie', url: between.url.origin, token: 'shared' }
  const ask = async () => {
    const question = { method: 'GET', target: '/api/status', headers: new Headers(), body: new Uint8Array() }
    return (await askPeer(way, question, AbortSignal.timeout(3000))).text()
  }
  expect(JSON.parse(await ask())).toMatchObject({ host: 'b' })
  shift = 1
  expect(ask()).rejects.toThrow("What came from node 'b'")
})

describe('API calls', () => {
  test('go to the node that is named; without a name, or with the own one, they stay', async () => {
    expect(await hostAt('/api/status?node=b')).toBe('b')
    expect(await hostAt('/api/status?node=a')).toBe('a')
    expect(await hostAt('/api/status?node=')).toBe('a')
    expect(await hostAt('/api/status')).toBe('a')
  })

  test('keep their arguments and their form', async () => {
    other.asked.length = 0
    const path = '/api/run/px/http_data?start_time=-1m&destination_filter=a%20b&node=b&format=ndjson'
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('ndjson')
    expect((await response.text()).split('\n').length).toBeGreaterThan(3)
    expect(other.asked.at(-1)).toMatchObject({
      script: 'px/http_data',
      args: { start_time: '-1m', destination_filter: 'a b' },
    })
    expect(own.asked).toEqual([])
  })

  test('carry a body', async () => {
    const text = 'import px\n'
    const response = await front.request('/api/query?node=b', {
      method: 'POST',
      body: text,
      headers: { host: '127.0.0.1', origin: 'http://127.0.0.1' },
    })
    expect(response.status).toBe(200)
    expect(other.asked.at(-1)).toMatchObject({ text })
  })

  test('errors come as the other node says them', async () => {
    const response = await get('/api/scripts/px/nothing?node=b')
    expect(response.status).toBe(404)
    expect((await errorOf(response)).code).toBe('unknown_script')
  })

  test("an argument `node` of a script's own is both", async () => {
    await get('/api/run/px/node?node=b')
    expect(other.asked.at(-1)).toMatchObject({ args: { node: 'b' } })
    await get('/api/run/px/node?node=a')
    expect(own.asked.at(-1)).toMatchObject({ args: { node: 'a' } })
    await get('/api/run/px/node?node=past')
    expect(own.asked.at(-1)).toMatchObject({ args: { node: 'past' } })
  })

  test('are streamed: the first bytes come while the rest is not there yet', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = new Hono().use(peerGuard('shared', 'b')).get('/api/tables', (c) => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode('first\n'))
          await held
          controller.enqueue(new TextEncoder().encode('last\n'))
          controller.close()
        },
      })
      return c.body(body, 200, { 'X-Own': '1', 'Set-Cookie': 'a=1' })
    })
    const response = await get('/api/tables?node=b', {}, await beside(slow))
    expect(response.headers.get('x-own')).toBeNull()
    expect(response.headers.get('set-cookie')).toBeNull()
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('first\n')
    release()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('last\n')
  })
})

describe('what is in the way is said', () => {
  test('an unknown node', async () => {
    const response = await get('/api/status?node=c')
    expect(response.status).toBe(404)
    const { message, hint } = await errorOf(response)
    expect(message).toBe("There is no node 'c'")
    expect(hint).toContain('a, b, bare')
  })

  test('a node without Nixie, in a page as a fragment', async () => {
    const response = await get('/scripts/px/http_data/result?node=bare', { 'hx-request': 'true' })
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(text).toContain('No Nixie runs on node')
    expect(text).toContain('kubectl get pods -o wide -n nixie')
  })

  test('no token', async () => {
    const { peerToken: _, ...without } = deps
    const response = await get('/api/status?node=b', {}, createApp(without))
    expect(response.status).toBe(503)
    expect((await errorOf(response)).hint).toContain('--peer-token-file')
  })

  test('another token', async () => {
    const response = await get('/api/status?node=b', {}, createApp({ ...deps, peerToken: 'old' }))
    expect(response.status).toBe(503)
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect((await errorOf(response)).message).toContain("refuses this node's token")
  })

  test('nobody there', async () => {
    const config = { ...deps.config, peerListen: `127.0.0.1:${await freePort()}` }
    const { code, message } = await errorOf(
      await get('/api/status?node=b', {}, createApp({ ...deps, config })),
    )
    expect(code).toBe('unavailable')
    expect(message).toContain("Nixie of node 'b' does not answer")
  })

  test('two nodes at once', async () => {
    expect((await get('/api/status?node=a&node=b')).status).toBe(400)
    expect((await get('/api/status?node=b&node=b')).status).toBe(200)
  })
})

test('what came from another node is passed on to none', async () => {
  const back = createPeerApp(nodeDeps('b', other))
  const { answer } = await askProven(back, 'shared', { path: '/api/status?node=a', to: 'b' })
  expect(answer.status).toBe(400)
  expect((await errorOf(answer)).message).toContain("not the Nixie of node 'a'")
})

test('who is not of the cluster is told nothing, and is not believed', async () => {
  const seen: Headers[] = []
  const impostor = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ headers }) => {
      seen.push(new Headers(headers))
      return Response.json({ host: 'impostor' }, { headers: { 'Nixie-Peer': 'x'.repeat(43) } })
    },
  })
  scope.defer(() => impostor.stop(true))
  const config = { ...deps.config, peerListen: `127.0.0.1:${impostor.port}` }
  const app = createApp({ ...deps, config, access: strict('mine'), token: 'mine' })
  const sent = { authorization: 'Bearer mine', cookie: 'a=1', origin: 'http://127.0.0.1' }
  const response = await get('/api/status?node=b', sent, app)
  expect(response.status).toBe(503)
  expect((await errorOf(response)).message).toContain('does not prove')
  // No more than the probe: the question itself is for nodes of the cluster.
  expect(seen).toHaveLength(1)
  expect([...seen[0]!.keys()].sort()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'nixie-peer',
    'user-agent',
  ])
  expect([...seen[0]!.values()].join(' ')).not.toMatch(/mine|shared/)
})

test('of a request only what the other node needs is passed on', async () => {
  let seen = new Headers()
  const seeing = new Hono().use(peerGuard('shared', 'b')).get('/api/tables', (c) => {
    seen = new Headers(c.req.raw.headers)
    return c.text('')
  })
  const app = await beside(seeing)
  const sent = {
    authorization: 'Bearer mine',
    cookie: 'a=1',
    'x-forwarded-for': '1.2.3.4',
    accept: 'text/csv',
  }
  expect((await get('/api/tables?node=b', sent, app)).status).toBe(200)
  expect(seen.get('accept')).toBe('text/csv')
  for (const name of ['authorization', 'cookie', 'x-forwarded-for']) expect(seen.get(name)).toBeNull()
})

test('what everyone may ask is never passed on', async () => {
  const asked: string[] = []
  const back = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      asked.push(url)
      return new Response('{}')
    },
  })
  scope.defer(() => back.stop(true))
  const config = { ...deps.config, peerListen: `127.0.0.1:${back.port}` }
  const app = createApp({ ...deps, config, access: strict('mine'), token: 'mine', assets: assetRoutes() })
  for (const path of ['/healthz', '/readyz', '/enter', '/assets/x', '/api/status', '/'])
    await get(`${path}?node=b`, {}, app)
  expect(asked).toEqual([])
})

describe('pages', () => {
  const pageOf = async (path: string) => (await get(path, { accept: 'text/html' })).text()

  test.each([
    '/?node=b',
    '/scripts?node=b',
    '/scripts/px/http_data?node=b',
    '/scripts/px/http_data?start_time=-1h&node=b',
    '/scripts/px/nothing?node=b',
    '/query?node=b',
    '/query?text=import%20px&node=b',
    '/tables?node=b',
    '/tables/http_events?node=b',
    '/health?node=b',
    '/nothing?node=b',
  ])('%s keeps its links and forms on the node, and assets here', async (path) => {
    const text = await pageOf(path)
    const rest = text.replace(/<details id="nodes" class="nodes"[^>]*>.*?<\/details>/s, '')
    const forms = [...rest.matchAll(/<form [^>]*>(?:<input type="hidden" name="node" value="b"\/>)?/g)].map(
      String,
    )
    expect(forms.length).toBeGreaterThan(0)
    expect(forms.filter((form) => !form.endsWith('value="b"/>'))).toEqual([])
    // A form that is sent by GET takes the node from its field.
    const links = rest.replace(/<form [^>]*>/g, (form) => form.replace(/ hx-get="[^"]*"/, ''))
    const paths = [...links.matchAll(/(?:href|hx-get|hx-post|data-download)="(\/[^"]*)"/g)].map(
      ([, link]) => link!,
    )
    const own = paths.filter((link) => !link.startsWith('/assets/'))
    expect(own).toContain('/?node=b')
    expect(own.filter((link) => !/[?;]node=b/.test(link))).toEqual([])
    expect(text).toMatch(/href="\/assets\/[^"?]*"/)
  })

  test("are rendered here, of what the other node's API answers", async () => {
    other.asked.length = 0
    own.asked.length = 0
    expect(await pageOf('/health?node=b')).toContain(' on b, Linux')
    expect(await pageOf('/scripts/px/http_data?start_time=-1h&node=b')).toContain('alert(1)&lt;/script&gt;')
    expect(other.asked).toMatchObject([{ script: 'px/http_data', args: { start_time: '-1h' }, links: true }])
    expect(own.asked).toEqual([])
    const back = createPeerApp(nodeDeps('b', other))
    const { answer } = await askProven(back, 'shared', { path: '/scripts', to: 'b' })
    expect(answer.status).toBe(404)
  })

  test('a form that asks for the node itself gets no second field', async () => {
    const text = await pageOf('/scripts/px/node?node=b')
    const form = /<form id="args".*?<\/form>/s.exec(text)![0]
    expect(form).not.toContain('type="hidden" name="node"')
  })

  test('a view enters the history with its node, and only once', async () => {
    const path = '/scripts/px/http_data/result?node=b&start_time=-1m'
    const ask = (shown: string) => get(path, { 'hx-request': 'true', 'hx-current-url': shown })
    const first = await ask('http://127.0.0.1/scripts/px/http_data?node=b')
    const url = first.headers.get('hx-push-url')!
    expect(url).toContain('node=b')
    expect((await ask(`http://127.0.0.1${url}`)).headers.get('hx-push-url')).toBeNull()
  })

  const menuOf = async (path: string) =>
    /<details id="nodes" class="nodes"[^>]*>.*?<\/details>/s.exec(
      await (await get(path, { accept: 'text/html' })).text(),
    )![0]

  test('without node= only the menu knows of nodes', async () => {
    const text = await (await get('/scripts', { accept: 'text/html' })).text()
    expect(text.replace(await menuOf('/scripts'), '')).not.toContain('node=')
  })

  test('the menu opens the same view on another node, and comes back', async () => {
    const here = await menuOf('/scripts/px/http_data?start_time=-1m')
    expect(here).toContain('Node a</summary>')
    expect(here).toContain('href="/scripts/px/http_data?start_time=-1m&amp;node=b"')
    const there = await menuOf('/scripts/px/http_data?start_time=-1m&node=b')
    expect(there).toContain('Node b</summary>')
    expect(there).toContain('href="/scripts/px/http_data?start_time=-1m&amp;node=a"')
  })

  test('a lone node has no menu', async () => {
    const { runner, status } = deps
    const app = createApp({
      ...apiDeps(),
      ui: ui({ runner, status, nodes: () => [{ name: 'a', own: true }] }),
    })
    expect(await (await get('/scripts', { accept: 'text/html' }, app)).text()).not.toContain('class="nodes"')
  })
})

test('GET /api/nodes says of each what it knows', async () => {
  const { nodes } = (await (await get('/api/nodes')).json()) as { nodes: Record<string, unknown>[] }
  const { version } = await deps.status()
  expect(nodes).toEqual([
    { name: 'a', address: '127.0.0.1', own: true, version, ready: true, reason: '' },
    { name: 'b', address: '127.0.0.1', own: false, version, ready: true, reason: '' },
    {
      name: 'bare',
      address: '',
      own: false,
      version: '',
      ready: false,
      reason: "No Nixie runs on node 'bare'",
    },
  ])
})

test('a lone node is its own only node', async () => {
  const app = createApp(apiDeps({ nodeName: 'box' }))
  const { nodes } = (await (await get('/api/nodes', {}, app)).json()) as { nodes: { name: string }[] }
  expect(nodes.map(({ name }) => name)).toEqual(['box'])
  for (const name of ['box', 'BOX']) {
    expect((await get(`/api/tables?node=${name}`, {}, app)).status).toBe(200)
  }
  expect((await get('/api/tables?node=other', {}, app)).status).toBe(404)
})
