/** What rows of `memcached_events` say, and whom they take for Memcached. */
import { describe, expect, test } from 'bun:test'
import { performance } from 'node:perf_hooks'
import { memcached } from '../../../src/protocols/memcached'
import type { Head, Recognition } from '../../../src/protocols/protocol'
import { FLAGS, FLAGS_AND_TIME, found, request, response, store, type Turn, talk } from './talk'

describe('text', () => {
  test.each([
    ['set k 0 60 1\r\nx\r\n', 'STORED\r\n', 'set k 0 60 1 x > STORED'],
    ['cas k 0 60 1 77\r\nx\r\n', 'EXISTS\r\n', 'cas k 0 60 1 77 x > EXISTS'],
    ['get k\r\n', 'END\r\n', 'get k > END'],
    ['get k\r\n', found('k', 'value'), 'get k > END value'],
    ['gets k\r\n', 'VALUE k 5 1 99\r\nx\r\nEND\r\n', 'gets k > END x'],
    ['gat 60 k\r\n', found('k', 'value'), 'gat k 60 > END value'],
    ['incr k 5\r\n', '12\r\n', 'incr k 5 > 12'],
    ['touch k 5\r\n', 'TOUCHED\r\n', 'touch k 5 > TOUCHED'],
    ['delete k\r\n', 'DELETED\r\n', 'delete k > DELETED'],
    ['version\r\n', 'VERSION 1.6.18\r\n', 'version > VERSION 1.6.18'],
    ['flush_all 5\r\n', 'OK\r\n', 'flush_all 5 > OK'],
    ['get k\r\n', 'SERVER_ERROR out of memory\r\n', 'get k > SERVER_ERROR out of memory'],
    ['stats\r\n', 'STAT pid 7\r\nSTAT version 1.6\r\nEND\r\n', 'stats > END {"pid":"7","version":"1.6"}'],
    ['config get cluster\r\n', 'CONFIG cluster 0 4\r\n12\nx\r\nEND\r\n', 'config get cluster > END 12\nx'],
    ['mg k v t\r\n', 'VA 1 t5\r\nx\r\n', 'mg k v t > VA 1 t5 x'],
    ['ms k 1 T5\r\nx\r\n', 'NS\r\n', 'ms k 1 T5 x > NS'],
    ['ma k N0\r\n', 'HD\r\n', 'ma k N0 > HD'],
    ['me k\r\n', 'ME k exp=-1 la=5\r\n', 'me k > ME k exp=-1 la=5'],
  ])('%p', (asks, answers, said) => {
    const talked = talk([
      ['client', 'version\r\n'],
      ['server', 'VERSION 1\r\n'],
      ['client', asks],
      ['server', answers],
      ['client', 'get next\r\n'],
      ['server', 'END\r\n'],
    ])
    expect(talked.said).toEqual(['version > VERSION 1', said, 'get next > END'])
    expect(talked.counters.parseFailures).toBe(0)
  })

  test('several keys: how many were found, and each value', () => {
    const { rows } = talk([
      ['client', 'get a b c\r\n'],
      ['server', found('a', 'one', found('c', 'three'))],
    ])
    expect(rows).toMatchObject([
      { key: '["a","b","c"]', keys: 3, hits: 2, resp_body: '{"a":"one","c":"three"}', resp_size: 8 },
    ])
  })

  test('many keys: as many as there is room for', () => {
    const keys = Array.from({ length: 500 }, (_, i) => `key${i}`)
    const { rows } = talk([
      ['client', `get ${keys.join(' ')}\r\n`],
      ['server', `${keys.map((key) => found(key, 'some value', '')).join('')}END\r\n`],
    ])
    expect(rows[0]).toMatchObject({ keys: 500, hits: 500, resp_size: 5000 })
    const values = Object.entries(JSON.parse(String(rows[0]!.resp_body)))
    expect(values.at(-1)).toEqual(['…', `${500 - (values.length - 1)} more`])
    const shown = JSON.parse(String(rows[0]!.key))
    expect(shown.at(-1)).toBe(`… ${500 - (shown.length - 1)} more`)
  })

  test('pipelined, with commands between that want no answer', () => {
    const { said, counters } = talk([
      ['client', `${store('set a 0 0 # noreply', 'one')}get a\r\ndelete b noreply\r\nget c\r\nquit\r\n`],
      ['server', `${found('a', 'one')}END\r\n`],
    ])
    expect(said.sort()).toEqual(
      ['delete b noreply > ', 'get a > END one', 'get c > END', 'quit > ', 'set a 0 0 3 noreply one >'].map(
        (line) => line.trim(),
      ),
    )
    expect(counters.unpairedFrames).toBe(0)
  })

  test('quiet meta commands: an answer is that of the command whose token or key it repeats', () => {
    const { rows, counters } = talk([
      ['client', 'mg a v q O1\r\nmg b v q O2\r\nmg c v k q\r\nmd d q\r\nmn\r\n'],
      ['server', 'VA 3 O2\r\ntwo\r\nVA 5 kc\r\nthree\r\nMN\r\n'],
    ])
    expect(rows.map(({ cmd, key, resp, resp_body, hits }) => [cmd, key, resp, resp_body, hits])).toEqual([
      ['mg', 'a', '', '', -1],
      ['mg', 'b', 'VA 3 O2', 'two', 1],
      ['mg', 'c', 'VA 5 kc', 'three', 1],
      ['md', 'd', '', '', -1],
      ['mn', '', 'MN', '', -1],
    ])
    expect(counters.unpairedFrames).toBe(0)
  })

  test('a quiet answer that may be of two is told of neither', () => {
    const { rows, counters } = talk([
      ['client', 'version\r\n'],
      ['server', 'VERSION 1\r\n'],
      ['client', 'mg a v q\r\nmg b v q\r\nmn\r\n'],
      ['server', 'VA 3\r\ntwo\r\nMN\r\n'],
    ])
    expect(rows.filter(({ resp_body }) => resp_body === 'two')).toEqual([])
    expect(counters.unpairedFrames).toBeGreaterThan(0)
  })

  test('a hole within a long value costs nothing, and the kernel is told what isn’t needed', () => {
    const { rows, counters } = talk([
      ['client', store('set k 0 0 #', 'y'.repeat(100_000)), 5000],
      ['server', 'STORED\r\n'],
      ['client', 'get k\r\n'],
      ['server', found('k', 'y'.repeat(100_000)), 5000],
    ])
    expect(rows).toMatchObject([
      { resp: 'STORED', req_body: `${'y'.repeat(1024)}…`, req_size: 100_000 },
      { hits: 1, resp_body: `${'y'.repeat(1024)}…`, resp_size: 100_000 },
    ])
    expect(counters.unpairedFrames).toBe(0)
    const begun: Turn[] = [
      ['client', 'get k\r\n'],
      ['server', `VALUE k 0 1000000\r\n${'y'.repeat(5000)}`],
    ]
    expect(talk(begun).leftOut.length).toBeGreaterThan(0)
  })

  test('who logs in, and values that are named as secrets', () => {
    const { rows } = talk([
      ['client', store('set anything 0 0 #', 'me hunter2')],
      ['server', 'STORED\r\n'],
      ['client', 'get user:1:password\r\n'],
      ['server', found('user:1:password', 'hunter2')],
      ['client', 'get config\r\n'],
      ['server', found('config', '{"password":"hunter2"}')],
    ])
    expect(rows).toHaveLength(3)
    expect(JSON.stringify(rows)).not.toContain('hunter2')
  })
})

describe('binary', () => {
  test('quiet requests: hits, misses, and what was stored', () => {
    const { rows, counters } = talk([
      [
        'client',
        Buffer.concat([
          request({ opcode: 0x11, key: 'stored', extras: FLAGS_AND_TIME, value: 'v', opaque: 1 }),
          request({ opcode: 0x0d, key: 'missed', opaque: 2 }),
          request({ opcode: 0x0d, key: 'found', opaque: 3 }),
          request({ opcode: 0x14, key: 'deleted', opaque: 4 }),
          request({ opcode: 0x0a, opaque: 5 }),
        ]),
      ],
      [
        'server',
        Buffer.concat([
          response({ opcode: 0x0d, key: 'found', extras: FLAGS, value: 'value', opaque: 3 }),
          response({ opcode: 0x14, status: 1, opaque: 4 }),
          response({ opcode: 0x0a, opaque: 5 }),
        ]),
      ],
      ['client', request({ opcode: 0x17 })],
    ])
    expect(rows.map(({ cmd, key, resp, hits, quiet }) => [cmd, key, resp, hits, quiet])).toEqual([
      ['setq', 'stored', '', -1, true],
      ['getkq', 'missed', '', -1, true],
      ['getkq', 'found', 'OK', 1, true],
      ['deleteq', 'deleted', 'Key not found', -1, true],
      ['noop', '', 'OK', -1, false],
      ['quitq', '', '', -1, true],
    ])
    expect(rows[2]).toMatchObject({ resp_body: 'value', resp_size: 5 })
    expect(counters.unpairedFrames).toBe(0)
  })

  test('many under one opaque', () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key${i}`)
    const { rows } = talk([
      ['client', Buffer.concat(keys.map((key) => request({ opcode: 0, key })))],
      [
        'server',
        Buffer.concat(keys.map((key) => response({ opcode: 0, extras: FLAGS, value: `of ${key}` }))),
      ],
    ])
    expect(rows.map(({ key, resp_body }) => [key, resp_body])).toEqual(keys.map((key) => [key, `of ${key}`]))
  })

  test('statistics are one answer', () => {
    const { rows } = talk([
      ['client', request({ opcode: 0x10 })],
      ['server', response({ opcode: 0x10, key: 'pid', value: '7' })],
      ['server', response({ opcode: 0x10, key: 'version', value: '1.6' })],
      ['server', response({ opcode: 0x10 })],
    ])
    expect(rows).toMatchObject([{ cmd: 'stats', resp: 'OK', resp_body: '{"pid":"7","version":"1.6"}' }])
  })
})

describe('recognised', () => {
  const ask = (bytes: string | Uint8Array, about: Partial<Head> = {}): Recognition =>
    memcached.recognise({
      bytes: typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'latin1')) : bytes,
      transport: 'tcp',
      isOpening: true,
      from: 'client',
      ownPort: 40_000,
      peerPort: 11_211,
      ...about,
    })

  test('its own', () => {
    expect(ask('set k 0 60 1\r\n')).toEqual({ side: 'client', sure: true })
    expect(ask('get k\r\n')).toEqual({ side: 'client', sure: false })
    expect(ask(request({ opcode: 0, key: 'k' }), { from: undefined })).toEqual({ side: 'client', sure: true })
    expect(ask(response({ opcode: 0 }), { from: undefined })).toEqual({ side: 'server', sure: true })
    expect(ask('VALUE k 0 1\r\nx\r\n', { from: 'server' })).toEqual({ side: 'server', sure: true })
  })

  test.each([
    ['client', 'GET / HTTP/1.1\r\n'],
    ['client', 'get\r\n'],
    ['client', 'quit\r\n'],
    ['client', 'set x=5\r\n'],
    ['client', 'set k 0 60 1\r\nlong\r\n'],
    ['client', 'delete from t where x = 1\r\n'],
    ['client', 'USER me\r\n'],
    ['client', '*1\r\n$4\r\nPING\r\n'],
    ['server', '220 ready\r\n'],
    ['server', 'OK\r\n'],
    ['server', 'END\r\n'],
    ['server', 'ERROR\r\n'],
    ['server', '+OK\r\n'],
    ['client', '\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10aaaaaaaaaaaaaaaaaaaaaaaa'],
  ] as const)('not what a %s says: %p', (from, text) => {
    expect(ask(text, { from })).toBe('no')
    expect(ask(text, { from, isOpening: false })).toBe('no')
  })
})

test.each([
  ['commands', 'client', 'mg k v q\r\n'.repeat(20_000)],
  ['values', 'server', found('k', 'v', '').repeat(20_000)],
  ['lines that are none', 'server', 'VALUE\r\n'.repeat(40_000)],
  ['answers that nobody asked for', 'server', 'VA 1 kx\r\nx\r\n'.repeat(20_000)],
  [
    'packets',
    'client',
    Buffer.from(request({ opcode: 9, key: 'k' }))
      .toString('latin1')
      .repeat(10_000),
  ],
  [
    'packets of others',
    'server',
    Buffer.from(response({ opcode: 9, opaque: 9 }))
      .toString('latin1')
      .repeat(10_000),
  ],
] as const)('%s take time in proportion', (_, from, text) => {
  const run = (): number => {
    const first: Turn[] =
      text.startsWith('\x80') || text.startsWith('\x81')
        ? [['client', request({ opcode: 10 })]]
        : [['client', `version\r\n${'mg a q\r\n'.repeat(4000)}`]]
    const turns: Turn[] = []
    for (let at = 0; at < text.length; at += 50_000) turns.push([from, text.slice(at, at + 50_000)])
    const start = performance.now()
    expect(talk([...first, ...turns]).streams.heldBytes).toBe(0)
    return ((performance.now() - start) * 1e6) / text.length
  }
  expect(Math.min(run(), run(), run())).toBeLessThan(4000)
})
