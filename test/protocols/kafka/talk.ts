/** Writes Kafka's messages (kafka.apache.org/protocol). Strings hold a byte in each character. */

export const u8 = (value: number) => String.fromCharCode(value & 0xff)
export const u16 = (value: number) => u8(value >> 8) + u8(value)
export const u32 = (value: number) => u16(value >>> 16) + u16(value)
export const u64 = (value: number) => u32(Math.floor(value / 2 ** 32)) + u32(value % 2 ** 32)
export const varint = (value: number): string =>
  value < 128 ? u8(value) : u8((value & 127) | 128) + varint(value >>> 7)
const zigzag = (value: number) => varint(((value << 1) ^ (value >> 31)) >>> 0)

/** Of versions that aren't flexible. */
export const str = (text: string) => u16(text.length) + text
export const NULL = '\xff\xff'
export const list = (...items: readonly string[]) => u32(items.length) + items.join('')
export const bytes = (text: string) => u32(text.length) + text

/** Of flexible versions. */
export const cstr = (text: string) => varint(text.length + 1) + text
export const clist = (...items: readonly string[]) => varint(items.length + 1) + items.join('')
export const cbytes = cstr
export const CNULL = '\0'
export const NO_TAGS = '\0'
export const tags = (...fields: readonly (readonly [tag: number, value: string])[]) =>
  varint(fields.length) + fields.map(([tag, value]) => varint(tag) + varint(value.length) + value).join('')

const sized = (text: string) => u32(text.length) + text

export interface Call {
  readonly key: number
  readonly version: number
  readonly id: number
  /** Undefined: null. */
  readonly client?: string | undefined
}

const head = ({ key, version, id, client }: Call) =>
  u16(key) + u16(version) + u32(id) + (client === undefined ? NULL : str(client))

export const request = (call: Call, body: string) => sized(head(call) + body)
/** In a flexible version. */
export const flexible = (call: Call, body: string) => sized(`${head(call)}${NO_TAGS}${body}${NO_TAGS}`)
export const answer = (id: number, body: string) => sized(u32(id) + body)
export const flexibleAnswer = (id: number, body: string) => sized(`${u32(id)}${NO_TAGS}${body}${NO_TAGS}`)

export interface Entry {
  readonly key?: string
  readonly value: string
}

const record = ({ key, value }: Entry, offset: number) => {
  const body =
    u8(0) +
    zigzag(0) +
    zigzag(offset) +
    (key === undefined ? zigzag(-1) : zigzag(key.length) + key) +
    zigzag(value.length) +
    value +
    zigzag(0)
  return zigzag(body.length) + body
}

/** A record batch; with a codec its records are whatever bytes. */
export function batch(entries: readonly Entry[], codec = 0, compressed = 'squeezed'): string {
  const records = codec === 0 ? entries.map(record).join('') : compressed
  const behind =
    u32(0) +
    u8(2) +
    u32(0xabcdef) +
    u16(codec) +
    u32(entries.length - 1) +
    u64(1_700_000_000_000) +
    u64(1_700_000_000_000) +
    '\xff'.repeat(14) +
    u32(entries.length) +
    records
  return u64(0) + u32(behind.length) + behind
}

/** Sixteen bytes as a topic id, and what it is in rows. */
export const topicId = (seed: string) => seed.repeat(16).slice(0, 16)
export const idText = (id: string) => Buffer.from(id, 'latin1').toString('base64url')

// ── Messages ─────────────────────────────────────────────────────────────────

export const produce = (call: Omit<Call, 'key' | 'version'>, topic: string, set: string, acks = 1) =>
  flexible(
    { ...call, key: 0, version: 9 },
    CNULL + u16(acks) + u32(30_000) + clist(cstr(topic) + clist(u32(0) + cbytes(set) + NO_TAGS) + NO_TAGS),
  )

export const produced = (id: number, topic: string, offset: number, error = 0) =>
  flexibleAnswer(
    id,
    clist(
      cstr(topic) +
        clist(u32(0) + u16(error) + u64(offset) + '\xff'.repeat(8) + u64(0) + clist() + CNULL + NO_TAGS) +
        NO_TAGS,
    ) + u32(0),
  )

/** Version 1. */
export const metadata = (call: Omit<Call, 'key' | 'version'>, ...topics: readonly string[]) =>
  request({ ...call, key: 3, version: 1 }, list(...topics.map(str)))

export const metadataOf = (id: number, topic: string, host: string) =>
  answer(
    id,
    list(u32(1) + str(host) + u32(9092) + NULL) +
      u32(1) +
      list(u16(0) + str(topic) + u8(0) + list(u16(0) + u32(0) + u32(1) + list(u32(1)) + list(u32(1)))),
  )

/** Version 12, which tells ids. */
export const metadata12 = (call: Omit<Call, 'key' | 'version'>) =>
  flexible({ ...call, key: 3, version: 12 }, CNULL + u8(1) + u8(0))

export const metadata12Of = (id: number, topics: Readonly<Record<string, string>>) =>
  flexibleAnswer(
    id,
    u32(0) +
      clist(u32(1) + cstr('broker') + u32(9092) + CNULL + NO_TAGS) +
      CNULL +
      u32(1) +
      clist(
        ...Object.entries(topics).map(
          ([name, uuid]) => u16(0) + cstr(name) + uuid + u8(0) + clist() + u32(0x80000000) + NO_TAGS,
        ),
      ),
  )

/** Version 13, in which topics have ids. */
export const fetch = (call: Omit<Call, 'key' | 'version'>, uuid: string, offset: number) =>
  flexible(
    { ...call, key: 1, version: 13 },
    '\xff'.repeat(4) +
      u32(500) +
      u32(1) +
      u32(1 << 20) +
      u8(0) +
      u32(0) +
      '\xff'.repeat(4) +
      clist(
        uuid +
          clist(
            u32(0) + u32(0) + u64(offset) + '\xff'.repeat(4) + '\xff'.repeat(8) + u32(1 << 20) + NO_TAGS,
          ) +
          NO_TAGS,
      ) +
      clist() +
      cstr(''),
  )

export const fetched = (id: number, uuid: string, set: string) =>
  flexibleAnswer(
    id,
    u32(0) +
      u16(0) +
      u32(7) +
      clist(
        uuid +
          clist(
            u32(0) + u16(0) + u64(9) + u64(9) + u64(0) + CNULL + '\xff'.repeat(4) + cbytes(set) + NO_TAGS,
          ) +
          NO_TAGS,
      ),
  )

export const saslHandshake = (id: number, version: number, mechanism: string) =>
  request({ key: 17, version, id, client: 'app' }, str(mechanism))
export const saslHandshaken = (id: number, mechanism: string) => answer(id, u16(0) + list(str(mechanism)))

export const saslAuthenticate = (id: number, token: string) =>
  request({ key: 36, version: 1, id, client: 'app' }, bytes(token))
export const saslAuthenticated = (id: number, token: string) =>
  answer(id, u16(0) + NULL + bytes(token) + u64(3_600_000))

export const heartbeat = (id: number, group: string, member: string) =>
  request({ key: 12, version: 0, id, client: 'app' }, str(group) + u32(1) + str(member))
export const heartbeaten = (id: number, error: number) => answer(id, u16(error))
