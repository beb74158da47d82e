/** Each message of MQTT clients has its row: mosquitto with its own clients and MQTT.js, in the clear and in TLS. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { makeCertificate } from '../support/tls'

const client = join(root, 'test/support/clients/mqtt.mjs')

interface Message {
  readonly sender: 'client' | 'server'
  readonly topic: string
  readonly qos: number
  readonly retain: boolean
  readonly size: number
}

const messageOf = ({ sender, topic, qos, retain, payload_size }: Row) =>
  ({ sender, topic, qos, retain, size: payload_size }) as unknown as Message

const sorted = (messages: readonly Message[]) => messages.map((message) => JSON.stringify(message)).sort()

describe.skipIf(!isRoot)('MQTT (needs root)', () => {
  const scope = new Scope('mqtt')
  let nixie: Nixie
  let port: number
  let tlsPort: number

  beforeAll(async () => {
    const { cert, key } = makeCertificate(scope)
    ;[port, tlsPort] = [await freePort(), await freePort()]
    const config = join(scope.dir, 'mosquitto.conf')
    const tls = `listener ${tlsPort} 127.0.0.1\ncertfile ${cert}\nkeyfile ${key}`
    writeFileSync(config, `user root\nallow_anonymous true\nlistener ${port} 127.0.0.1\n${tls}\n`)
    await serve(scope, ['mosquitto', '-c', config], [port, tlsPort])
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close())

  /** Rows whose topic begins so, once there are as many of messages; those of the session too. */
  const rowsOf = (prefix: string, messages: number): Promise<Row[]> =>
    until(`${messages} rows of ${prefix}`, async () => {
      const rows = await nixie.query(`import px
df = px.DataFrame('mqtt_events', start_time='-10m', select=['time_', 'sender', 'req_cmd', 'client_id', 'topic', 'qos', 'retain', 'req', 'payload', 'payload_size', 'resp_cmd', 'reason_code', 'resp', 'encrypted', 'local_port', 'latency', 'outcome'])
px.display(df[px.contains(df.client_id, '${prefix}-')])
`)
      return rows.filter((row) => row.req_cmd === 'PUBLISH').length >= messages && rows
    })

  for (const [name, version, isTls] of [
    ['MQTT 3.1.1', 4, false],
    ['MQTT 5', 5, false],
    ['MQTT 5 in TLS', 5, true],
  ] as const)
    test(`${name}: all that MQTT.js sent and got`, async () => {
      const prefix = `v${version}${isTls ? 'tls' : ''}`
      const url = isTls ? `mqtts://127.0.0.1:${tlsPort}` : `mqtt://127.0.0.1:${port}`
      const log = await logOf<Message>(['node', client, url, String(version), prefix])
      const rows = await rowsOf(prefix, log.length)
      const messages = rows.filter((row) => row.req_cmd === 'PUBLISH')
      expect(sorted(messages.map(messageOf))).toEqual(sorted(log))
      expect(messages.filter((row) => row.outcome !== 'complete' || row.encrypted !== isTls)).toEqual([])
      const answers = messages.map((row) => `${row.qos} ${row.resp_cmd}`)
      expect([...new Set(answers)].sort()).toEqual(['0 ', '1 PUBACK', '2 PUBCOMP'])
      const others = rows.filter((row) => row.req_cmd !== 'PUBLISH')
      expect(others.map((row) => `${row.req_cmd} ${row.resp_cmd} ${row.topic}`).sort()).toEqual([
        'CONNECT CONNACK ',
        'DISCONNECT  ',
        `SUBSCRIBE SUBACK ${prefix}/#`,
        `UNSUBSCRIBE UNSUBACK ${prefix}/#`,
      ])
      expect(JSON.stringify(rows)).not.toContain('hunter2')
      expect(JSON.stringify(rows)).toContain(version === 5 ? 'text/plain' : '3.1.1')
    })

  test('mosquitto_pub and mosquitto_sub: a message that the server keeps', async () => {
    const run = (program: string, ...args: readonly string[]) =>
      execFileSync(program, ['-p', String(port), ...args], { encoding: 'utf8' })
    run('mosquitto_pub', '-i', 'c-pub', '-t', 'c/kept', '-m', 'kept payload', '-r', '-q', '1')
    expect(run('mosquitto_sub', '-i', 'c-sub', '-V', '5', '-t', 'c/#', '-C', '1', '-v')).toBe(
      'c/kept kept payload\n',
    )
    const rows = await rowsOf('c', 2)
    const kept = rows
      .filter((row) => row.topic === 'c/kept')
      .map((row) => [row.sender, row.client_id, row.retain, row.payload])
    expect(kept.sort()).toEqual([
      ['client', 'c-pub', true, 'kept payload'],
      ['server', 'c-sub', true, 'kept payload'],
    ])
  })

  test('nixie/mqtt_data shows who said what to whom', async () => {
    const { tables } = await nixie.ask('/api/run/nixie/mqtt_data?start_time=-10m&topic_filter=c/kept')
    expect(tables[0]!.rows.map((row) => [row.client_id, row.payload]).sort()).toEqual([
      ['c-pub', 'kept payload'],
      ['c-sub', 'kept payload'],
    ])
  })
})
