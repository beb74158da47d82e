import { describe, expect, test } from 'bun:test'
import { headerText, readMessage } from '../../../src/protocols/dns/message'
import { nameAt, skipName } from '../../../src/protocols/dns/names'
import { random } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import { ANSWER, address, answer, joined, message, name, query } from './build'
import { CHAIN, CHAOS, EDNS_ANSWER, EDNS_QUERY, NOTIFY, RECORDS, UPDATE } from './vectors'

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

function read(data: Uint8Array | string) {
  const all = typeof data === 'string' ? bytes(data) : data
  const said = readMessage(all, 0, all.length)!
  return {
    ...said,
    header: JSON.parse(headerText(said.header, said.extendedRcode)),
    body: JSON.parse(said.body),
  }
}

describe('names (RFC 1035 §4.1.4)', () => {
  const at = (data: Uint8Array, from = 0) => nameAt(data, from, 0, data.length)
  const text = (...parts: Uint8Array[]) => at(joined(...parts))?.text

  test('are labels with dots between', () => {
    expect(text(name('www.example.com'))).toBe('www.example.com')
    expect(text(Uint8Array.of(0))).toBe('.')
    expect(text(name('_sip._tcp.Example'))).toBe('_sip._tcp.Example')
  })

  test('show what means something else, or nothing, as master files do', () => {
    const label = (content: string) =>
      joined(Uint8Array.of(content.length), Buffer.from(content, 'latin1'), Uint8Array.of(0))
    expect(text(label('a.b'))).toBe('a\\.b')
    expect(text(label('a b\n\xff"'))).toBe('a\\032b\\010\\255\\"')
    expect(text(label('<script>'))).toBe('<script>')
  })

  test('point back to what was said before', () => {
    const data = joined(
      name('example.com'),
      Uint8Array.of(3, 119, 119, 119, 0xc0, 0),
      Uint8Array.of(0xc0, 13),
    )
    expect(at(data, 13)).toEqual({ text: 'www.example.com', end: 19 })
    expect(at(data, 19)).toEqual({ text: 'www.example.com', end: 21 })
  })

  test.each([
    ['to itself', [0xc0, 0], 0],
    ['forward', [0xc0, 2, 1, 97, 0], 0],
    ['in a circle', [0xc0, 2, 0xc0, 0], 2],
    ['into their own labels', [1, 97, 0xc0, 0], 0],
    ['out of the message', [0xc0, 99], 0],
    ['and are cut', [1, 97, 0xc0], 0],
  ])('that point %s are none', (_, data, from) => {
    expect(at(Uint8Array.from(data), from)).toBeUndefined()
  })

  test('of more than 255 bytes are none, also when pointers make them so', () => {
    const label = joined(Uint8Array.of(63), new Uint8Array(63).fill(97))
    expect(text(label, label, label, Uint8Array.of(0))).toHaveLength(191)
    expect(text(label, label, label, label, Uint8Array.of(0))).toBeUndefined()
    const two = joined(label, label, Uint8Array.of(0))
    const more = joined(two, label, label, Uint8Array.of(0xc0, 0))
    expect(at(more, two.length)).toBeUndefined()
    expect(skipName(joined(label, label, label, label, Uint8Array.of(0)), 0, 300)).toBe(-1)
  })

  test('with a kind of label that nobody uses are none', () => {
    expect(text(Uint8Array.of(0x41, 0, 0))).toBeUndefined()
    expect(text(Uint8Array.of(0x80, 0, 0))).toBeUndefined()
  })
})

describe('records', () => {
  test.each(RECORDS)('%s', (type, hex, data) => {
    const { body, isCut } = read(hex)
    expect(body).toEqual({ answers: [{ name: 'x.example.com', type, ...data, ttl: 300 }] })
    expect(isCut).toBe(false)
  })

  test('an alias, its addresses, authority and what goes with it', () => {
    const { header, body } = read(CHAIN)
    expect(header).toEqual({
      ...{ txid: 7, qr: 1, opcode: 0, aa: 1, tc: 0, rd: 1, ra: 1, ad: 0, cd: 0, rcode: 0 },
      ...{ num_queries: 1, num_answers: 3, num_auth: 1, num_addl: 1 },
    })
    expect(body).toEqual({
      answers: [
        { name: 'www.example.com', type: 'CNAME', cname: 'web.example.net', ttl: 60 },
        { name: 'web.example.net', type: 'A', addr: '192.0.2.2', ttl: 60 },
        { name: 'web.example.net', type: 'A', addr: '192.0.2.1', ttl: 60 },
      ],
      authorities: [{ name: 'example.net', type: 'NS', ns: 'ns.example.net', ttl: 3600 }],
      additionals: [{ name: 'ns.example.net', type: 'AAAA', addr: '2001:db8::53', ttl: 3600 }],
    })
  })

  test('a question', () => {
    const { header, body } = read(query(513, 'wWw.Example.com'))
    expect(header).toMatchObject({ txid: 513, qr: 0, rd: 1, num_queries: 1, num_answers: 0 })
    expect(body).toEqual({ queries: [{ name: 'wWw.Example.com', type: 'A' }] })
  })

  test('EDNS(0): sizes, flags, options, the upper bits of the response code, and why (RFC 6891, 7871, 8914)', () => {
    expect(read(EDNS_QUERY).body).toEqual({
      queries: [{ name: 'www.example.com', type: 'A' }],
      edns: { udp_size: 1232, version: 0, do: 1, client_subnet: '198.51.100.0/24', options: ['COOKIE'] },
    })
    const { header, body } = read(EDNS_ANSWER)
    expect(header.rcode).toBe(16)
    expect(body).toMatchObject({ answers: [], edns: { errors: [{ code: 18, text: 'blocked by list' }] } })
  })

  test('an update, a notification, and another class', () => {
    expect(read(UPDATE).header).toMatchObject({ opcode: 5, num_auth: 2 })
    expect(read(UPDATE).body).toMatchObject({
      queries: [{ name: 'example.com', type: 'SOA' }],
      authorities: [
        { name: 'old.example.com', type: 'A', class: 'ANY' },
        { name: 'new.example.com', type: 'A', addr: '192.0.2.9' },
      ],
    })
    expect(read(NOTIFY).body.answers).toMatchObject([{ type: 'SOA', serial: 1 }])
    expect(read(CHAOS).body).toEqual({ queries: [{ name: 'version.bind', type: 'TXT', class: 'CH' }] })
  })

  test('data that is not as its type wants it is shown as bytes', () => {
    const broken = message({ flags: ANSWER, answers: [{ name: 'a', type: 'A', data: Uint8Array.of(1, 2) }] })
    expect(read(broken).body.answers).toEqual([{ name: 'a', type: 'A', data: '\\# 2 0102', ttl: 60 }])
    const txt = message({ flags: ANSWER, answers: [{ name: 'a', type: 'TXT', data: Uint8Array.of(9, 65) }] })
    expect(read(txt).body.answers[0]).toMatchObject({ data: '\\# 2 0941' })
  })

  test('what was cut is said as far as it is there', () => {
    const whole = answer(1, 'a.example', ['192.0.2.1', '192.0.2.2'])
    for (let length = 0; length < whole.length; length++) {
      const said = readMessage(whole, 0, length)
      // Header and question are needed to say anything.
      if (length < 12 + 15) expect(said).toBeUndefined()
      else expect(said!.isCut, `${length} bytes`).toBe(true)
    }
    expect(read(whole.subarray(0, whole.length - 1)).body.answers).toHaveLength(1)
  })
})

describe('hostile messages', () => {
  const cost = (data: Uint8Array) => {
    let said: ReturnType<typeof readMessage> | undefined
    const ms = cpuMs(() => {
      said = readMessage(data, 0, data.length)
    })
    return { said: said!, ms }
  }

  test('thousands of records are shown as a few', () => {
    const many = Array.from({ length: 3000 }, () => ({
      name: 'a',
      type: 'A' as const,
      data: address('192.0.2.1'),
    }))
    const { said, ms } = cost(message({ flags: ANSWER, answers: many }))
    expect(JSON.parse(said!.body).answers).toHaveLength(64)
    expect(JSON.parse(headerText(said!.header, said!.extendedRcode)).num_answers).toBe(3000)
    expect(ms).toBeLessThan(50)
  })

  test('what is shown of large records is bounded', () => {
    const pieces = joined(
      ...Array.from({ length: 120 }, () => joined(Uint8Array.of(255), new Uint8Array(255).fill(1))),
    )
    const many = [1, 2].map(() => ({ name: 'a', type: 'TXT' as const, data: pieces }))
    const { said } = cost(message({ flags: ANSWER, answers: many }))
    expect(said!.body.length).toBeLessThan(10_000)
    expect(JSON.parse(said!.body).answers.length).toBeGreaterThan(0)
  })

  test('a long chain of pointers behind each of many names', () => {
    // Pointers, each to the one before; then records whose names are the end of the chain.
    const chain = new Uint8Array(12_000)
    const first = 12 + 5
    for (let i = 1; i * 2 < chain.length; i++) {
      const target = first + 11 + (i - 1) * 2
      chain[i * 2] = 0xc0 | (target >> 8)
      chain[i * 2 + 1] = target & 255
    }
    const last = first + 11 + chain.length - 2
    const record = Uint8Array.of(0xc0 | (last >> 8), last & 255, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)
    const head = message({ flags: ANSWER, isBare: true })
    head[5] = 1
    head[6] = 0x0f
    const data = joined(
      ...[head, Uint8Array.of(0, 0, 1, 0, 1)],
      ...[Uint8Array.of(0, 255, 0, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 255), chain],
      ...Array.from({ length: 3500 }, () => record),
    )
    const { said, ms } = cost(data)
    expect(said).toBeDefined()
    expect(ms).toBeLessThan(50)
  })

  test('any bytes: nothing throws, and what is said is JSON', () => {
    const next = random(1)
    const seeds = [...RECORDS.map(([, hex]) => bytes(hex)), bytes(CHAIN), bytes(EDNS_QUERY), bytes(UPDATE)]
    for (let round = 0; round < 30_000; round++) {
      const data = seeds[round % seeds.length]!.slice()
      for (let i = 0; i < 1 + next() * 6; i++) data[Math.floor(next() * data.length)] = next() * 256
      const said = readMessage(data, 0, next() < 0.3 ? Math.floor(next() * data.length) : data.length)
      if (!said) continue
      JSON.parse(headerText(said.header, said.extendedRcode))
      JSON.parse(said.body)
      expect(said.body.length).toBeLessThan(20_000)
    }
    for (let round = 0; round < 5000; round++) {
      const noise = Uint8Array.from({ length: next() * 300 }, () => next() * 256)
      readMessage(noise, 0, noise.length)
    }
  })
})
