/** Whatever is lost: a row is what was said, and no answer is another's. */
import { expect, test } from 'bun:test'
import { deflateSync } from 'node:zlib'
import type { SocketEvent } from '../../../src/events/socket-event'
import { mysql } from '../../../src/protocols/mysql'
import { random, rig, Wire } from '../../streams/wire'
import {
  command,
  compressed,
  execute,
  FLAGS,
  LONG,
  le,
  ok,
  prepared,
  query,
  result,
  TEXT,
  USUAL,
} from './build'
import { hello, MYSQL_SOCKET, TABLE } from './talk'

const SECRET = 'hunter2'

/** Commands whose answers tell what they answer, cut into events of which some are lost. */
function events(seed: number, wire: Wire, loss: number, isCompressed: boolean): SocketEvent[] {
  const next = random(seed)
  const made: SocketEvent[] = []
  const say = (from: 'client' | 'server', content: Uint8Array) => {
    for (let at = 0; at < content.length; ) {
      const end = next() < 0.6 ? content.length : at + 1 + Math.floor(next() * (content.length - at))
      const part = content.subarray(at, end)
      const captured = next() < loss ? Math.floor(next() * part.length) : undefined
      const event = from === 'client' ? wire.request(part, captured) : wire.response(part, captured)
      if (next() >= loss) made.push(event)
      at = end
    }
  }
  const exchange = (asks: Uint8Array, answers: Uint8Array) => {
    say('client', isCompressed ? compressed(0, asks, asks.length > 60 ? deflateSync : undefined) : asks)
    say('server', isCompressed ? compressed(1, answers, deflateSync) : answers)
  }
  for (const [from, content] of hello(isCompressed ? USUAL | FLAGS.COMPRESS : USUAL)) say(from, content)
  exchange(command(0x16, 'UPDATE t SET n = ?, password = ?'), prepared(1, 2, 0))
  for (let n = 1; n <= 60; n++) {
    const kind = next()
    const long = 'x'.repeat(Math.floor(next() ** 4 * 9000))
    if (kind < 0.3) exchange(query(`SELECT ${n} AS n, '${long}'`), result(['n'], Array(n).fill([long])))
    else if (kind < 0.6) exchange(query(`UPDATE t SET n = ${n}, a = '${long}'`), ok({ rows: n }))
    else if (kind < 0.9) exchange(execute(1, [LONG(n), TEXT(SECRET)], next() < 0.7), ok({ rows: n }))
    else say('client', isCompressed ? compressed(0, command(0x19, le(99, 4))) : command(0x19, le(99, 4)))
    if (next() < 0.1) wire.timeNs += next() * 3e9
  }
  return made
}

const NUMBER = /^(?:SELECT (\d+) |UPDATE t SET n = (\d+),|query=.* params=\[(\d+),)/

test('no answer is another’s, and no secret is seen', () => {
  let found = 0
  for (let seed = 1; seed <= 60; seed++) {
    const { streams, sink } = rig([mysql], { streamBytes: 128 << 10 })
    const wire = new Wire(MYSQL_SOCKET)
    if (seed % 3 !== 0) streams.handle(wire.open())
    for (const event of events(seed, wire, [0, 0.02, 0.1][seed % 3]!, seed % 2 === 0)) {
      streams.handle(event)
      if (seed % 5 === 0) streams.handle(event)
      if (wire.timeNs % 7 === 0) streams.tick(wire.timeNs)
    }
    streams.close()
    const rows = sink.rows(TABLE)
    expect(JSON.stringify(rows)).not.toContain(SECRET)
    for (const { req_body, rows_sent, rows_affected, outcome, resp_status } of rows) {
      const said = NUMBER.exec(String(req_body))
      const n = Number(said?.[1] ?? said?.[2] ?? said?.[3] ?? 0)
      if (n === 0 || resp_status !== 2) continue
      found++
      const counted = Number(rows_sent) + Number(rows_affected)
      if (outcome === 'complete') expect(counted, `${seed}: ${req_body}`).toBe(n)
      else expect(counted).toBeLessThanOrEqual(n)
    }
    expect(streams.heldBytes).toBe(0)
  }
  expect(found).toBeGreaterThan(1000)
})

test('without a loss each command has its row', () => {
  for (const isCompressed of [false, true]) {
    const { streams, sink, counters } = rig([mysql], { streamBytes: 128 << 10 })
    const wire = new Wire(MYSQL_SOCKET)
    streams.handle(wire.open())
    for (const event of events(7, wire, 0, isCompressed)) streams.handle(event)
    streams.close()
    expect(sink.rows(TABLE)).toHaveLength(62)
    expect(counters.unpairedFrames).toBe(0)
  }
})
