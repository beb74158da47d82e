/** Writes Mux, as its specification says (twitter.github.io/finagle, "Mux"). */

const u8 = (value: number) => String.fromCharCode(value & 0xff)
const u16 = (value: number) => u8(value >> 8) + u8(value)
const u24 = (value: number) => u8(value >> 16) + u16(value)
export const u32 = (value: number) => u16(value >>> 16) + u16(value)
const short = (text: string) => u16(text.length) + text
const long = (text: string) => u32(text.length) + text

/** The tag's bit that says that more parts follow. */
export const MORE = 0x800000

export const frame = (type: number, tag: number, data = ''): string =>
  u32(data.length + 4) + u8(type) + u24(tag) + data

type Pairs = Readonly<Record<string, string>>
const pairs = (contexts: Pairs) =>
  u16(Object.keys(contexts).length) +
  Object.entries(contexts)
    .map(([name, value]) => short(name) + short(value))
    .join('')

const headers = (values: Pairs) =>
  Object.entries(values)
    .map(([name, value]) => long(name) + long(value))
    .join('')

export const tinit = (tag: number, values: Pairs) => frame(68, tag, u16(1) + headers(values))
export const rinit = (tag: number, values: Pairs) => frame(-68, tag, u16(1) + headers(values))

export const dispatched = (contexts: Pairs, destination: string, body: string, rules: Pairs = {}) =>
  pairs(contexts) + short(destination) + pairs(rules) + body
export const tdispatch = (tag: number, ...data: Parameters<typeof dispatched>) =>
  frame(2, tag, dispatched(...data))
export const rdispatch = (tag: number, body: string, status = 0, contexts: Pairs = {}) =>
  frame(-2, tag, u8(status) + pairs(contexts) + body)

export const treq = (tag: number, keys: Readonly<Record<number, string>>, body: string) =>
  frame(
    1,
    tag,
    u8(Object.keys(keys).length) +
      Object.entries(keys)
        .map(([key, value]) => u8(Number(key)) + u8(value.length) + value)
        .join('') +
      body,
  )
export const rreq = (tag: number, body: string, status = 0) => frame(-1, tag, u8(status) + body)

export const tping = (tag: number) => frame(65, tag)
export const rping = (tag: number) => frame(-65, tag)
export const rerr = (tag: number, why: string) => frame(127, tag, why)
export const tdiscarded = (tag: number, why: string) => frame(66, 0, u24(tag) + why)
export const rdiscarded = (tag: number) => frame(-66, tag)
export const tlease = (ms: number) => frame(67, 0, u8(0) + u32(0) + u32(ms))

/** A call of Thrift's binary protocol. */
export const thriftCall = (method: string) => `\x80\x01\x00\x01${long(method)}${u32(7)}\x00`

export const CLIENT_ID = 'com.twitter.finagle.thrift.ClientIdContext'
export const TRACE = 'com.twitter.finagle.tracing.TraceContext'
