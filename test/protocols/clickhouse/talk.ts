/** Writes ClickHouse's native protocol, as its documentation says (https://clickhouse.com/docs/native-protocol/basics). */

export function varint(value: number): string {
  let text = ''
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) text += String.fromCharCode((rest % 128) + 128)
  return text + String.fromCharCode(rest)
}
export const string = (value: string): string => varint(value.length) + value
export const u32 = (value: number): string =>
  String.fromCharCode(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255)
export const u64 = (value: number): string => `${u32(value)}\0\0\0\0`

/** What clickhouse-client and clickhouse-server 18.16 have. */
export const REVISION = 54412

export const hello = ({
  database = 'shop',
  user = 'jane',
  password = 'hunter2',
  revision = REVISION,
} = {}): string =>
  `\0${string('ClickHouse client')}${varint(18)}${varint(16)}${varint(revision)}${string(database)}${string(user)}${string(password)}`
export const welcome = (revision = REVISION): string => {
  const old = `\0${string('ClickHouse')}${varint(18)}${varint(16)}${varint(revision)}${string('Etc/UTC')}${string('vm')}${varint(1)}`
  return revision < 54461 ? old : `${old}${varint(1)}${string('.{8}')}${string('too short')}12345678`
}

interface Options {
  readonly id?: string
  readonly revision?: number
  readonly compression?: boolean
  /** A number or a string, as before revision 54429. */
  readonly settings?: Readonly<Record<string, number | string>>
}
export function query(
  text: string,
  { id = '', revision = REVISION, compression = false, settings = {} }: Options = {},
): string {
  const isNew = revision >= 54429
  const given = Object.entries(settings).map(([name, value]) =>
    isNew
      ? string(name) + varint(0) + string(String(value))
      : string(name) + (typeof value === 'number' ? varint(value) : string(value)),
  )
  return [
    `\x01${string(id)}\x01${string('')}${string('')}${string('0.0.0.0:0')}`,
    revision >= 54449 ? u64(0) : '',
    `\x01${string('root')}${string('vm')}${string('ClickHouse client')}${varint(18)}${varint(16)}${varint(revision)}`,
    string(''),
    revision >= 54448 ? varint(0) : '',
    varint(1),
    revision >= 54442 ? '\0' : '',
    revision >= 54453 ? '\0\0\0' : '',
    ...given,
    string(''),
    revision >= 54441 ? string('') : '',
    `${varint(2)}${varint(compression ? 1 : 0)}${string(text)}`,
    revision >= 54459 ? string('') : '',
  ].join('')
}

type Column = readonly [name: string, type: string, values: string]
export const block = (rows: number, columns: readonly Column[], revision = REVISION): string =>
  `\x01\0\x02\xff\xff\xff\xff\0${varint(columns.length)}${varint(rows)}${columns
    .map(([name, type, values]) => string(name) + string(type) + (revision >= 54454 ? '\0' : '') + values)
    .join('')}`
/** A packet of either side. */
export const data = (packet: number, content: string): string => varint(packet) + string('') + content
export const EMPTY = block(0, [])

/** In a frame that isn't compressed, with a checksum that nobody looks at. */
export const frame = (content: string, method = 0x02, plain = content.length): string =>
  `${'\xa7\x83\xac\x6c\xd5\x5c\x7a\x7c'.repeat(2)}${String.fromCharCode(method)}${u32(content.length + 9)}${u32(plain)}${content}`

/** All that a client says of a query. */
export const asked = (text: string, options: Options = {}): string =>
  query(text, options) + data(2, options.compression ? frame(EMPTY) : EMPTY)
export const names = (...values: readonly string[]): string =>
  data(1, block(values.length, [['name', 'String', values.map(string).join('')]]))

export const exception = (code: number, message: string, isNested = false): string =>
  `\x02${u32(code)}${string('DB::Exception')}${string(message)}${string('0. StackTrace')}${isNested ? `\x01${u32(1)}${string('x')}${string('y')}${string('z')}\0` : '\0'}`
export const progress = (rows: number, bytes: number): string =>
  `\x03${varint(rows)}${varint(bytes)}${varint(0)}`
export const profile = (rows: number): string =>
  `\x06${varint(rows)}${varint(1)}${varint(10)}\0${varint(0)}\0`
export const END = '\x05'
/** All that a server says of a result. */
export const answered = (...values: readonly string[]): string =>
  data(1, block(0, [['name', 'String', '']])) +
  names(...values) +
  profile(values.length) +
  progress(100, 800) +
  END
