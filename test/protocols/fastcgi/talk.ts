/** Writes FastCGI, as its specification says (https://fastcgi-archives.github.io/FastCGI_Specification.html). */

const u8 = (value: number) => String.fromCharCode(value & 0xff)
const u16 = (value: number) => u8(value >> 8) + u8(value)
const u32 = (value: number) => u16(value >>> 16) + u16(value)
const size = (value: number) => (value < 128 ? u8(value) : u32(value + 0x80000000))

export const record = (type: number, id: number, content = '', padding = 0): string =>
  `\x01${u8(type)}${u16(id)}${u16(content.length)}${u8(padding)}\0${content}${'\0'.repeat(padding)}`

/** Padded to a multiple of eight, as most do. */
const padded = (type: number, id: number, content: string): string =>
  record(type, id, content, (8 - (content.length % 8)) % 8)

type Values = Readonly<Record<string, string>>
export const pairs = (values: Values): string =>
  Object.entries(values)
    .map(([name, value]) => size(name.length) + size(value.length) + name + value)
    .join('')

export const begin = (id: number, { role = 1, keeps = true } = {}): string =>
  record(1, id, `${u16(role)}${keeps ? '\x01' : '\0'}\0\0\0\0\0`)
export const abort = (id: number): string => record(2, id)
export const end = (id: number, appStatus = 0, protocolStatus = 0): string =>
  record(3, id, `${u32(appStatus)}${u8(protocolStatus)}\0\0\0`)

/** A stream of one record, and its end. */
export const params = (id: number, values: Values): string => padded(4, id, pairs(values)) + record(4, id)
export const stdin = (id: number, content = ''): string => (content && padded(5, id, content)) + record(5, id)
export const stdout = (id: number, content: string): string => padded(6, id, content)
export const stderr = (id: number, content: string): string => padded(7, id, content)
export const getValues = (...names: readonly string[]): string =>
  record(9, 0, pairs(Object.fromEntries(names.map((name) => [name, '']))))
export const values = (known: Values): string => record(10, 0, pairs(known))

/** A request for `/name.php`, whole. */
export const request = (id: number, name: string, more: Values = {}, body = '', options = {}): string =>
  begin(id, options) +
  params(id, {
    REQUEST_METHOD: body === '' ? 'GET' : 'POST',
    REQUEST_URI: `/${name}.php`,
    SCRIPT_FILENAME: `/srv/${name}.php`,
    ...more,
  }) +
  stdin(id, body)

export const response = (id: number, text: string, head = ''): string =>
  stdout(id, `${head}Content-Type: text/plain\r\n\r\n${text}`) + record(6, id) + end(id)
