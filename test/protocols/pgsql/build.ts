/** Messages of PostgreSQL's protocol, as bytes in a text. */

const u16 = (value: number): string => String.fromCharCode((value >> 8) & 255, value & 255)
export const u32 = (value: number): string => u16(value >>> 16) + u16(value & 0xffff)
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const cstring = (text: string): string => `${bytesOf(text)}\0`

/** `content` as bytes. */
export const message = (letter: string, content = ''): string =>
  `${letter}${u32(content.length + 4)}${content}`

// ── What begins a connection ─────────────────────────────────────────────────

const packet = (code: number, rest = ''): string => u32(rest.length + 8) + u32(code) + rest

export const SSL_REQUEST = packet(80877103)
export const GSSENC_REQUEST = packet(80877104)
export const cancel = (process: number, key: string): string => packet(80877102, u32(process) + key)

export const startup = (parameters: Readonly<Record<string, string>>, minor = 0): string =>
  packet(
    (3 << 16) | minor,
    `${Object.entries(parameters)
      .map(([name, value]) => cstring(name) + cstring(value))
      .join('')}\0`,
  )

// ── Of the client ────────────────────────────────────────────────────────────

const values = (list: readonly (string | null)[]): string =>
  u16(list.length) + list.map((value) => (value === null ? u32(-1) : u32(value.length) + value)).join('')
const numbers = (list: readonly number[]): string => u16(list.length) + list.map(u16).join('')

export const query = (sql: string): string => message('Q', cstring(sql))
export const parse = (name: string, sql: string, types: readonly number[] = []): string =>
  message('P', cstring(name) + cstring(sql) + u16(types.length) + types.map(u32).join(''))

interface Bound {
  readonly portal?: string
  readonly formats?: readonly number[]
  readonly results?: readonly number[]
}

/** Values as bytes. */
export const bind = (
  statement: string,
  list: readonly (string | null)[] = [],
  { portal = '', formats = [], results = [] }: Bound = {},
): string =>
  message('B', cstring(portal) + cstring(statement) + numbers(formats) + values(list) + numbers(results))
export const describe = (kind: 'S' | 'P', name = ''): string => message('D', kind + cstring(name))
export const execute = (portal = '', rows = 0): string => message('E', cstring(portal) + u32(rows))
export const close = (kind: 'S' | 'P', name: string): string => message('C', kind + cstring(name))
export const call = (oid: number, list: readonly (string | null)[]): string =>
  message('F', u32(oid) + numbers([0]) + values(list) + u16(0))
export const SYNC = message('S')
export const FLUSH = message('H')
export const TERMINATE = message('X')
export const password = (text: string): string => message('p', cstring(text))
/** Of either side. */
export const copyData = (text: string): string => message('d', bytesOf(text))
export const COPY_DONE = message('c')
export const copyFail = (text: string): string => message('f', cstring(text))

// ── Of the server ────────────────────────────────────────────────────────────

export const ready = (status: 'I' | 'T' | 'E' = 'I'): string => message('Z', status)
export const complete = (tag: string): string => message('C', cstring(tag))
export const row = (...list: readonly (string | null)[]): string => message('D', values(list))

/** Columns as `name`, or with type and format. */
export const columns = (
  ...list: readonly (string | readonly [name: string, type: number, format?: number])[]
): string =>
  message(
    'T',
    u16(list.length) +
      list
        .map((column) => {
          const [name, type, format = 0] = typeof column === 'string' ? [column, 25] : column
          return cstring(name) + u32(0) + u16(0) + u32(type) + u16(65535) + u32(-1) + u16(format)
        })
        .join(''),
  )

export const PARSED = message('1')
export const BOUND = message('2')
export const CLOSED = message('3')
export const NO_DATA = message('n')
export const SUSPENDED = message('s')
export const EMPTY = message('I')
export const parameters = (...types: readonly number[]): string =>
  message('t', u16(types.length) + types.map(u32).join(''))

const report = (letter: string, fields: Readonly<Record<string, string>>): string =>
  message(
    letter,
    `${Object.entries(fields)
      .map(([field, text]) => field + cstring(text))
      .join('')}\0`,
  )
export const error = (code: string, text: string, more: Readonly<Record<string, string>> = {}): string =>
  report('E', { S: 'ERROR', V: 'ERROR', C: code, M: text, ...more })
export const notice = (text: string): string =>
  report('N', { S: 'HINWEIS', V: 'NOTICE', C: '00000', M: text })
export const notification = (channel: string, payload: string): string =>
  message('A', u32(77) + cstring(channel) + cstring(payload))
export const copyResponse = (letter: 'G' | 'H' | 'W', many = 2): string =>
  message(letter, `\0${numbers(Array(many).fill(0))}`)
export const result = (value: string | null): string =>
  message('V', value === null ? u32(-1) : u32(value.length) + value)

export const AUTHENTICATED = message('R', u32(0))
export const SASL = message('R', `${u32(10)}SCRAM-SHA-256\0\0`)
export const MD5 = message('R', `${u32(5)}salt`)
export const status = (name: string, value: string): string => message('S', cstring(name) + cstring(value))
export const keyData = (process: number, key: string): string => message('K', u32(process) + key)

/** The end of a login. */
export const WELCOME =
  AUTHENTICATED +
  status('server_version', '15.8') +
  status('client_encoding', 'UTF8') +
  keyData(77, 'kkkk') +
  ready()
