/** Names and numbers of protocols: each stands once, and whatever is parsed has one. */
import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { KNOWN, protocolName } from '../../src/protocols/known'

test('no two protocols share a number, a name, or a function', () => {
  const unique = (values: readonly unknown[]) => expect(new Set(values).size).toBe(values.length)
  unique(KNOWN.map(({ code }) => code))
  unique(KNOWN.map(({ label }) => label))
  unique(KNOWN.flatMap(({ names = [] }) => names.map(({ name }) => name)))
})

test('a protocol that is parsed is known, with its tables', () => {
  for (const { code, tables } of PROTOCOLS)
    for (const table of tables) expect(KNOWN.find((known) => known.code === code)!.tables).toContain(table)
})

test('the numbers of conn_stats are those that scripts for Pixie expect', () => {
  const names = Array.from({ length: 14 }, (_, code) => protocolName(code))
  expect(names.join(' ')).toBe('Unknown HTTP HTTP2 MySQL CQL PGSQL DNS Redis NATS Mongo Kafka Mux AMQP TLS')
  expect([protocolName(-1), protocolName(99)]).toEqual(['Unknown', 'Unknown'])
})
