/** Names and numbers of protocols: each stands once, and whatever is parsed has one. */
import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { KNOWN, numberedOf, protocolName } from '../../src/protocols/known'
import { linesProtocol } from '../streams/plain-protocol'

test('no two protocols share a number, a name, or a function', () => {
  const unique = (values: readonly unknown[]) => expect(new Set(values).size).toBe(values.length)
  unique(KNOWN.map(({ code }) => code))
  unique(KNOWN.map(({ label }) => label))
  unique(KNOWN.flatMap(({ names = [] }) => names.map(({ name }) => name)))
})

test('a protocol is known as it declares itself, whether or not it is one of those that Pixie has', () => {
  for (const protocol of PROTOCOLS)
    if (protocol.code !== 0) expect(KNOWN).toContain(protocol)
    else expect(protocol.tables).toEqual([])
  const own = { name: 'verb_name', description: 'The name of a verb.', args: ['verb'], nameOf: String }
  const other = { ...linesProtocol(), names: [own] }
  expect(numberedOf([other, ...PROTOCOLS]).at(-1)).toBe(other)
})

test('the numbers of conn_stats are those that scripts for Pixie expect', () => {
  const names = Array.from({ length: 14 }, (_, code) => protocolName(code))
  expect(names.join(' ')).toBe('Unknown HTTP HTTP2 MySQL CQL PGSQL DNS Redis NATS Mongo Kafka Mux AMQP TLS')
  expect([protocolName(-1), protocolName(99)]).toEqual(['Unknown', 'Unknown'])
})

test('a call is captured as whole as the kernel can: it may hold many messages', () => {
  const most = 1 << 20
  // A header and a handshake are all that is read of these.
  const beginnings = ['tls', 'proxy-protocol']
  const less = PROTOCOLS.filter(({ captureCap }) => captureCap < most).map(({ name }) => name)
  expect(less.filter((name) => !beginnings.includes(name))).toEqual([])
})
