/** Each message that NATS clients sent or got has its row: nats-server with clients in Go and Node, against the clients' logs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { RawClient } from '../support/clients'
import {
  buildNats,
  type Logged,
  type NatsPrograms,
  type NatsRow,
  type NatsServer,
  natsRows,
  runClient,
  startNats,
  USERS,
} from '../support/nats'
import { isRoot, Nixie, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

const MESSAGES = new Set(['PUB', 'HPUB', 'MSG', 'HMSG'])

/** Messages that the client reports too: not the 503 that tells it that a subject has no subscriber. */
const messagesIn = (rows: readonly NatsRow[]) =>
  rows.filter(({ cmd, body }) => MESSAGES.has(cmd) && body.status === undefined)

const counted = (messages: readonly Logged[]) => {
  const counts = new Map<string, number>()
  for (const { cmd, subject, size } of messages) {
    const key = `${cmd} ${subject} ${size}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const loggedOf = ({ cmd, body }: NatsRow) =>
  ({ cmd, subject: body.subject, size: body.size }) as unknown as Logged

describe.skipIf(!isRoot)('NATS (needs root)', () => {
  const scope = new Scope('nats')
  let programs: NatsPrograms
  let older: { server: NatsServer; client: RawClient }
  let nixie: Nixie

  beforeAll(async () => {
    programs = buildNats(scope)
    const server = await startNats(scope, programs.server)
    const client = await RawClient.open(scope, server.port)
    client.write('CONNECT {"verbose":false}\r\nSUB old 1\r\nPING\r\n')
    await client.waitFor('PONG', (text) => text.includes('PONG\r\n'))
    older = { server, client }
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  /** The rows, once the last thing that happened has one. */
  const rowsWith = (port: number, what: string, isThere: (rows: NatsRow[]) => boolean) =>
    until(`rows of ${what}`, async () => {
      const rows = await natsRows(nixie, port)
      return isThere(rows) && rows
    })

  for (const [name, command] of [
    ['go', (port: number) => [programs.client, `nats://127.0.0.1:${port}`]],
    ['node', (port: number) => ['node', join(root, 'test/support/clients/nats.mjs'), String(port)]],
  ] as const) {
    describe(name, () => {
      let server: NatsServer
      let ran: { pid: number; log: Logged[] }
      let rows: NatsRow[]

      beforeAll(async () => {
        server = await startNats(scope, programs.server, USERS)
        ran = await runClient(command(server.port), () =>
          rowsWith(server.port, `${name}, so far`, (all) =>
            ['PUB', 'MSG'].every((cmd) =>
              all.some((row) => row.cmd === cmd && row.body.subject === `${name}.big`),
            ),
          ),
        )
        rows = await rowsWith(server.port, name, (all) =>
          all.some(({ body }) => body.subject === `verbose.${name}.9`),
        )
      })

      test('each message that was sent or delivered is one row, with its subject and size', () => {
        expect(counted(messagesIn(rows).map(loggedOf))).toEqual(counted(ran.log))
      })

      test('a published message is the client’s, a delivered one the server’s', () => {
        for (const { cmd, sender } of messagesIn(rows))
          expect(sender).toBe(cmd.endsWith('PUB') ? 'client' : 'server')
      })

      test('rows name the processes of both ends', () => {
        expect(new Set(rows.map(({ pid }) => pid))).toEqual(new Set([server.pid]))
        const clients = new Set(messagesIn(rows).map(({ remotePid }) => remotePid))
        expect(clients).toEqual(new Set([ran.pid]))
      })

      test('payloads: their heads', () => {
        const payloadOf = (subject: string) => rows.find(({ body }) => body.subject === subject)!.body.payload
        expect(payloadOf(`${name}.plain`)).toBe('hello')
        expect(payloadOf(`${name}.empty`)).toBe('')
        expect(payloadOf(`${name}.binary`)).toStartWith('<binary 6 bytes> ')
        expect(String(payloadOf(`${name}.big`))).toHaveLength(1024)
        expect(payloadOf(`${name}.many.31`)).toBe('x'.repeat(31))
      })

      test('headers, and questions that nobody answers', () => {
        const [sent, delivered] = rows.filter(({ body }) => body.subject === `${name}.headers`)
        expect(sent!.body.headers).toMatchObject({ 'Trace-Id': 'abc' })
        expect(delivered!.body.headers).toMatchObject({ 'Trace-Id': 'abc' })
        expect(rows.some(({ cmd, body }) => cmd === 'HMSG' && body.status === 503)).toBe(true)
        const question = rows.find(({ cmd, body }) => cmd === 'PUB' && body.subject === `ask.${name}`)!
        const answer = rows.find(({ cmd, body }) => cmd === 'MSG' && body.subject === question.body.reply_to)!
        expect(answer.body.payload).toBe('answer')
      })

      test('subscriptions, and what queue groups share', () => {
        const groups = rows.filter(({ cmd, body }) => cmd === 'SUB' && body.queue_group === 'workers')
        expect(groups).toHaveLength(2)
        const delivered = rows.filter(({ cmd, body }) => cmd === 'MSG' && body.subject === `queue.${name}`)
        expect(delivered).toHaveLength(20)
      })

      test('a verbose server’s answers, and its errors', () => {
        const said = rows.filter(({ body }) => String(body.subject).startsWith('verbose.'))
        expect(said.map(({ resp }) => resp)).toEqual(Array(10).fill('+OK'))
        const connects = rows.filter(({ cmd }) => cmd === 'CONNECT')
        expect(connects.at(-1)!.resp).toBe('+OK')
        const errors = rows.filter(({ resp }) => resp.startsWith('-ERR'))
        expect(errors.map(({ cmd, resp }) => [cmd, resp])).toEqual([
          ['-ERR', "-ERR 'Authorization Violation'"],
        ])
        // Two that talk, one of them again, one that isn't let in, one that is verbose.
        expect(connects).toHaveLength(5)
      })

      test('secrets are not stored', () => {
        expect(rows.filter(({ text }) => text.includes('hunter2'))).toEqual([])
        expect(rows.some(({ text }) => text.includes('[redacted]'))).toBe(true)
      })
    })
  }

  test('a connection that is older than Nixie', async () => {
    const { client, server } = older
    for (let i = 0; i < 20; i++) {
      client.write(`PUB old 2\r\n${10 + i}\r\n`)
      await client.waitFor('the message', (text) => text.includes(`MSG old 1 2\r\n${10 + i}\r\n`))
    }
    const rows = await rowsWith(server.port, 'an older connection', (all) =>
      ['PUB', 'MSG'].every((wanted) => all.some(({ cmd, body }) => cmd === wanted && body.payload === '29')),
    )
    const payloads = (wanted: string) =>
      rows.filter(({ cmd }) => cmd === wanted).map(({ body }) => body.payload)
    const all = Array.from({ length: 20 }, (_, i) => String(10 + i))
    expect(payloads('PUB')).toEqual(all)
    expect(payloads('MSG')).toEqual(all)
    // The client's end is on this node too.
    expect(await natsRows(nixie, client.localPort)).toEqual([])
  })

  test('behind INFO it may go on in TLS, which is known as such, and read at the server, a program of Go', async () => {
    const [key, cert] = [join(scope.dir, 'key.pem'), join(scope.dir, 'cert.pem')]
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2']
    execFileSync('openssl', [...args, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const server = await startNats(scope, programs.server, `tls { cert_file: "${cert}", key_file: "${key}" }`)
    const client = await RawClient.open(scope, server.port)
    await client.waitFor('INFO', (text) => text.includes('"tls_required":true'))
    const secure = await client.upgrade()
    secure.write('CONNECT {"verbose":false}\r\nPUB hidden 2\r\nhi\r\nPING\r\n')
    await until('PONG', () => secure.received.includes('PONG'))
    const stats = await until('the connection', async () => {
      const [row] = await nixie.query(`import px
df = px.DataFrame(table='conn_stats', start_time='-10m')
df.pid = px.upid_to_pid(df.upid)
df = df[df.pid == ${server.pid}]
df = df[df.ssl]
px.display(df[['protocol', 'ssl']].head(1))
`)
      return row
    })
    expect(stats).toEqual({ protocol: 8, ssl: true })
    const commands = await until('what is said within', async () => {
      const rows = await natsRows(nixie, server.port)
      const own = rows.filter(({ remotePort }) => remotePort === client.localPort).map(({ cmd }) => cmd)
      return own.includes('PUB') && own
    })
    expect(commands[0]).toBe('INFO')
    expect(commands).toContain('CONNECT')
    expect(commands.filter((command) => command === 'PUB')).toHaveLength(1)
  })

  test('px/nats_data shows them', async () => {
    const { status, tables } = await nixie.ask('/api/run/px/nats_data?start_time=-10m&max_num_records=7')
    expect(status).toBe(200)
    expect(tables[0]!.rows).toHaveLength(7)
    expect(Object.keys(tables[0]!.rows[0]!)).toEqual([
      'time_',
      'source',
      'destination',
      'cmd',
      'body',
      'resp',
      'pid',
    ])
  })

  test('between servers: a route and a leaf node', async () => {
    const [routes, leaves] = [await freePort(), await freePort()]
    const hub = await startNats(
      scope,
      programs.server,
      `server_name: hub
cluster { name: C, listen: "127.0.0.1:${routes}", compression: off }
leafnodes { listen: "127.0.0.1:${leaves}", compression: off }`,
    )
    const routed = await startNats(
      scope,
      programs.server,
      `server_name: routed
cluster { name: C, listen: "127.0.0.1:${await freePort()}", routes: ["nats-route://127.0.0.1:${routes}"], compression: off }`,
    )
    const leaf = await startNats(
      scope,
      programs.server,
      `server_name: leaf\nleafnodes { remotes: [{url: "nats-leaf://127.0.0.1:${leaves}", compression: off}] }`,
    )
    const greeting = 'CONNECT {"verbose":false,"headers":true}\r\n'
    const subscribers = await Promise.all(
      [routed, leaf].map(async ({ port }) => {
        const client = await RawClient.open(scope, port)
        client.write(`${greeting}SUB far.> 1\r\nPING\r\n`)
        await client.waitFor('PONG', (text) => text.includes('PONG\r\n'))
        return client
      }),
    )
    const publisher = await RawClient.open(scope, hub.port)
    publisher.write(greeting)
    // Interest travels on its own: it is there when a first message has arrived.
    await until('interest', async () => {
      publisher.write('PUB far.first 1\r\n1\r\n')
      await Bun.sleep(50)
      return subscribers.every(({ received }) => received.includes('far.first'))
    })
    publisher.write('HPUB far.last 22 27\r\nNATS/1.0\r\nA: bcdef\r\n\r\nhello\r\n')
    await Promise.all(
      subscribers.map((client) => client.waitFor('the last', (text) => text.includes('far.last'))),
    )
    const overRoute = await rowsWith(routes, 'the route', (all) =>
      all.some(({ body }) => body.subject === 'far.last'),
    )
    expect(overRoute.find(({ body }) => body.subject === 'far.last')).toMatchObject({
      cmd: 'HMSG',
      sender: 'server',
      body: { account: '$G', headers: { A: 'bcdef' }, payload: 'hello', size: 5 },
    })
    expect(overRoute.some(({ cmd, body }) => cmd === 'RS+' && body.subject === 'far.>')).toBe(true)
    const toLeaf = await rowsWith(leaves, 'the leaf node', (all) =>
      all.some(({ body }) => body.subject === 'far.last'),
    )
    expect(toLeaf.some(({ cmd, body }) => cmd === 'LMSG' && body.subject === 'far.first')).toBe(true)
    expect(toLeaf.some(({ cmd, body }) => cmd === 'LS+' && body.subject === 'far.>')).toBe(true)
  })
})
