/** Packets of both sides, as clients and servers make them. */

export const bytes = (...parts: (number | string | Uint8Array)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string))),
  )

/** A number of so many bytes, little-endian. */
export function le(value: number, width: number): Buffer {
  const made = Buffer.alloc(width)
  for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 256)) made[i] = rest % 256
  return made
}

export function lengthOf(value: number): Buffer {
  if (value < 0xfb) return bytes(value)
  return value < 0x10000 ? bytes(0xfc, le(value, 2)) : bytes(0xfd, le(value, 3))
}

export const text = (value: string | Uint8Array): Buffer => bytes(lengthOf(Buffer.byteLength(value)), value)

const MAX = 0xffffff

/** As many packets as the content needs. */
export function packet(seq: number, ...parts: (number | string | Uint8Array)[]): Buffer {
  const content = bytes(...parts)
  const packets: Buffer[] = []
  for (let at = 0, n = seq; ; at += MAX, n++) {
    const part = content.subarray(at, at + MAX)
    packets.push(bytes(le(part.length, 3), n & 0xff, part))
    if (part.length < MAX) return Buffer.concat(packets)
  }
}

export const FLAGS = {
  MYSQL: 1,
  WITH_DB: 8,
  COMPRESS: 0x20,
  PROTOCOL_41: 0x200,
  SSL: 0x800,
  SECURE: 0x8000,
  PLUGIN: 0x80000,
  ATTRIBUTES: 0x100000,
  LENENC: 0x200000,
  TRACK: 0x800000,
  NO_EOF: 0x1000000,
  ZSTD: 0x4000000,
  QUERY_ATTRIBUTES: 0x8000000,
}
const F = FLAGS
/** What a client of today agrees on, with EOFs behind columns. */
export const USUAL = F.WITH_DB | F.PROTOCOL_41 | F.SECURE | F.PLUGIN | F.ATTRIBUTES | F.LENENC

export function greeting(version = '10.11.19-MariaDB-0+deb12u1', flags = 0xfeff_ffff): Buffer {
  const high = Math.floor(flags / 65536)
  return packet(
    0,
    ...[10, `${version}\0`, le(7, 4), 'saltsalt', 0, le(flags & 0xffff, 2), 45, le(2, 2), le(high, 2)],
    ...[21, Buffer.alloc(10), 'moresaltmore\0', 'mysql_native_password\0'],
  )
}

export const startTls = (): Buffer => packet(1, le(USUAL | F.SSL, 4), le(MAX, 4), 45, Buffer.alloc(23))

interface LoginOptions {
  readonly flags?: number
  readonly seq?: number
  readonly proof?: string
  readonly database?: string
  readonly attributes?: Readonly<Record<string, string>>
}

export function login(user: string, options: LoginOptions = {}): Buffer {
  const {
    flags = USUAL,
    seq = 1,
    proof = 'twenty bytes of proof',
    database = 'shop',
    attributes = {},
  } = options
  const pairs = bytes(...Object.entries(attributes).flatMap(([name, value]) => [text(name), text(value)]))
  return packet(
    seq,
    ...[le(flags, 4), le(MAX, 4), 45, Buffer.alloc(23), `${user}\0`, text(proof)],
    ...[flags & F.WITH_DB ? `${database}\0` : '', 'mysql_native_password\0', text(pairs)],
  )
}

interface OkOptions {
  readonly seq?: number
  readonly rows?: number
  readonly id?: number
  readonly status?: number
  readonly warnings?: number
  readonly info?: string | Uint8Array
  /** fe: in the place of an EOF. */
  readonly head?: number
}

export function ok({
  seq = 1,
  rows = 0,
  id = 0,
  status = 2,
  warnings = 0,
  info = '',
  head = 0,
}: OkOptions = {}) {
  return packet(seq, head, lengthOf(rows), lengthOf(id), le(status, 2), le(warnings, 2), info)
}

export const eof = (seq: number, status = 2): Buffer => packet(seq, 0xfe, le(0, 2), le(status, 2))

export const err = (code: number, message: string, state = 'HY000', seq = 1): Buffer =>
  packet(seq, 0xff, le(code, 2), `#${state}`, message)

export const query = (statement: string | Uint8Array): Buffer => packet(0, 3, statement)
export const command = (code: number, ...parts: (number | string | Uint8Array)[]): Buffer =>
  packet(0, code, ...parts)

const column = (seq: number, name: string, type = 253): Buffer =>
  packet(
    seq,
    ...[text('def'), text('shop'), text('t'), text('t'), text(name), text(name)],
    ...[0x0c, le(45, 2), le(255, 4), type, le(0, 2), 0, le(0, 2)],
  )

interface ResultOptions {
  /** Columns end without an EOF, and rows with an OK. */
  readonly noEof?: boolean
  readonly seq?: number
  readonly status?: number
}

/** A result with rows in the text protocol, or given as packets' contents. */
export function result(
  columns: readonly string[],
  rows: readonly (readonly string[] | Uint8Array)[],
  { noEof = false, seq = 1, status = 2 }: ResultOptions = {},
): Buffer {
  let n = seq
  const packets = [packet(n++, lengthOf(columns.length)), ...columns.map((name) => column(n++, name))]
  if (!noEof) packets.push(eof(n++, status & 0x40 ? status : 2))
  if (!noEof && status & 0x40) return Buffer.concat(packets)
  for (const row of rows) packets.push(packet(n++, row instanceof Uint8Array ? row : bytes(...row.map(text))))
  packets.push(noEof ? ok({ seq: n, head: 0xfe, status }) : eof(n, status))
  return Buffer.concat(packets)
}

/** The answer to COM_STMT_PREPARE. */
export function prepared(id: number, parameters: number, columns: number, noEof = false): Buffer {
  let n = 1
  const packets = [packet(n++, 0, le(id, 4), le(columns, 2), le(parameters, 2), 0, le(0, 2))]
  for (const count of [parameters, columns]) {
    for (let i = 0; i < count; i++) packets.push(column(n++, '?'))
    if (count > 0 && !noEof) packets.push(eof(n++))
  }
  return Buffer.concat(packets)
}

export interface Value {
  readonly type: number
  /** Undefined: NULL. */
  readonly data: Uint8Array | undefined
  readonly name?: string
}

export const TEXT = (value: string): Value => ({ type: 253, data: text(value) })
export const LONG = (value: number): Value => ({ type: 3, data: le(value >>> 0, 4) })
export const NULL: Value = { type: 6, data: undefined }
/** Sent before. */
export const SENT: Value = { type: 252, data: new Uint8Array(0) }

function nulls(values: readonly Value[]): Buffer {
  const bits = Buffer.alloc((values.length + 7) >> 3)
  values.forEach(({ data }, i) => {
    if (!data) bits[i >> 3]! |= 1 << (i & 7)
  })
  return bits
}

export function parameters(values: readonly Value[], withTypes = true): Buffer {
  const types = values.map(({ type, name }) => bytes(type, 0, name === undefined ? '' : text(name)))
  const data = values.map(({ data: own }) => own ?? '')
  return bytes(nulls(values), withTypes ? 1 : 0, ...(withTypes ? types : []), ...data)
}

export const execute = (id: number, values: readonly Value[], withTypes = true): Buffer =>
  command(0x17, le(id, 4), 0, le(1, 4), values.length > 0 ? parameters(values, withTypes) : '')

/** A packet of the compressed protocol. */
export function compressed(
  seq: number,
  content: Uint8Array,
  how?: (content: Uint8Array) => Uint8Array,
): Buffer {
  const made = how ? how(content) : content
  return bytes(le(made.length, 3), seq, le(how ? content.length : 0, 3), made)
}
