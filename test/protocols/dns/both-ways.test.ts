import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../../src/events/socket-event'
import { dns } from '../../../src/protocols/dns'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN } from '../../../src/records/types'
import { rig, Wire } from '../../streams/wire'
import { answer, query } from './build'

describe('two servers that ask each other from the same ports', () => {
  const both = (role: typeof ROLE_SERVER | typeof ROLE_CLIENT) => {
    const all = rig([dns])
    const wire = new Wire({
      transport: 'udp',
      role: ROLE_UNKNOWN,
      connId: 1,
      local: ['10.0.0.1', 53],
      remote: ['10.0.0.2', 53],
    })
    const first = role === ROLE_SERVER ? RECEIVED : SENT
    const other = role === ROLE_SERVER ? SENT : RECEIVED
    const say = (direction: typeof SENT | typeof RECEIVED, bytes: Uint8Array) =>
      all.streams.handle({ ...wire.data(direction, bytes), offset: 0 })
    // Both take the same id, and ask before they are answered.
    say(first, query(7, 'first.example'))
    say(other, query(7, 'second.example'))
    say(first, answer(7, 'second.example', ['192.0.2.2']))
    say(other, answer(7, 'first.example', ['192.0.2.1']))
    all.streams.tick(wire.timeNs + 1e9)
    return all.sink.rows('dns_events').map((row) => {
      const { queries } = JSON.parse(row.req_body as string)
      const { answers } = JSON.parse(row.resp_body as string)
      return [queries[0].name, answers[0].addr, row.trace_role, row.outcome]
    })
  }

  test('each question has its answer, and the role that its asker has in it', () => {
    expect(both(ROLE_SERVER)).toEqual([
      ['second.example', '192.0.2.2', ROLE_CLIENT, 'complete'],
      ['first.example', '192.0.2.1', ROLE_SERVER, 'complete'],
    ])
    expect(both(ROLE_CLIENT)).toEqual([
      ['second.example', '192.0.2.2', ROLE_SERVER, 'complete'],
      ['first.example', '192.0.2.1', ROLE_CLIENT, 'complete'],
    ])
  })
})
