/** Handshakes of real programs, against what their clients say of them; and what can't be read. Needs root, openssl, nginx, Node, Go, Java. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, isRoot, Nixie, type Row } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { type Certificate, makeCertificate, startNginxTls, startNodeTls } from '../support/tls'
import {
  type Agreed,
  buildGoClient,
  curlClient,
  goClient,
  javaClient,
  nodeClient,
  openSslClient,
  said,
  startSServer,
} from '../support/tls-handshakes'

describe.skipIf(!isRoot)('TLS handshakes (needs root)', () => {
  const scope = new Scope('tls-events')
  let certificate: Certificate
  let nixie: Nixie
  let nginx: number
  let node: number
  let openssl: number

  beforeAll(async () => {
    certificate = makeCertificate(scope)
    nginx = (await startNginxTls(scope, certificate)).port
    node = (await startNodeTls(scope, certificate)).port
    openssl = await freePort()
    await startSServer(scope, certificate, openssl)
    nixie = await Nixie.start(scope)
  }, 120_000)
  afterAll(() => scope.close(), 20_000)

  /** The row of the only handshake with this name. */
  const rowOf = async (name: string): Promise<Row> => {
    const text = `import px
df = px.DataFrame(table='tls_events', start_time='-10m')
df = df[df.server_name == '${name}']
px.display(df[['trace_role', 'version', 'cipher', 'server_name', 'alpn_offered', 'alpn', 'resumed', 'certificate',
  'certificate_expires', 'alert', 'outcome', 'latency', 'req_type', 'req_body', 'resp_body', 'remote_upid']])
`
    const rows = await until(`the handshake with ${name}`, async () => {
      const found = await nixie.query(text)
      return found.length > 0 ? found : undefined
    })
    expect(rows).toHaveLength(1)
    return rows[0]!
  }

  const expectAgreed = (row: Row, { version, cipher, alpn, log }: Agreed) => {
    expect(version, log).toStartWith('TLS 1.')
    expect(row).toMatchObject({
      version,
      cipher,
      outcome: 'complete',
      alert: '',
      trace_role: 2,
      req_type: 22,
    })
    // TLS 1.3 encrypts what the server chose.
    expect(row.alpn).toBe(version === 'TLS 1.3' ? '' : alpn)
    expect(Number(row.latency)).toBeGreaterThan(0)
  }

  const CASES: readonly (readonly [string, () => Promise<Agreed>])[] = [
    ['openssl12.test', () => openSslClient(nginx, 'openssl12.test', '-tls1_2', '-alpn', 'http/1.1')],
    ['openssl13.test', () => openSslClient(openssl, 'openssl13.test', '-tls1_3', '-alpn', 'http/1.1')],
    ['curl12.test', () => curlClient(nginx, 'curl12.test', '--tls-max', '1.2')],
    ['curl13.test', () => curlClient(openssl, 'curl13.test')],
    ['to-node.test', () => curlClient(node, 'to-node.test')],
    ['node12.test', () => nodeClient(nginx, 'node12.test', 'TLSv1.2')],
    ['node13.test', () => nodeClient(node, 'node13.test', 'TLSv1.3')],
  ]
  test.each(CASES)('%s: version, cipher and protocol are what the client says', async (name, run) => {
    const agreed = await run()
    const row = await rowOf(name)
    expectAgreed(row, agreed)
    expect(JSON.parse(String(row.req_body)).extensions.server_name).toEqual([name])
    expect(row.alpn_offered).toBe('http/1.1')
  })

  test('Go', async () => {
    const agreed = await goClient(buildGoClient(scope), nginx, 'go.test')
    expectAgreed(await rowOf('go.test'), agreed)
  })

  test('the certificate of TLS 1.2, and when it expires, are what openssl reads in it', async () => {
    const agreed = await openSslClient(nginx, 'certificate.test', '-tls1_2')
    const row = await rowOf('certificate.test')
    expectAgreed(row, agreed)
    const args = ['x509', '-in', certificate.cert, '-noout', '-enddate']
    const end = execFileSync('openssl', args, { encoding: 'utf8' }).trim().replace('notAfter=', '')
    expect(row.certificate).toBe('localhost,127.0.0.1')
    expect(Date.parse(String(row.certificate_expires))).toBe(Date.parse(end))
  })

  test('a session that goes on is resumed', async () => {
    const session = join(scope.dir, 'session.pem')
    for (const [version, port] of [
      ['-tls1_2', nginx],
      ['-tls1_3', openssl],
    ] as const) {
      const [first, later] = [`first${version}.test`, `later${version}.test`]
      await openSslClient(port, first, version, '-sess_out', session)
      const { log } = await openSslClient(port, later, version, '-sess_in', session)
      const rows = [await rowOf(first), await rowOf(later)]
      expect(log).toMatch(/^Reused/m)
      expect(rows.map(({ resumed }) => resumed)).toEqual([false, true])
    }
  })

  test('a refused handshake has the alert that the client is told', async () => {
    const flags = ['-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0']
    const { log } = await openSslClient(nginx, 'refused.test', ...flags)
    const [, alert = ''] = /:(?:tlsv1|sslv3) alert ([a-z ]+):/.exec(log) ?? []
    expect(alert, log).not.toBe('')
    expect(await rowOf('refused.test')).toMatchObject({ alert: alert.replaceAll(' ', '_'), version: '' })
    // This client tells nginx why it goes.
    const untrusting = ['--tls-max', '1.2', '--resolve', `untrusted.test:${nginx}:127.0.0.1`]
    await said(['curl', '-s', ...untrusting, `https://untrusted.test:${nginx}/`])
    expect(await rowOf('untrusted.test')).toMatchObject({ alert: 'unknown_ca', version: 'TLS 1.2' })
  })

  test('a connection whose data is read has its row too', async () => {
    const rows = await nixie.waitForRows('/curl13.test', 1)
    expect(rows).toMatchObject([{ trace_role: 2, local_port: openssl, encrypted: true }])
  })

  test('what can’t be read is named: the program, its library, and the connection', async () => {
    const { cert, key } = certificate
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { cert: Bun.file(cert), key: Bun.file(key) },
      fetch: () => new Response('hello\n'),
    })
    scope.defer(() => server.stop(true))
    const java = await javaClient(scope, server.port!, 'java.test')
    expectAgreed(await rowOf('java.test'), java)
    const named = (name: string) =>
      until(`${name} is named`, async () =>
        (await nixie.status()).probes.find((probe) => probe.name === name && !probe.attached),
      )
    expect(await named('TLS of java')).toMatchObject({ error: expect.stringContaining('JSSE') })
    const own = readFileSync('/proc/self/comm', 'utf8').trim()
    expect((await named(`TLS of ${own}`))!.purpose).toContain(`a server on port ${server.port}`)
    const checked = await said([binary, 'check', '--process', String(java.pid)])
    expect(checked).toMatch(/warn {2}TLS of java \(\d+\) {2}Java’s own TLS/)
    expect(await said([binary, 'check', '--process', 'nginx'])).toMatch(
      /ok {4}TLS of nginx .* read where it calls/,
    )
  })
})
