/** What is HTTP/2, and what only looks like it. */
import { describe, expect, test } from 'bun:test'
import { recognise, search } from '../../../src/protocols/http2/recognise'
import type { Side } from '../../../src/protocols/protocol'
import { answer, data, get, OPENING, settings } from './talk'

const ask = (bytes: Uint8Array, isOpening: boolean, from?: Side) =>
  recognise({ bytes, transport: 'tcp', isOpening, from, ownPort: 40_000, peerPort: 80 })

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/ /g, ''), 'hex'))

describe('the opening', () => {
  test('a client’s preface, and the settings of a server', () => {
    expect(ask(OPENING, true)).toEqual({ side: 'client', sure: true })
    expect(ask(OPENING.subarray(0, 10), true)).toBe('need-more')
    expect(ask(settings([3, 100], [4, 0xffff]), true)).toEqual({ side: 'server', sure: true })
    expect(ask(settings(), true, 'server')).toEqual({ side: 'server', sure: true })
    expect(ask(settings([3, 100]).subarray(0, 12), true, 'server')).toBe('need-more')
  })

  test.each<[string, string, Side | undefined]>([
    // Length 1540, Produce (0), version 0, correlation id 1.
    ['a request of Kafka', '00000604 0000 0000 00000001 0007 636c69656e74 00000000', 'client'],
    ['the same, seen from nowhere', '00000604 0000 0000 00000001 0007 636c69656e74 00000000', undefined],
    ['settings with the number 0', '000006 04 00 00000000 0000 00000000', undefined],
    ['settings from a client', '000006 04 00 00000000 0003 00000064', 'client'],
    ['a greeting of MySQL', '4a000000 0a 352e352e35', undefined],
    ['a start of PostgreSQL', '00000008 04d2162f', 'client'],
    ['a question of DNS over TCP', '0021 1234 0100 0001 0000 0000 0000', 'client'],
    ['AMQP', '414d5150 00000901', 'client'],
    ['zeros', '00'.repeat(40), undefined],
  ])('%s is none', (_, hex, from) => {
    expect(ask(bytesOf(hex), true, from)).toBe('no')
  })
})

describe('under way', () => {
  test('a head tells who says it', () => {
    expect(ask(get(7, '/a'), false)).toEqual({ side: 'client', sure: true })
    expect(ask(answer(7, 200), false)).toEqual({ side: 'server', sure: true })
  })

  test('data alone doesn’t; the next head is found', () => {
    const bytes = new Uint8Array(Buffer.concat([data(5, 'the rest of something'), answer(9, 404)]))
    expect(search(bytes, 1)).toBe(30)
    expect(ask(data(5, 'some'), false)).toBe('no')
  })

  test('a file of anything has no head', () => {
    const bytes = new Uint8Array(1 << 20)
    let state = 7
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      bytes[i] = state >>> 24
    }
    expect(search(bytes, 0)).toBe(-1)
  })
})
