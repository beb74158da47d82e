/** Questions of real resolvers to a real server, against what both say themselves. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  askByGo,
  askByLibc,
  askByNode,
  askByPython,
  type DnsServer,
  dig,
  LARGE_TEXTS,
  type Resolved,
  startDnsmasq,
  startSilent,
  startUnbound,
} from '../support/dns'
import { isRoot, Nixie, type Row } from '../support/nixie'
import { Scope, until } from '../support/scope'

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']
const LIBC_SERVER = '127.0.0.77'

interface Answer {
  readonly type: string
  readonly addr?: string
  readonly txt?: string
}

const parsed = (row: Row, column: string) => JSON.parse(String(row[column]))
const question = (row: Row): { name: string; type: string } => parsed(row, 'req_body').queries[0]
const answers = (row: Row): Answer[] => parsed(row, 'resp_body').answers ?? []

/** A row as its client would say it. */
const resolved = (row: Row): Resolved => ({
  ...question(row),
  rcode: RCODES[parsed(row, 'resp_header').rcode]!,
  answers: answers(row)
    .map(({ addr }) => addr ?? '')
    .sort(),
})

const inOrder = (list: readonly { name: string; type: string }[]) =>
  list.map((item) => ({ ...item })).sort((a, b) => (a.name + a.type < b.name + b.type ? -1 : 1))

describe.skipIf(!isRoot)('DNS (needs root)', () => {
  const scope = new Scope('dns')
  let server: DnsServer
  let silent: Awaited<ReturnType<typeof startSilent>>
  let nixie: Nixie

  beforeAll(async () => {
    silent = await startSilent(scope)
    server = await startDnsmasq(scope, silent.port)
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  const rowsOf = (marker: string) =>
    nixie.query(`import px
df = px.DataFrame(table='dns_events', start_time='-10m')
df = df[px.contains(df.req_body, '${marker}')]
df = df[['time_', 'upid', 'remote_upid', 'trace_role', 'remote_addr', 'local_port', 'req_header', 'req_body',
         'resp_header', 'resp_body', 'latency', 'outcome']]
px.display(df)
`)

  /** The rows of the marker's questions: as many as the server logged, and no more a while later. */
  async function settled(marker: string, count: number): Promise<Row[]> {
    const whenThere = async () => {
      const rows = await rowsOf(marker)
      if (rows.length < count) throw new Error(`${rows.length} rows`)
      return rows
    }
    await until(`${count} rows of ${marker}`, whenThere)
    // Whatever came twice has come by the time that a later question is there.
    const later = `later-${marker}.any.test`
    await dig('127.0.0.1', server.port, later)
    await until(`a row of ${later}`, async () => (await rowsOf(later)).length > 0)
    return (await rowsOf(marker)).filter((row) => !question(row).name.startsWith('later-'))
  }

  async function agrees(marker: string, asked: readonly Resolved[], by = server): Promise<Row[]> {
    const rows = await settled(marker, asked.length)
    expect(inOrder(rows.map(resolved))).toEqual(inOrder(asked))
    const logged = by.questions(marker).filter(({ name }) => !name.startsWith('later-'))
    expect(inOrder(rows.map(question))).toEqual(inOrder(logged))
    for (const row of rows) {
      expect(row).toMatchObject({ trace_role: 2, outcome: 'complete', local_port: by.port })
      expect(row.remote_upid).not.toBe('')
      expect(Number(row.latency)).toBeGreaterThan(0)
    }
    return rows
  }

  test('dig: types, IPv4 and IPv6, UDP and TCP, with and without EDNS', async () => {
    const asked: Resolved[] = []
    for (const [i, [address, ...options]] of [
      ['127.0.0.1'],
      ['::1'],
      ['127.0.0.1', '+tcp'],
      ['::1', '+tcp'],
      ['127.0.0.1', '+noedns'],
      ['127.0.0.1', '+bufsize=4096', '+dnssec', '+subnet=198.51.100.0/24'],
    ].entries()) {
      const name = `dig-${i}.any.test`
      const { code } = await dig(address!, server.port, name, 'A', ...options)
      expect(code).toBe(0)
      asked.push({ name, type: 'A', rcode: 'NOERROR', answers: ['192.0.2.7'] })
    }
    await dig('127.0.0.1', server.port, 'dig-x.gone.test', 'A')
    asked.push({ name: 'dig-x.gone.test', type: 'A', rcode: 'NXDOMAIN', answers: [] })
    const rows = await agrees('dig-', asked)
    const body = (i: number) =>
      parsed(rows.find((row) => question(row).name === `dig-${i}.any.test`)!, 'req_body')
    expect(body(4).edns).toBeUndefined()
    expect(body(5).edns).toMatchObject({ udp_size: 4096, do: 1, client_subnet: '198.51.100.0/24' })
    expect(new Set(rows.map(({ remote_addr }) => remote_addr))).toEqual(new Set(['127.0.0.1', '::1']))
  })

  test('types with fields of their own', async () => {
    for (const type of ['MX', 'TXT', 'CAA', 'NAPTR']) await dig('127.0.0.1', server.port, 'web.test', type)
    await dig('127.0.0.1', server.port, '_sip._tcp.web.test', 'SRV')
    await dig('127.0.0.1', server.port, 'alias.web.test', 'AAAA')
    const rows = await settled('web.test', 6)
    const said = Object.fromEntries(rows.map((row) => [question(row).type, answers(row)]))
    expect(said.MX).toMatchObject([{ preference: 10, exchange: 'mail.web.test' }])
    expect(said.TXT).toMatchObject([{ txt: 'v=spf1 -all' }])
    expect(said.CAA).toMatchObject([{ tag: 'issue', value: 'ca.test' }])
    expect(said.NAPTR).toMatchObject([{ service: 'E2U+sip', regexp: '!^.*$!sip:info@web.test!' }])
    expect(said.SRV).toMatchObject([{ port: 5060, target: 'sip.web.test' }])
    expect(said.AAAA).toMatchObject([{ cname: 'web.test' }, { name: 'web.test', addr: '2001:db8::1' }])
  })

  test('an answer too large for a datagram is truncated, and asked for again over TCP', async () => {
    const { text } = await dig('127.0.0.1', server.port, 'large.web.test', 'TXT', '+bufsize=512')
    for (const part of LARGE_TEXTS) expect(text).toContain(part.slice(0, 200))
    const rows = (await settled('large.web.test', 2)).sort((a, b) =>
      String(a.time_) < String(b.time_) ? -1 : 1,
    )
    expect(rows.map((row) => parsed(row, 'resp_header').tc)).toEqual([1, 0])
    expect(rows.map(({ outcome }) => outcome)).toEqual(['complete', 'complete'])
    expect(
      answers(rows[1]!)
        .map(({ txt }) => txt!)
        .sort(),
    ).toEqual(LARGE_TEXTS)
  })

  test("Node's resolver: many questions at once", async () => {
    await agrees('node-', (await askByNode(server.port, 'node-x', 200)).map(sorted))
  })

  test.each(['127.0.0.1', '::1'])(
    'dnspython at %s: A and AAAA at once, and pipelined over TCP',
    async (address) => {
      const marker = `python-${address === '::1' ? 6 : 4}`
      const asked = await askByPython(address, server.port, marker, 15)
      expect(asked).toHaveLength(60)
      await agrees(marker, asked)
    },
  )

  test("Go's resolver, over UDP and TCP", async () => {
    for (const network of ['udp', 'tcp'] as const) {
      const names = Array.from({ length: 10 }, (_, i) => `go-${network}-${i}.any.test`)
      const asked = await askByGo(scope, network, server.port, names)
      await agrees(
        `go-${network}`,
        asked.flatMap(({ name, answers }) =>
          (['A', 'AAAA'] as const).map((type) => ({
            ...{ name, type, rcode: 'NOERROR' },
            answers: answers.filter((address) => address.includes(':') === (type === 'AAAA')),
          })),
        ),
      )
    }
  })

  test('unbound: errors, and questions pipelined over one connection', async () => {
    const names = ['udp', 'tcp'].flatMap((via) => Array.from({ length: 15 }, (_, i) => `unbound-${via}-${i}`))
    const unbound = await startUnbound(scope, names)
    const asked = await askByPython('127.0.0.1', unbound.port, 'unbound', 15)
    for (const [zone, rcode] of [
      ['any.test', 'NXDOMAIN'],
      ['fail.test', 'SERVFAIL'],
      ['refused.test', 'REFUSED'],
    ] as const) {
      const { text } = await dig('127.0.0.1', unbound.port, `unbound-x.${zone}`)
      expect(text).toContain(`status: ${rcode}`)
      asked.push({ name: `unbound-x.${zone}`, type: 'A', rcode, answers: [] })
    }
    for (const row of await agrees('unbound-', asked, unbound))
      expect(String(row.upid).split(':')[1]).toBe(String(unbound.pid))
  })

  test('the C library: both questions in one call, on port 53', async () => {
    const own = await startDnsmasq(scope, silent.port, LIBC_SERVER)
    expect(await askByLibc(scope, LIBC_SERVER, 'libc.any.test')).toContain('192.0.2.7')
    const rows = await settled('libc.any', 2)
    expect(inOrder(rows.map(question))).toEqual(inOrder(own.questions('libc.any')))
    expect(rows.map(({ local_port, outcome }) => [local_port, outcome])).toEqual(
      Array(2).fill([53, 'complete']),
    )
  })

  test('a server that never answers: each question is unanswered, once', async () => {
    const before = silent.received
    expect((await dig('127.0.0.1', silent.port, 'mute.any.test', '+time=2')).code).not.toBe(0)
    // Forwarded, so that there are two exchanges: the client's and the forwarder's.
    await dig('127.0.0.1', server.port, 'mute.silent.test', '+time=2')
    await until('both questions are there', () => silent.received >= before + 2)
    const waiting = async () => {
      const rows = await rowsOf('mute.any')
      return rows.length > 0 && rows
    }
    const shown = await until('a question is shown while it waits', waiting)
    expect(shown).toMatchObject([{ outcome: 'waiting', trace_role: 2, local_port: silent.port }])
    expect(Number(shown[0]!.latency)).toBeGreaterThanOrEqual(2e9)
    const ended = async () => {
      const rows = await rowsOf('mute.')
      return rows.filter(({ outcome }) => outcome === 'unanswered').length >= 3 && rows
    }
    const rows = await until('the questions are given up', ended)
    expect(rows.map((row) => [question(row).name, row.local_port]).sort()).toEqual(
      [
        ['mute.any.test', silent.port],
        ['mute.silent.test', server.port],
        ['mute.silent.test', silent.port],
      ].sort(),
    )
    for (const row of rows) {
      expect(row).toMatchObject({ outcome: 'unanswered', trace_role: 2, resp_header: '{}', resp_body: '{}' })
      expect(Number(row.latency)).toBeGreaterThanOrEqual(29e9)
    }
    const forwarded = rows.find(
      (row) => row.local_port === silent.port && question(row).name === 'mute.silent.test',
    )!
    expect(String(forwarded.remote_upid).split(':')[1]).toBe(String(server.pid))
  })

  test('conn_stats say DNS', async () => {
    // They are stored every ten seconds.
    const ask = () =>
      nixie.query(`import px
df = px.DataFrame(table='conn_stats', start_time='-10m')
df = df[df.protocol == 6]
df = df[px.upid_to_pid(df.upid) == ${server.pid}]
df = df.groupby(['trace_role']).agg(bytes_recv=('bytes_recv', px.max), bytes_sent=('bytes_sent', px.max))
px.display(df)
`)
    const served = await until('numbers of the server', async () =>
      (await ask()).find(({ trace_role }) => trace_role === 2),
    )
    expect(Number(served.bytes_recv)).toBeGreaterThan(500 * 12)
    expect(Number(served.bytes_sent)).toBeGreaterThan(Number(served.bytes_recv))
  })
})

const sorted = (one: Resolved): Resolved => ({ ...one, answers: [...one.answers].sort() })
