import { describe, expect, test } from 'bun:test'
import { dns } from '../../../src/protocols/dns'
import type { Head } from '../../../src/protocols/protocol'
import { random } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import { ANSWER, answer, framed, joined, message, query } from './build'
import { CHAIN, CHAOS, EDNS_ANSWER, EDNS_QUERY, NOTIFY, RECORDS, UPDATE } from './vectors'

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const head = (bytes: Uint8Array, rest: Partial<Head> = {}): Head => ({
  ...{ bytes, transport: 'udp', isOpening: true, from: undefined, ownPort: 40_000, peerPort: 41_000 },
  ...rest,
})
const recognise = (bytes: Uint8Array, rest: Partial<Head> = {}) => dns.recognise(head(bytes, rest))
const stream = (bytes: Uint8Array, rest: Partial<Head> = {}) =>
  recognise(bytes, { transport: 'tcp', ...rest })

const SURE = (side: 'client' | 'server') => ({ side, sure: true })
const LIKELY = (side: 'client' | 'server') => ({ side, sure: false })

describe('datagrams', () => {
  test.each([
    ['a question', query(1, 'example.com'), 'client'],
    ['an answer', answer(1, 'example.com'), 'server'],
    ['EDNS', hex(EDNS_QUERY), 'client'],
    ['EDNS with an extended code', hex(EDNS_ANSWER), 'server'],
    ['compressed names', hex(CHAIN), 'server'],
    ['an update', hex(UPDATE), 'client'],
    ['a notification', hex(NOTIFY), 'client'],
    ['another class', hex(CHAOS), 'client'],
  ] as const)('%s on any port, when every byte makes sense', (_, bytes, side) => {
    expect(recognise(bytes)).toEqual(SURE(side))
    expect(recognise(joined(bytes, Uint8Array.of(0)))).toBe('no')
    for (let length = 0; length < bytes.length; length++)
      expect(recognise(bytes.subarray(0, length)), `${length} bytes`).toBe('need-more')
  })

  test('answers of every type', () => {
    for (const [type, text] of RECORDS.filter(([name]) => name !== 'TYPE65400'))
      expect(recognise(hex(text)), type).toEqual(SURE('server'))
  })

  test('on the port of DNS a message may be cut, padded, or without a question', () => {
    const served = { ownPort: 53 }
    expect(recognise(joined(answer(1, 'a.example'), Uint8Array.of(0)), served)).toEqual(SURE('server'))
    expect(recognise(answer(1, 'a.example').subarray(0, 30), served)).toEqual(SURE('server'))
    expect(recognise(message({ flags: ANSWER, isBare: true }), served)).toEqual(SURE('server'))
    expect(recognise(query(1, 'a.example'), { peerPort: 53 })).toEqual(SURE('client'))
    expect(recognise(message({ flags: ANSWER, isBare: true }))).toBe('no')
  })

  test('multicast DNS, LLMNR and NetBIOS names are none; DNS proper on port 5353 is', () => {
    const question = query(0, 'printer.local')
    expect(recognise(question, { ownPort: 5353, peerPort: 5353 })).toBe('no')
    expect(recognise(question, { peerPort: 5355 })).toBe('no')
    expect(recognise(question, { peerPort: 137, ownPort: 137 })).toBe('no')
    expect(recognise(query(7, 'a.svc'), { peerPort: 5353 })).toEqual(SURE('client'))
  })

  test.each([
    [
      'QUIC',
      'c3 00000001 08 8394c8f03e515708 0000 449e 7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec',
    ],
    [
      'NTP',
      '23 02 06 ec 000001e5 00000a32 a9fe7b17 e1a1b2c3d4e5f601 e1a1b2c3d4e5f602 e1a1b2c3d4e5f603 e1a1b2c3d4e5f604',
    ],
    ['STUN', '0001 0000 2112a442 b7e7a701bc34d686fa87dfae'],
    ['DHCP', `01 01 06 00 3903f326 0000 0000 ${'00'.repeat(220)} 63825363 350101 ff`],
    ['SNMP', '302902010104067075626c6963a01c02044f89d3e1020100020100300e300c06082b060102010101000500'],
    ['WireGuard', `01000000 a1b2c3d4 ${'5a'.repeat(140)}`],
    ['StatsD', '6170692e72657175657374733a317c630a'],
    ['zeros', '00'.repeat(64)],
    ['ones', 'ff'.repeat(64)],
  ])('%s is none', (_, text) => {
    const bytes = hex(text)
    for (const rest of [{}, { ownPort: 53 }, { peerPort: 53 }]) expect(recognise(bytes, rest)).toBe('no')
  })

  test('random bytes are none, also behind a header that makes sense', () => {
    const next = random(2)
    let taken = 0
    for (let i = 0; i < 200_000; i++) {
      const bytes = Uint8Array.from({ length: 12 + next() * 40 }, () => next() * 256)
      if (typeof recognise(bytes) === 'object') taken++
    }
    expect(taken).toBe(0)
    for (let i = 0; i < 50_000; i++) {
      const bytes = Uint8Array.from({ length: 17 + next() * 40 }, () => next() * 256)
      bytes.set([1, 0, 0, 1, 0, 0, 0, 0, 0, 0], 2)
      if (typeof recognise(bytes) === 'object') taken++
    }
    expect(taken).toBeLessThan(5)
  })
})

describe('streams', () => {
  const one = framed(query(1, 'example.com'))

  test('on their port for sure, elsewhere likely', () => {
    expect(stream(one, { peerPort: 53 })).toEqual(SURE('client'))
    expect(stream(one, { transport: 'tls', peerPort: 853 })).toEqual(SURE('client'))
    expect(stream(one)).toEqual(LIKELY('client'))
    expect(stream(framed(query(1, 'a'), query(2, 'b')))).toEqual(LIKELY('client'))
    expect(stream(framed(answer(1, 'a')), { ownPort: 53, isOpening: false })).toEqual(SURE('server'))
  })

  test('a length alone may be the beginning of one', () => {
    for (let length = 1; length < one.length; length++) {
      expect(stream(one.subarray(0, length)), `${length} bytes`).toBe('need-more')
      const onPort = stream(one.subarray(0, length), { peerPort: 53 })
      expect(onPort, `${length} bytes`).toEqual(length < one.length ? 'need-more' : SURE('client'))
    }
  })

  test.each([
    ['HTTP', '47455420'],
    ['TLS', '16030100'],
    ['a length of four bytes', '00000020'],
    ['MySQL', '4a0000000a'],
    ['CQL', '0400000005'],
    ['MongoDB', '3b01000001'],
    ['SSH', '5353482d'],
  ])('what begins as %s does never wait', (_, text) => {
    const said = Array.from(hex(text), (_byte, i) => stream(hex(text).subarray(0, i + 1)))
    expect(said.at(-1)).toBe('no')
  })

  test('a message is found within others', () => {
    const bytes = joined(new Uint8Array(100).fill(7), framed(answer(1, 'a.example')), one)
    expect(dns.search!(bytes, 1)).toBe(100)
    expect(dns.search!(bytes, 101)).toBe(bytes.length - one.length)
    expect(dns.search!(bytes, bytes.length - one.length + 1)).toBe(-1)
  })

  test('searching is linear, whatever the bytes', () => {
    const almost = joined(Uint8Array.of(255, 255), query(1, 'a').subarray(0, 12))
    const labels = new Uint8Array(almost.length).fill(1)
    const bad = joined(...Array.from({ length: 40_000 }, (_, i) => (i % 2 === 0 ? almost : labels)))
    const zeros = new Uint8Array(bad.length)
    for (let i = 0; i < zeros.length; i += 2) zeros[i] = 1
    for (const bytes of [bad, zeros]) expect(cpuMs(() => dns.search!(bytes, 0))).toBeLessThan(100)
  })
})
