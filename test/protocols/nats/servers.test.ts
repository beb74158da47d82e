/** What servers say to each other, as nats-server 2.15 says it. */
import { describe, expect, test } from 'bun:test'
import { type Turn, talk, withHeaders } from './talk'

const line = (verb: string, fields: object) => `${verb} ${JSON.stringify(fields)} \r\n`

const after = (greeting: readonly Turn[], ...turns: Turn[]) => {
  const { said, counters } = talk([...greeting, ...turns])
  expect(counters.parseFailures).toBe(0)
  return said.slice(talk(greeting).said.length)
}

describe('a route', () => {
  const ROUTE: readonly Turn[] = [
    ['client', line('CONNECT', { echo: true, verbose: false, headers: true, cluster: 'C', lnoc: true })],
    ['server', line('INFO', { server_id: 'A', cluster: 'C', lnoc: true, route_pool_size: 3 })],
    [
      'client',
      line('INFO', { server_id: 'B', cluster: 'C', lnoc: true, route_pool_size: 3, route_pool_idx: 1 }),
    ],
  ]

  test('interest', () => {
    const text =
      'RS+ $G foo\r\nRS+ $G foo q 1\r\nRS- $G foo\r\nLS+ leaf $G foo q 2\r\nLS- leaf $G foo\r\nA- ACC\r\n'
    expect(after(ROUTE, ['server', text])).toEqual([
      'RS+ {"account":"$G","subject":"foo"}',
      'RS+ {"account":"$G","subject":"foo","queue_group":"q","weight":1}',
      'RS- {"account":"$G","subject":"foo"}',
      'LS+ {"origin":"leaf","account":"$G","subject":"foo","queue_group":"q","weight":2}',
      'LS- {"origin":"leaf","account":"$G","subject":"foo"}',
      'A- {"account":"ACC"}',
    ])
  })

  test('messages, with queues and headers', () => {
    const headers = withHeaders('HMSG $G foo | q', { A: '1' }, 'hello')
    const text = `RMSG $G foo + rep q1 q2 5\r\nhello\r\n${headers}RMSG $G foo 2\r\nhi\r\nRMSG $G foo rep 2\r\nhi\r\n`
    expect(after(ROUTE, ['server', text])).toEqual([
      'RMSG {"account":"$G","subject":"foo","reply_to":"rep","queue_groups":["q1","q2"],"payload":"hello","size":5}',
      'HMSG {"account":"$G","subject":"foo","queue_groups":["q"],"headers":{"A":"1"},"payload":"hello","size":5}',
      'RMSG {"account":"$G","subject":"foo","payload":"hi","size":2}',
      'RMSG {"account":"$G","subject":"foo","reply_to":"rep","payload":"hi","size":2}',
    ])
    expect(after(ROUTE, ['client', withHeaders('LMSG leaf $G foo', { A: '1' }, 'x')])).toEqual([
      'LMSG {"origin":"leaf","account":"$G","subject":"foo","headers":{"A":"1"},"payload":"x","size":1}',
    ])
  })

  test('one that belongs to an account doesn’t name it', () => {
    const pinned: Turn[] = [
      ...ROUTE.slice(0, 2),
      ['client', line('INFO', { server_id: 'B', route_pool_size: 3, route_account: '$SYS' })],
    ]
    const text = 'RS+ $SYS.REQ.X\r\nRMSG $SYS.A 2\r\nhi\r\nRMSG $SYS.A r 2\r\nhi\r\n'
    expect(after(pinned, ['client', text])).toEqual([
      'RS+ {"subject":"$SYS.REQ.X"}',
      'RMSG {"subject":"$SYS.A","payload":"hi","size":2}',
      'RMSG {"subject":"$SYS.A","reply_to":"r","payload":"hi","size":2}',
    ])
  })
})

test('a gateway', () => {
  const gateway: readonly Turn[] = [
    ['server', line('INFO', { server_id: 'A', gateway: 'C', gateway_url: '10.0.0.1:7222' })],
    ['client', line('CONNECT', { verbose: false, name: 'B', gateway: 'D' })],
  ]
  expect(
    after(gateway, ['client', 'RMSG $SYS $SYS.X 2\r\nhi\r\n'], ['server', 'RS- $G a.b\r\nA+ X\r\n']),
  ).toEqual([
    'RMSG {"account":"$SYS","subject":"$SYS.X","payload":"hi","size":2}',
    'RS- {"account":"$G","subject":"a.b"}',
    'A+ {"account":"X"}',
  ])
})

test('a leaf node: it isn’t verbose although it doesn’t say so', () => {
  const leaf: readonly Turn[] = [
    ['server', line('INFO', { server_id: 'A', nonce: 'n', compression: 'off', info_on_connect: true })],
    ['client', line('CONNECT', { version: '2.15.2', server_id: 'B', remote_account: '$G', cluster: 'leaf' })],
    ['server', line('INFO', { server_id: 'A', connect_info: true, remote_account: '$G' })],
  ]
  const text = `LS+ foo\r\nLS+ foo q 1\r\nLS- foo q\r\nLMSG foo rep 2\r\nhi\r\n${withHeaders('HMSG foo', { A: '1' }, 'x')}LMSG foo + r q 2\r\nhi\r\n`
  for (const from of ['client', 'server'] as const)
    expect(after(leaf, [from, text])).toEqual([
      'LS+ {"subject":"foo"}',
      'LS+ {"subject":"foo","queue_group":"q","weight":1}',
      'LS- {"subject":"foo","queue_group":"q"}',
      'LMSG {"subject":"foo","reply_to":"rep","payload":"hi","size":2}',
      'HMSG {"subject":"foo","headers":{"A":"1"},"payload":"x","size":1}',
      'LMSG {"subject":"foo","reply_to":"r","queue_groups":["q"],"payload":"hi","size":2}',
    ])
})

test('where servers compress, only bytes are counted', () => {
  const { said, verdicts, counters } = talk([
    ['server', line('INFO', { server_id: 'A', compression: 's2_fast' })],
    ['client', '\xff\x06\x00\x00S2sTwO\x00\x10\x00\x00abcdefgh'],
    ['server', '\xff\x06\x00\x00S2sTwO\x00\x10\x00\x00abcdefgh'],
  ])
  expect(said).toHaveLength(1)
  expect(verdicts.at(-1)!.verdict.action).toBe('count')
  expect(counters.parseFailures).toBe(0)
})
