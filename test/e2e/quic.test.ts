/** Handshakes of QUIC against what a client of aioquic says of them. Needs root and python3. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { isRoot, Nixie, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { makeCertificate, makePython } from '../support/tls'

const program = join(root, 'test/support/clients/quic.py')

/** Of the protocols that a client offers as many as a row has. */
const inPart = (line: string) => {
  const [name = '', protocols = '', outcome = ''] = line.split(' ')
  return [name, protocols.split(',').slice(0, 16).join(','), outcome].join(' ')
}

describe.skipIf(!isRoot)('QUIC (needs root)', () => {
  const scope = new Scope('quic')
  let nixie: Nixie
  let python: string
  let port: number

  beforeAll(async () => {
    python = makePython(scope, 'quic-requirements.txt')
    const { cert, key } = makeCertificate(scope)
    // An even port asks for a second packet (Retry) first.
    port = (await freePort()) & ~1
    const server = spawn(python, [program, 'server', String(port), cert, key], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    scope.defer(() => void server.kill('SIGKILL'))
    await new Promise((done) => server.stdout!.once('data', done))
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 120_000)
  afterAll(() => scope.close(), 20_000)

  test('each handshake is a row: names and protocols that were asked for, also of long hellos and refused ones', async () => {
    const client = Bun.spawn([python, program, 'client', String(port)], { stdout: 'pipe' })
    const said = (await new Response(client.stdout).text()).trim().split('\n')
    expect(await client.exited).toBe(0)
    expect(said).toHaveLength(6)
    const rows = await until('a row of each', async () => {
      const found = await nixie.query(`import px
df = px.DataFrame('tls_events', start_time='-5m')
df = df[px.contains(df.server_name, '.test')]
px.display(df[['time_', 'server_name', 'alpn_offered', 'version', 'cipher', 'alert', 'outcome', 'trace_role', 'remote_port', 'local_port']])`)
      return found.length >= said.length && found
    })
    const shown = rows.map(({ server_name, alpn_offered, alert, outcome }) => {
      expect(outcome).toBe('complete')
      return `${server_name} ${alpn_offered} ${alert === '' ? outcome : 'refused'}`
    })
    expect(shown.sort()).toEqual(said.map(inPart).sort())
    for (const row of rows) if (row.alert === '') expect(row).toMatchObject({ version: 'TLS 1.3' })
    expect(rows.find(({ server_name }) => server_name === 'refused.test')?.alert).toBe('handshake_failure')
  })
})
