/** Builders of DNS messages, without compression. */

export const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, SRV: 33, AXFR: 252 } as const
type Type = keyof typeof TYPES

export const QUERY = 0x0100
export const ANSWER = 0x8180
export const TRUNCATED = 0x0200
export const NXDOMAIN = 3
export const SERVFAIL = 2

export interface Record {
  readonly name: string
  readonly type: Type
  readonly data: Uint8Array
}

export interface Parts {
  readonly id?: number
  readonly flags?: number
  readonly name?: string
  readonly type?: Type
  readonly answers?: readonly Record[]
  /** No question at all. */
  readonly isBare?: boolean
}

const uint16 = (...values: readonly number[]) =>
  Uint8Array.from(values.flatMap((v) => [(v >> 8) & 255, v & 255]))

export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

export const name = (text: string): Uint8Array =>
  joined(
    ...text.split('.').flatMap((label) => [Uint8Array.of(label.length), new Uint8Array(Buffer.from(label))]),
    Uint8Array.of(0),
  )

export function message({
  id = 1,
  flags = QUERY,
  name: asked = 'www.example.com',
  type = 'A',
  answers = [],
  isBare,
}: Parts) {
  const question = isBare ? [] : [name(asked), uint16(TYPES[type], 1)]
  const records = answers.flatMap((record) => [
    name(record.name),
    uint16(TYPES[record.type], 1, 0, 60, record.data.length),
    record.data,
  ])
  return joined(uint16(id, flags, isBare ? 0 : 1, answers.length, 0, 0), ...question, ...records)
}

export const address = (text: string): Uint8Array => Uint8Array.from(text.split('.').map(Number))

export const query = (id: number, asked: string, type: Type = 'A'): Uint8Array =>
  message({ id, name: asked, type })

export const answer = (id: number, asked: string, addresses: readonly string[] = ['192.0.2.1']): Uint8Array =>
  message({
    id,
    name: asked,
    flags: ANSWER,
    answers: addresses.map((text) => ({ name: asked, type: 'A', data: address(text) })),
  })

/** As on a stream: behind its length. */
export const framed = (...messages: readonly Uint8Array[]): Uint8Array =>
  joined(...messages.flatMap((bytes) => [uint16(bytes.length), bytes]))
