/** Which messages become which rows. */
import { describe, expect, test } from 'bun:test'
import { SENT } from '../../../src/events/socket-event'
import { pass } from '../../streams/wire'
import { connect, GREETING, INFO, msg, NATS_SOCKET, pub, type Turn, talk, withHeaders } from './talk'

/** Rows behind the greeting. */
const after = (...turns: Turn[]) => talk([...GREETING, ...turns]).said.slice(4)

describe('messages of a client', () => {
  test('the greeting: the server speaks first', () => {
    const { said, rows } = talk(GREETING)
    expect(said.map((text) => text.split(' ')[0]!)).toEqual(['INFO', 'CONNECT', 'PING', 'PONG'])
    expect(said[0]).toContain('"server_id":"N1"')
    expect(rows.map(({ sender }) => sender)).toEqual(['server', 'client', 'client', 'server'])
    expect(rows[0]).toMatchObject({ trace_role: 2, local_port: 4222, encrypted: false, resp: '' })
  })

  test('published', () => {
    expect(after(['client', pub('a.b', 'hello')])).toEqual([
      'PUB {"subject":"a.b","payload":"hello","size":5}',
    ])
    expect(after(['client', pub('a.b _INBOX.1', '')])).toEqual([
      'PUB {"subject":"a.b","reply_to":"_INBOX.1","payload":"","size":0}',
    ])
  })

  test('pushed', () => {
    expect(after(['server', msg('a.b 7', 'hello')])).toEqual([
      'MSG {"subject":"a.b","sid":"7","payload":"hello","size":5}',
    ])
    expect(after(['server', msg('a 7 r.1', 'x')])).toEqual([
      'MSG {"subject":"a","sid":"7","reply_to":"r.1","payload":"x","size":1}',
    ])
  })

  test('subscriptions', () => {
    const text = 'SUB a.* 1\r\nSUB b.> workers 2\r\nUNSUB 1\r\nUNSUB 2 5\r\n'
    expect(after(['client', text])).toEqual([
      'SUB {"subject":"a.*","sid":"1"}',
      'SUB {"subject":"b.>","queue_group":"workers","sid":"2"}',
      'UNSUB {"sid":"1"}',
      'UNSUB {"sid":"2","max_msgs":5}',
    ])
  })

  test('headers', () => {
    expect(after(['client', withHeaders('HPUB a r', { One: '1', Two: 'x: y' }, 'hi')])).toEqual([
      'HPUB {"subject":"a","reply_to":"r","headers":{"One":"1","Two":"x: y"},"payload":"hi","size":2}',
    ])
    expect(after(['server', withHeaders('HMSG a 9', { One: '1' }, '')])).toEqual([
      'HMSG {"subject":"a","sid":"9","headers":{"One":"1"},"payload":"","size":0}',
    ])
    const status = 'NATS/1.0 503 No Responders\r\n\r\n'
    expect(after(['server', `HMSG r 1 ${status.length} ${status.length}\r\n${status}\r\n`])).toEqual([
      'HMSG {"subject":"r","sid":"1","status":503,"description":"No Responders","headers":{},"payload":"","size":0}',
    ])
    const repeated = 'NATS/1.0\r\nA: 1\r\nA: 2\r\n__proto__: 3\r\n\r\n'
    const [row] = after(['client', `HPUB a ${repeated.length} ${repeated.length}\r\n${repeated}\r\n`])
    expect(row).toContain('"headers":{"A":"1, 2","__proto__":"3"}')
  })

  test('verbs in any case, spaces and tabs, LF alone', () => {
    const text = 'pub\ta.b \t 2 \r\nhi\r\nSub  x   1\nPiNg\r\nunsub 1\r\n'
    expect(after(['client', text])).toEqual([
      'PUB {"subject":"a.b","payload":"hi","size":2}',
      'SUB {"subject":"x","sid":"1"}',
      'PING {}',
      'UNSUB {"sid":"1"}',
    ])
  })

  test('subjects and payloads in UTF-8, payloads that are no text, line breaks in them', () => {
    const utf8 = Buffer.from('grüße').toString('latin1')
    expect(after(['client', pub(utf8, utf8)])).toEqual(['PUB {"subject":"grüße","payload":"grüße","size":7}'])
    const [binary] = after(['client', pub('b', '\x00\x01\xffPNG')])
    expect(JSON.parse(binary!.slice(4))).toMatchObject({ payload: '<binary 6 bytes> ...PNG', size: 6 })
    expect(after(['client', pub('l', 'a\r\nPUB x 1\r\ny\r\n')])).toHaveLength(1)
  })

  test('many in one write, each a row', () => {
    const many = Array.from({ length: 500 }, (_, i) => pub(`s.${i}`, `m${i}`)).join('')
    const rows = after(['client', many])
    expect(rows).toHaveLength(500)
    expect(rows[499]).toBe('PUB {"subject":"s.499","payload":"m499","size":4}')
  })

  test('a message is dated by its last byte', () => {
    const { wire, streams, sink } = talk(GREETING, { open: true })
    streams.handle(wire.request('PUB a 4\r\nhe'))
    streams.handle(wire.request('ll\r'))
    const last = wire.request('\n')
    streams.handle(last)
    expect(sink.rows('nats_events.beta').at(-1)).toMatchObject({ cmd: 'PUB', time_: last.timeNs })
  })
})

describe('large payloads', () => {
  const head = 'x'.repeat(1024)

  test('the head is kept, the size is true', () => {
    const [row] = after(['client', pub('big', 'x'.repeat(1_000_000))])
    expect(JSON.parse(row!.slice(4))).toEqual({ subject: 'big', payload: head, size: 1_000_000 })
  })

  test('only the head of the call was captured', () => {
    const rows = after(
      ['client', pub('big', 'x'.repeat(100_000)), 4096],
      ['client', pub('next', 'y')],
      ['server', msg('big 1', 'x'.repeat(50_000)), 100],
      ['server', msg('next 1', 'y')],
    )
    expect(rows.map((row) => JSON.parse(row.slice(4))).map(({ subject, size }) => [subject, size])).toEqual([
      ['big', 100_000],
      ['next', 1],
      ['big', 50_000],
      ['next', 1],
    ])
    expect(JSON.parse(rows[0]!.slice(4)).payload).toBe(head)
  })

  test('a message that ended within bytes that are missing was sent', () => {
    const { wire, streams, sink } = talk(GREETING, { open: true })
    streams.handle(wire.request('PUB a 1000\r\nabc'))
    wire.request(`${'x'.repeat(997)}\r\n${pub('lost', '1')}`)
    streams.handle(wire.request(pub('after', '2')))
    streams.tick(wire.timeNs + 1e9)
    const rows = sink.rows('nats_events.beta').slice(4)
    expect(rows.map(({ body }) => JSON.parse(body as string))).toEqual([
      { subject: 'a', payload: 'abc', size: 1000 },
      { subject: 'after', payload: '2', size: 1 },
    ])
  })

  test('without a limit for bodies: sizes only', () => {
    const { said } = talk([...GREETING, ['client', pub('a', 'secret')]], { settings: { bodyLimit: 0 } })
    expect(said.at(-1)).toBe('PUB {"subject":"a","payload":"","size":6}')
  })

  test('nothing of them is held beyond what is kept', () => {
    const { wire, streams, counters } = talk(GREETING, { open: true })
    streams.handle(wire.request(`PUB a 1000000\r\n${'x'.repeat(5000)}`))
    expect(counters.resets).toBe(0)
    expect(streams.heldBytes).toBeLessThan(4096)
  })
})

describe('a verbose server', () => {
  const VERBOSE: readonly Turn[] = [
    ['server', INFO],
    ['client', connect({ verbose: true })],
    ['server', '+OK\r\n'],
  ]
  const resps = (...turns: Turn[]) =>
    talk([...VERBOSE, ...turns]).rows.map(({ cmd, resp }) => `${cmd} ${resp}`.trim())

  test('each command has its answer, PING has PONG', () => {
    const rows = resps(
      ['client', 'SUB a 1\r\nPING\r\n'],
      ['server', '+OK\r\nPONG\r\n'],
      ['client', pub('a', '1')],
      ['server', `+OK\r\n${msg('a 1', '1')}`],
    )
    expect(rows.sort()).toEqual(['CONNECT +OK', 'INFO', 'MSG', 'PING', 'PONG', 'PUB +OK', 'SUB +OK'])
  })

  test('in order, when many wait', () => {
    const rows = resps(
      ['client', Array.from({ length: 100 }, (_, i) => pub(`s${i}`, '')).join('')],
      ['server', '+OK\r\n'.repeat(49)],
      ['server', `-ERR 'Permissions Violation for Publish to "s49"'\r\n`],
      ['server', '+OK\r\n'.repeat(50)],
    )
    const answers = rows.slice(2)
    expect(answers[49]).toBe(`PUB -ERR 'Permissions Violation for Publish to "s49"'`)
    expect(answers.filter((row) => row === 'PUB +OK')).toHaveLength(99)
  })

  test('an error about something else is a row of its own, and takes nobody the answer', () => {
    const rows = resps(['client', pub('a', '1')], ['server', `-ERR 'Stale Connection'\r\n+OK\r\n`])
    expect(rows.slice(2)).toEqual([`-ERR -ERR 'Stale Connection'`, 'PUB +OK'])
  })

  test('wrong credentials', () => {
    const turns: Turn[] = [
      ['server', INFO],
      ['client', connect({ verbose: true, pass: 'x' })],
      ['server', `-ERR 'Authorization Violation'\r\n`],
    ]
    expect(talk(turns).rows.map(({ cmd, resp }) => [cmd, resp])).toEqual([
      ['INFO', ''],
      ['CONNECT', `-ERR 'Authorization Violation'`],
    ])
    const plain = talk([...turns.slice(0, 1), ['client', connect({ pass: 'x' })], turns[2]!]).said
    expect(plain.slice(2)).toEqual([
      `-ERR {"error":"Authorization Violation"} -ERR 'Authorization Violation'`,
    ])
  })

  test('without CONNECT a server is verbose', () => {
    const { said } = talk([
      ['server', INFO],
      ['client', pub('a', '1')],
      ['server', '+OK\r\n'],
    ])
    expect(said[1]).toBe('PUB {"subject":"a","payload":"1","size":1} +OK')
  })

  test('commands without an answer are rows: after a while, at the end, when too many wait', () => {
    const { wire, streams, sink } = talk([...VERBOSE, ['client', pub('a', '1')]], { open: true })
    const rows = () => sink.rows('nats_events.beta')
    expect(rows()).toHaveLength(2)
    wire.timeNs += 6e9
    streams.tick(wire.timeNs)
    expect(rows()).toHaveLength(3)
    streams.handle(wire.request(pub('a', '1').repeat(5000)))
    pass(streams, wire)
    expect(rows().length).toBeGreaterThan(3900)
    streams.close()
    expect(rows()).toHaveLength(5003)
  })

  test('behind lost answers nobody gets the answer to another', () => {
    const { wire, streams, sink } = talk(VERBOSE, { open: true })
    streams.handle(wire.request('SUB a 1\r\nSUB b 2\r\nSUB c 3\r\n'))
    wire.data(SENT, '+OK\r\n')
    streams.handle(wire.response(`-ERR 'Permissions Violation for Subscription to "b"'\r\n+OK\r\n`))
    streams.tick(wire.timeNs + 10e9)
    streams.close()
    const rows = sink.rows('nats_events.beta').slice(2)
    const answers = new Map(
      rows.map(({ body, resp }) => [JSON.parse(body as string).subject, resp as string]),
    )
    expect(rows.filter(({ cmd }) => cmd === 'SUB')).toHaveLength(3)
    // The error names b, and with that it is known whose the next answer is.
    expect(['', '+OK']).toContain(answers.get('a')!)
    expect(answers.get('b')).toStartWith('-ERR')
    expect(answers.get('c')).toBe('+OK')
    expect(rows.filter(({ resp }) => String(resp).startsWith('-ERR'))).toHaveLength(1)
  })

  test('behind lost answers an error that may be about several commands is a row of its own', () => {
    const { wire, streams, sink } = talk(VERBOSE, { open: true })
    streams.handle(wire.request(pub('a', '1') + pub('same', '2') + pub('same', '3')))
    wire.data(SENT, '+OK\r\n')
    streams.handle(wire.response(`-ERR 'Permissions Violation for Publish to "same"'\r\n`))
    streams.tick(wire.timeNs + 10e9)
    streams.close()
    const rows = sink.rows('nats_events.beta').slice(2)
    expect(rows.map(({ cmd }) => cmd).sort()).toEqual(['-ERR', 'PUB', 'PUB', 'PUB'])
    expect(rows.filter(({ cmd, resp }) => cmd === 'PUB' && resp !== '')).toEqual([])
  })

  test('a command whose end comes behind its answer has that answer, and the next its own', () => {
    const { wire, streams, sink } = talk(VERBOSE, { open: true })
    streams.handle(wire.request('PUB a 8\r\n12345678\r\n', 9))
    streams.handle(wire.response('+OK\r\n'))
    streams.handle(wire.request('UNSUB 1\r\n'))
    streams.handle(wire.response('+OK\r\n'))
    streams.tick(wire.timeNs + 1e9)
    const rows = sink.rows('nats_events.beta').slice(2)
    expect(rows.map(({ cmd, resp }) => `${cmd} ${resp}`)).toEqual(['PUB +OK', 'UNSUB +OK'])
  })

  test('a connection that was joined under way is verbose from its first +OK on', () => {
    const { said } = talk(
      [
        ['client', pub('a', '1')],
        ['server', '+OK\r\n'],
        ['client', pub('b', '2')],
        ['server', '+OK\r\n'],
        ['client', pub('c', '3')],
        ['server', '+OK\r\n'],
      ],
      { joined: true, socket: NATS_SOCKET },
    )
    expect(said).toHaveLength(3)
    expect(said[2]).toEndWith('+OK')
  })
})
