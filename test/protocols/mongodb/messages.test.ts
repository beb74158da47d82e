/** What the rows of MongoDB say, message by message. */
import { describe, expect, test } from 'bun:test'
import { BSON } from 'mongodb'
import { recognise, search } from '../../../src/protocols/mongodb/recognise'
import type { Head } from '../../../src/protocols/protocol'
import { ROLE_CLIENT } from '../../../src/records/types'
import * as Talk from './talk'
import { talk } from './talk'

const { DB, OK } = Talk

/** The row of one command and its answer. */
function rowOf(command: Talk.Document, answer: Talk.Document, options: Parameters<typeof Talk.msg>[1] = {}) {
  const { rows } = talk([
    ['>', Talk.msg({ ...command, ...DB }, { ...options, id: 7 })],
    ['<', Talk.msg(answer, { id: 8, to: 7 })],
  ])
  expect(rows).toHaveLength(1)
  return rows[0]!
}

test('a command and its answer: all columns', () => {
  const command = { find: 'goods', filter: { price: { $gt: 1.5 } }, limit: 2 }
  const answer = Talk.cursor([{ name: 'tea' }, { name: 'milk' }])
  const { rows } = talk([
    ['>', Talk.msg({ ...command, ...DB }, { id: 7 })],
    ['<', Talk.msg(answer, { id: 8, to: 7 })],
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    req_cmd: 'find',
    req_body: '{"find":"goods","filter":{"price":{"$gt":1.5}},"limit":2,"$db":"shop"}',
    resp_status: 'ok',
    resp_body: '{"cursor":{"firstBatch":[{"name":"tea"},{"name":"milk"}],"id":0,"ns":"shop.goods"},"ok":1}',
    latency: 1000,
    database: 'shop',
    collection: 'goods',
    docs_sent: 0,
    docs_returned: 2,
    n: 0,
    n_modified: 0,
    error_code: 0,
    error_text: '',
    answers: 1,
    compression: '',
    req_body_size: Talk.content({ ...command, ...DB }).length,
    resp_body_size: Talk.content(answer).length,
    outcome: 'complete',
  })
})

describe('documents that are sent', () => {
  const documents = [{ _id: 1 }, { _id: 2 }, { _id: 3 }]

  test.each([
    ['in a section of their own', {}, { sequences: { documents } }],
    ['in one in front of the body', {}, { sequences: { documents }, isLast: true }],
    ['within the body', { documents }, {}],
    ['with a checksum', {}, { sequences: { documents }, checksum: true }],
  ])('%s', (_, more, options) => {
    const row = rowOf({ insert: 'goods', ...more }, { n: 3, ...OK }, options)
    expect(row).toMatchObject({
      req_cmd: 'insert',
      collection: 'goods',
      docs_sent: 3,
      n: 3,
      resp_status: 'ok',
    })
    expect(JSON.parse(String(row.req_body))).toEqual({ insert: 'goods', ...DB, documents })
  })

  test('of a bulk write: operations, not what they are of', () => {
    const sequences = { ops: documents, nsInfo: [{ ns: 'shop.goods' }] }
    const answer = {
      ...Talk.cursor([]),
      nErrors: 0,
      nInserted: 1,
      nMatched: 2,
      nModified: 1,
      nUpserted: 0,
      nDeleted: 4,
    }
    const row = rowOf({ bulkWrite: 1 }, answer, { sequences })
    expect(row).toMatchObject({ req_cmd: 'bulkWrite', docs_sent: 3, n: 7, n_modified: 1, resp_status: 'ok' })
  })
})

test.each([
  [
    'update',
    { update: 'goods', updates: [{ q: {}, u: {} }] },
    { n: 5, nModified: 3 },
    { docs_sent: 1, n: 5, n_modified: 3 },
  ],
  ['distinct', { distinct: 'goods', key: 'name' }, { values: ['a', 1, null] }, { docs_returned: 3 }],
  [
    'findAndModify',
    { findAndModify: 'goods' },
    { lastErrorObject: { n: 1 }, value: { a: 1 } },
    { n: 1, docs_returned: 1 },
  ],
  [
    'getMore',
    { getMore: 5, collection: 'goods' },
    Talk.cursor([{}, {}], 5, 'nextBatch'),
    { docs_returned: 2 },
  ],
  [
    'listDatabases',
    { listDatabases: 1 },
    { databases: [{ name: 'shop' }] },
    { docs_returned: 1, collection: '' },
  ],
  ['createUser', { createUser: 'ann', pwd: 'hunter2' }, {}, { collection: '' }],
])('counts of %s', (name, command, answer, expected) => {
  const row = rowOf(command, { ...answer, ...OK })
  expect(row).toMatchObject({ req_cmd: name, resp_status: 'ok', ...expected })
  if (!('collection' in expected)) expect(row.collection).toBe('goods')
  expect(JSON.stringify(row)).not.toContain('hunter2')
})

describe('errors', () => {
  test.each([
    [
      'of the command',
      { ok: 0, errmsg: 'not found', code: 59, codeName: 'CommandNotFound' },
      59,
      'not found',
    ],
    [
      'of some of what it writes: the first one',
      {
        n: 1,
        writeErrors: [
          { index: 0, code: 11000, errmsg: 'duplicate' },
          { index: 1, code: 5, errmsg: 'x' },
        ],
        ...OK,
      },
      11000,
      'duplicate',
    ],
    [
      'of the write concern',
      { n: 1, writeConcernError: { code: 64, errmsg: 'timed out' }, ...OK },
      64,
      'timed out',
    ],
    [
      'with a secret in it',
      { ok: 0, errmsg: 'wrong: password=hunter2', code: 18 },
      18,
      'wrong: password=[redacted]',
    ],
    ['of a bulk write', { ...Talk.cursor([]), nErrors: 2 }, 0, ''],
  ])('%s', (_, answer, code, text) => {
    const row = rowOf({ insert: 'goods' }, answer)
    expect(row).toMatchObject({ resp_status: 'error', error_code: code, error_text: text })
  })
})

test('an error that comes behind much else is found', () => {
  const batch = Array.from({ length: 300 }, (_, i) => ({ _id: i, text: 'x'.repeat(500) }))
  const answer = { ...Talk.cursor(batch), ok: 0, errmsg: 'late', code: 8 }
  const bytes = Talk.msg(answer, { id: 8, to: 7 })
  const { rows } = talk([
    ['>', Talk.msg({ find: 'goods', ...DB }, { id: 7 })],
    ...Array.from(
      { length: Math.ceil(bytes.length / 10_000) },
      (_, i) => ['<' as const, bytes.subarray(i * 10_000, (i + 1) * 10_000)] as const,
    ),
  ])
  expect(rows[0]).toMatchObject({
    docs_returned: 300,
    error_code: 8,
    error_text: 'late',
    outcome: 'complete',
  })
  expect(rows[0]!.resp_body).toEndWith('…')
  expect(String(rows[0]!.resp_body)).toHaveLength(1025)
})

test('several answers to one command are one row', () => {
  const more = (name: string, id: number, to: number, flags = Talk.MORE) =>
    Talk.msg(Talk.cursor([{ name }], flags === 0 ? 0 : 5, 'nextBatch'), { id, to, flags })
  const { rows, counters } = talk([
    ['>', Talk.msg({ getMore: 5, collection: 'goods', ...DB }, { id: 7, flags: Talk.EXHAUST })],
    ['<', more('first', 101, 7)],
    ['<', more('second', 102, 101)],
    ['<', more('third', 103, 102)],
    ['<', more('last', 104, 103, 0)],
    ['<', more('nobody asked', 105, 104, 0)],
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    answers: 4,
    docs_returned: 4,
    resp_status: 'ok',
    outcome: 'complete',
    latency: 4000,
  })
  expect(rows[0]!.resp_body).toContain('first')
  expect(counters.unpairedFrames).toBe(1)
})

test('a stream of answers that is under way, and one that the end of the connection cuts', () => {
  const turns: Talk.Turn[] = [
    ['>', Talk.msg({ hello: 1, maxAwaitTimeMS: 10_000, ...DB }, { id: 7, flags: Talk.EXHAUST })],
    ['<', Talk.msg({ isWritablePrimary: true, ...OK }, { id: 8, to: 7, flags: Talk.MORE })],
  ]
  const { streams, live, wire } = talk(turns, { open: true })
  streams.underWay(wire.timeNs + 20e9)
  expect(live.rows('mongodb_events')).toMatchObject([{ req_cmd: 'hello', answers: 1, outcome: 'running' }])
  expect(talk(turns).rows).toMatchObject([{ answers: 1, outcome: 'cut' }])
})

test('a command that wants no answer has its row at once', () => {
  const { rows } = talk(
    [['>', Talk.msg({ delete: 'goods', deletes: [{}], ...DB }, { id: 7, flags: Talk.MORE })]],
    { open: true },
  )
  expect(rows).toMatchObject([
    { req_cmd: 'delete', docs_sent: 1, answers: 0, resp_status: '', outcome: 'complete' },
  ])
})

test('hello in the old form; a question of the old form', () => {
  const { rows } = talk([
    ['>', Talk.query('admin.$cmd', { $query: { ismaster: 1 }, $readPreference: {} }, { id: 1 })],
    ['<', Talk.reply([{ ismaster: true, ...OK }], { id: 9, to: 1 })],
    ['>', Talk.query('shop.goods', { name: 'tea' }, { id: 2 })],
    ['<', Talk.reply([{ name: 'tea' }, { name: 'tea' }], { id: 10, to: 2 })],
    ['>', Talk.query('shop.goods', { $bad: 1 }, { id: 3 })],
    ['<', Talk.reply([{ $err: 'bad', code: 17287 }], { id: 11, to: 3 }, 2)],
  ])
  expect(rows).toMatchObject([
    { req_cmd: 'ismaster', database: 'admin', collection: '', docs_returned: 0, resp_status: 'ok' },
    { req_cmd: 'find', database: 'shop', collection: 'goods', docs_returned: 2, req_body: '{"name":"tea"}' },
    { req_cmd: 'find', resp_status: 'error', error_code: 17287, error_text: 'bad' },
  ])
})

describe('secrets', () => {
  const secret = Buffer.from('hunter2')
  test.each([
    [{ saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: secret }, { payload: secret }],
    [
      { saslContinue: 1, conversationId: 1, payload: secret },
      { payload: secret, done: true },
    ],
    [{ authenticate: 1, user: 'ann', nonce: 'hunter2', key: 'hunter2' }, {}],
    [{ createUser: 'ann', pwd: 'hunter2', roles: [] }, {}],
    [{ updateUser: 'ann', pwd: secret }, {}],
    [
      { hello: 1, speculativeAuthenticate: { saslStart: 1, payload: secret } },
      { speculativeAuthenticate: { payload: secret } },
    ],
    [
      {
        insert: 'users',
        documents: [{ name: 'ann', password: 'hunter2', apiKey: secret, tokens: ['hunter2'] }],
      },
      {},
    ],
    [
      { find: 'users', filter: { 'login.password': { $eq: 'hunter2' } } },
      Talk.cursor([{ secret: { a: 'hunter2' } }]),
    ],
  ])('%j', (command, answer) => {
    const row = rowOf(command, { ...answer, ...OK })
    const text = JSON.stringify(row)
    expect(text).toContain('[redacted]')
    for (const form of ['hunter2', secret.toString('base64').slice(0, 8)]) expect(text).not.toContain(form)
  })

  test('in sections of documents', () => {
    const row = rowOf({ insert: 'users' }, OK, { sequences: { documents: [{ password: 'hunter2' }] } })
    expect(row.req_body).toBe('{"insert":"users","$db":"shop","documents":[{"password":"[redacted]"}]}')
  })

  test('are shown where the user wants it', () => {
    const { rows } = talk([['>', Talk.msg({ createUser: 'ann', pwd: 'hunter2', ...DB })]], {
      set: (settings) => Object.assign(settings, { redact: false }),
    })
    expect(rows[0]!.req_body).toContain('hunter2')
  })
})

describe('compressed', () => {
  test.each(['snappy', 'zlib', 'zstd'] as const)('%s', (compressor) => {
    const documents = Array.from({ length: 200 }, (_, i) => ({ _id: i, text: 'x'.repeat(100) }))
    const { rows } = talk([
      ['>', Talk.compressed(compressor, { insert: 'goods', ...DB }, { id: 1, sequences: { documents } })],
      ['<', Talk.compressed(compressor, { n: 200, ...OK }, { id: 2, to: 1 })],
    ])
    expect(rows).toMatchObject([
      { req_cmd: 'insert', compression: compressor, docs_sent: 200, n: 200, outcome: 'complete' },
    ])
    expect(rows[0]!.req_body_size).toBe(
      Talk.content({ insert: 'goods', ...DB }, { sequences: { documents } }).length,
    )
  })

  test('what can’t be decompressed is shown by its size, and is unknown', () => {
    const broken = Talk.compressed('zlib', { insert: 'goods', ...DB }, { id: 1 })
    broken.fill(0xff, 27)
    const { rows } = talk([
      ['>', broken],
      ['<', Talk.msg(OK, { id: 2, to: 1 })],
      ['>', broken],
    ])
    expect(rows).toMatchObject([
      { req_cmd: '<unknown>', compression: 'zlib', outcome: 'cut', resp_status: 'ok' },
    ])
    expect(rows[0]!.req_body).toBe(`<zlib ${broken.length - 25} bytes>`)
  })

  test('without time to decompress', () => {
    const turns = [
      ['>', Talk.compressed('zstd', { insert: 'goods', ...DB }, { id: 1 })],
      ['<', Talk.msg(OK, { id: 2, to: 1 })],
    ] as const
    const { rows } = talk(turns, {
      set: ({ decodeBudget }) => Object.assign(decodeBudget, { begin: () => false }),
    })
    expect(rows[0]!.req_cmd).toBe('<unknown>')
  })
})

describe('holes', () => {
  const documents = Array.from({ length: 40 }, (_, i) => ({ _id: i, text: 'x'.repeat(1000) }))
  const insert = Talk.msg({ insert: 'goods', ...DB }, { id: 1, sequences: { documents } })
  const find = Talk.msg({ find: 'goods', ...DB }, { id: 1 })

  test('among documents: the command is known, and that some weren’t seen', () => {
    const { rows } = talk([
      ['>', insert, 20_000],
      ['<', Talk.msg({ n: 40, ...OK }, { id: 2, to: 1 })],
    ])
    expect(rows).toMatchObject([
      { req_cmd: 'insert', n: 40, outcome: 'cut', req_body_size: insert.length - 16 },
    ])
  })

  test('within one value: nothing that counts is lost', () => {
    const long = Talk.msg({ find: 'goods', filter: { text: 'y'.repeat(9000) } }, { id: 1 })
    const { rows } = talk([
      ['>', long.subarray(0, 4000)],
      ['>', long.subarray(4000, 8000), 0],
      ['>', long.subarray(8000)],
      ['<', Talk.msg(Talk.cursor([{}]), { id: 2, to: 1 })],
    ])
    expect(rows).toMatchObject([{ req_cmd: 'find', docs_returned: 1, outcome: 'complete' }])
  })

  test('within a list of an answer: what is behind it counts', () => {
    const answer = Talk.msg({ ...Talk.cursor(documents), ok: 0, code: 7, errmsg: 'late' }, { id: 2, to: 1 })
    const { rows } = talk([
      ['>', find],
      ['<', answer.subarray(0, 5000)],
      ['<', answer.subarray(5000, 9000), 0],
      ['<', answer.subarray(9000)],
    ])
    expect(rows).toMatchObject([{ resp_status: 'error', error_code: 7, error_text: 'late', outcome: 'cut' }])
  })

  test('a lost answer within a stream of them: nothing is shown with wrong counts', () => {
    const answers = [
      Talk.msg(Talk.cursor([{}], 5), { id: 101, to: 1, flags: Talk.MORE }),
      Talk.msg(Talk.cursor([{}], 5), { id: 102, to: 101, flags: Talk.MORE }),
      Talk.msg(Talk.cursor([{}], 0), { id: 103, to: 102 }),
    ] as const
    const { rows, counters } = talk([
      ['>', Talk.msg({ getMore: 5, collection: 'goods', ...DB }, { id: 1, flags: Talk.EXHAUST })],
      ['<', answers[0]],
      ['<', answers[1], 0],
      ['<', answers[2]],
    ])
    expect(rows).toEqual([])
    expect(counters.unpairedFrames).toBe(2)
  })
})

test('answers without their commands are counted, not shown', () => {
  const { rows, counters } = talk(
    [
      ['<', Talk.msg({ n: 3, ...OK }, { id: 2, to: 1 })],
      ['<', Talk.msg({ n: 4, ...OK }, { id: 3, to: 2 })],
      ['>', Talk.msg({ ping: 1, ...DB }, { id: 9 })],
      ['<', Talk.msg(OK, { id: 4, to: 9 })],
    ],
    { joined: true },
  )
  expect(rows).toMatchObject([{ req_cmd: 'ping', resp_status: 'ok' }])
  expect(counters.unpairedFrames).toBeGreaterThan(0)
})

test('a client’s end, joined within an answer', () => {
  const answer = Talk.msg(Talk.cursor([{ text: 'x'.repeat(3000) }]), { id: 2, to: 1 })
  const all = talk(
    [
      ['<', answer.subarray(1000)],
      ['>', Talk.msg({ count: 'goods', ...DB }, { id: 10 })],
      ['<', Talk.msg({ n: 3, ...OK }, { id: 3, to: 10 })],
    ],
    { joined: true, socket: { role: ROLE_CLIENT } },
  )
  expect(all.rows).toMatchObject([{ req_cmd: 'count', n: 3, trace_role: ROLE_CLIENT }])
})

describe('recognition', () => {
  const asked = (bytes: Uint8Array) => {
    const head: Head = { bytes, transport: 'tcp', isOpening: false, from: undefined, ownPort: 4, peerPort: 5 }
    return recognise(head)
  }
  const client = { side: 'client', sure: true } as const
  const server = { side: 'server', sure: true } as const

  test.each([
    ['a command', Talk.msg({ ping: 1 }), client],
    [
      'with a section in front',
      Talk.msg({ insert: 'g' }, { sequences: { documents: [{}] }, isLast: true }),
      client,
    ],
    ['an answer', Talk.msg(OK, { to: 1 }), server],
    ['hello in the old form', Talk.query('admin.$cmd', { hello: 1 }), client],
    ['its answer', Talk.reply([OK], { to: 1 }), server],
    ['a compressed command', Talk.compressed('zstd', { ping: 1 }), client],
    ['a compressed answer', Talk.compressed('snappy', OK, { to: 3 }), server],
  ])('%s', (_, bytes, expected) => expect(asked(bytes)).toEqual(expected))

  test.each([
    ['an unknown operation', Talk.message(2014, {}, Talk.content({ ping: 1 }))],
    ['unknown flags', Talk.message(2013, {}, Talk.content({ ping: 1 }, { flags: 4 }))],
    ['a length that lies', Buffer.concat([Talk.le(20), Talk.msg({ ping: 1 }).subarray(4)])],
    [
      'a document longer than the message',
      Buffer.concat([Talk.msg({ ping: 1 }).subarray(0, 21), Talk.le(999), Buffer.from('\x10a\0')]),
    ],
    ['no name of a collection', Talk.query('cmd', { hello: 1 })],
    [
      'zlib without its head',
      Talk.message(2012, {}, Buffer.concat([Talk.le(2013), Talk.le(50), Buffer.of(2), Buffer.alloc(20)])),
    ],
  ])('not %s', (_, bytes) => expect(asked(bytes)).toBe('no'))

  test('a message is found behind other bytes', () => {
    const bytes = Buffer.concat([Buffer.alloc(100, 'xy'), Talk.msg({ ping: 1 })])
    expect(search(bytes, 0)).toBe(100)
    expect(search(Buffer.alloc(100, 'xy'), 0)).toBe(-1)
  })
})

test('the driver’s own library reads what is shown', () => {
  const row = rowOf({ find: 'goods', filter: { _id: new BSON.ObjectId(), at: new Date(1e12) } }, OK)
  expect(Object.keys(BSON.EJSON.parse(String(row.req_body)))).toEqual(['find', 'filter', '$db'])
})
