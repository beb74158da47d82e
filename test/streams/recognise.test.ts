/** Which protocol a connection is taken for: the surest, with ports, roles and openings seen. */
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import type { Head, Protocol, Recognition } from '../../src/protocols/protocol'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { recognise } from '../../src/streams/recognise'
import { linesProtocol } from './plain-protocol'
import { end, rig, Wire } from './wire'

const answering = (name: string, answer: (head: Head) => Recognition): Protocol => ({
  ...linesProtocol({ name }),
  recognise: answer,
  search: () => -1,
})

const head = (text: string, more: Partial<Head> = {}): Head => ({
  bytes: new Uint8Array(Buffer.from(text, 'latin1')),
  transport: 'tcp',
  isOpening: true,
  from: undefined,
  ownPort: 40_000,
  peerPort: 80,
  ...more,
})

const choose = (protocols: readonly Protocol[], of: Head, refused: readonly Protocol[] = []) => {
  const found = recognise(protocols, of, of.bytes.length, new Set(refused))
  return typeof found === 'string' ? found : `${found.protocol.name} ${found.side} ${found.at}`
}

describe('recognition', () => {
  const no = answering('no', () => 'no')
  const more = answering('more', () => 'need-more')
  const likely = answering('likely', () => ({ side: 'client', sure: false }))
  const other = answering('other', () => ({ side: 'server', sure: false }))
  const sure = answering('sure', () => ({ side: 'server', sure: true }))

  test('the surest wins, wherever it stands in the list', () => {
    expect(choose([no, likely, sure], head('x'))).toBe('sure server 0')
    expect(choose([sure, likely], head('x'))).toBe('sure server 0')
    expect(choose([more, sure], head('x'))).toBe('sure server 0')
  })

  test('what is likely waits for those that need more', () => {
    expect(choose([likely, more], head('x'))).toBe('need-more')
    expect(choose([likely, no], head('x'))).toBe('likely client 0')
    expect(choose([no], head('x'))).toBe('nothing')
  })

  test('what is likely agrees with who dialled', () => {
    expect(choose([likely, other], head('x', { from: 'server' }))).toBe('other server 0')
    expect(choose([likely], head('x', { from: 'server' }))).toBe('nothing')
    expect(choose([sure], head('x', { from: 'client' }))).toBe('sure server 0')
  })

  test('a protocol is asked over its transports only, and not when these bytes have refused it', () => {
    const udp = linesProtocol({ transports: ['udp'] })
    expect(choose([udp], head('>x\n'))).toBe('nothing')
    expect(choose([udp], head('>x\n', { transport: 'udp' }))).toBe('lines client 0')
    expect(choose([sure, likely], head('x'), [sure])).toBe('likely client 0')
  })

  test('only what is sure is searched for within a stream that was joined under way', () => {
    const doubtful = linesProtocol({ sure: false })
    expect(choose([linesProtocol()], head('abc>x\n', { isOpening: false }))).toBe('lines client 3')
    expect(choose([doubtful], head('abc>x\n', { isOpening: false }))).toBe('nothing')
    expect(choose([linesProtocol()], head('abc>x\n'))).toBe('nothing')
  })

  test('of two that are found the first in the stream is meant, wherever it stands in the list', () => {
    const other = linesProtocol({ name: 'other', client: '?', server: '!' })
    for (const protocols of [
      [linesProtocol(), other],
      [other, linesProtocol()],
    ]) {
      expect(choose(protocols, head('abc?x>\n', { isOpening: false }))).toBe('other client 3')
      expect(choose(protocols, head('abc>x?\n', { isOpening: false }))).toBe('lines client 3')
    }
  })

  test('a message is found at the beginning of the newest event, behind bytes that are none', () => {
    const lines = linesProtocol({ sure: false })
    const found = recognise([lines], head('abc>x\n'), 3, new Set())
    expect(found).toMatchObject({ protocol: lines, side: 'client', at: 3 })
    expect(recognise([lines], head('abc>x\n'), 2, new Set())).toBe('nothing')
  })

  test('only the last 64 KiB of a joined stream are searched, and what is found counts from its beginning', () => {
    const long = (before: number, behind: number) =>
      head(`${'x'.repeat(before)}>x\n${'x'.repeat(behind)}`, { isOpening: false })
    expect(choose([linesProtocol()], long(100_000, 10))).toBe('lines client 100000')
    expect(choose([linesProtocol()], long(10, 100_000))).toBe('nothing')
  })

  test('a search that answers nonsense finds nothing', () => {
    for (const at of [-5, Number.NaN, 1e9]) {
      const odd: Protocol = { ...linesProtocol(), search: () => at }
      expect(choose([odd], head('abc>x\n', { isOpening: false }))).toBe('nothing')
    }
  })

  test('a protocol sees ports, role and whether the opening was seen', () => {
    const heads: Head[] = []
    const curious = answering('curious', (seen) => {
      heads.push({ ...seen, bytes: new Uint8Array(0) })
      return 'no'
    })
    const { streams } = rig([curious])
    const wire = new Wire({ role: ROLE_SERVER, local: ['10.0.0.1', 53], remote: ['10.0.0.2', 4000] })
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, 'question'))
    const joined = new Wire({ role: ROLE_CLIENT, local: ['10.0.0.2', 4000], remote: ['10.0.0.1', 53] })
    streams.handle(joined.data(RECEIVED, 'answer'))
    const seen = { transport: 'tcp', bytes: new Uint8Array(0) } as const
    expect(heads).toEqual([
      { ...seen, isOpening: true, from: 'client', ownPort: 4000, peerPort: 53 },
      { ...seen, isOpening: false, from: 'server', ownPort: 53, peerPort: 4000 },
    ])
  })
})

describe('a message that waits, as it may be of a protocol that needs more', () => {
  const faint = linesProtocol({ name: 'faint', sure: false })
  const waits = answering('waits', ({ bytes }) => (bytes.length < 200 ? 'need-more' : 'no'))

  test.each(['new', 'joined'])('is whole once the other end speaks: a %s connection', (kind) => {
    const { streams, sink } = rig([waits, faint])
    const wire = new Wire()
    if (kind === 'new') streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, '>1\n'))
    expect(sink.rows('lines')).toEqual([])
    streams.handle(wire.data(SENT, '<2\n'))
    streams.handle(wire.data(RECEIVED, '>3\n'))
    end(streams, wire)
    expect(sink.rows('lines').map(({ text }) => text)).toEqual(['>1', '<2', '>3'])
  })

  test('is whole once nothing comes for a second', () => {
    const { streams, sink } = rig([waits, faint])
    const wire = new Wire()
    streams.handle(wire.data(RECEIVED, '>1\n'))
    streams.tick(wire.timeNs + 0.9e9)
    expect(sink.rows('lines')).toEqual([])
    streams.tick(wire.timeNs + 1.2e9)
    expect(sink.rows('lines').map(({ text }) => text)).toEqual(['>1'])
  })

  test('is whole at the end of its connection', () => {
    const { streams, sink } = rig([waits, faint])
    const wire = new Wire()
    streams.handle(wire.data(RECEIVED, '>1\n'))
    end(streams, wire)
    expect(sink.rows('lines').map(({ text }) => text)).toEqual(['>1'])
  })

  test('stays unknown where no protocol is likely', () => {
    const { streams, sink } = rig([waits, faint])
    const wire = new Wire()
    streams.handle(wire.data(RECEIVED, '?1\n'))
    streams.handle(wire.data(SENT, '!2\n'))
    streams.handle(wire.data(RECEIVED, '?3\n'))
    end(streams, wire)
    expect(sink.rows('lines')).toEqual([])
  })

  test('may still be of the one that needs more, as long as only its end speaks', () => {
    const more = linesProtocol({ client: '>a', server: '<b' })
    const long: Protocol = {
      ...more,
      code: 98,
      recognise: ({ bytes }) => (bytes.length < 6 ? 'need-more' : { side: 'client', sure: true }),
    }
    const { streams, sink } = rig([faint, long])
    const wire = new Wire()
    streams.handle(wire.data(RECEIVED, '>a1'))
    streams.handle(wire.data(RECEIVED, '23\n'))
    streams.handle(wire.data(SENT, '<b\n'))
    end(streams, wire)
    streams.connStats(10e9)
    expect(sink.rows('conn_stats')[0]).toMatchObject({ protocol: 98 })
    expect(sink.rows('lines').map(({ text }) => text)).toEqual(['>a123', '<b'])
  })
})

describe('mistakes are taken back', () => {
  test('a likely protocol that can read nothing makes room for another', () => {
    const greedy = linesProtocol({ name: 'greedy', client: 'a', server: 'b', sure: false })
    const right = linesProtocol({ name: 'right', client: 'a>', server: 'a<', sure: false })
    const { streams, sink } = rig([greedy, right])
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, 'a>1\n'))
    for (let i = 0; i < 12; i++) streams.handle(wire.data(SENT, `a<${i}\n`))
    for (let i = 0; i < 3; i++) streams.handle(wire.data(RECEIVED, `a>later ${i}\n`))
    end(streams, wire)
    expect(sink.rows('lines').length).toBeGreaterThan(3)
  })

  test('what looked like TLS is not, once a known message begins', () => {
    const { streams, sink, verdicts } = rig([linesProtocol()])
    const wire = new Wire()
    streams.handle(wire.data(RECEIVED, '\x17\x03\x03\x00\x05hello'))
    expect(verdicts.at(-1)!.verdict.action).toBe('count')
    streams.handle(wire.data(RECEIVED, '>after all\n'))
    expect(verdicts.at(-1)!.verdict.action).toBe('capture')
    streams.handle(wire.data(SENT, '<yes\n'))
    end(streams, wire)
    streams.connStats(10e9)
    expect(sink.rows('lines').map(({ text }) => text)).toEqual(['>after all', '<yes'])
    expect(sink.rows('conn_stats')[0]).toMatchObject({ ssl: false, protocol: 99 })
  })
})

describe('hand-over', () => {
  const first = linesProtocol()
  const second = linesProtocol({ name: 'second', client: '?', server: '!', upgrades: ['alias'] })

  test.each(['second', 'alias', 'any'])('to %s goes on with the bytes behind', (next) => {
    const { streams, sink } = rig([first, second])
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, `>leave ${next}\n?one\n?tw`))
    streams.handle(wire.data(RECEIVED, 'o\n'))
    streams.handle(wire.data(SENT, '!three\n'))
    end(streams, wire)
    const texts = sink.rows('lines').map(({ text }) => text)
    expect(texts).toEqual([`>leave ${next}`, '?one', '?two', '!three'])
  })

  test('to an unknown protocol: only bytes are counted', () => {
    const { streams, verdicts } = rig([first])
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, '>leave elsewhere\n>not read\n'))
    expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
  })
})
