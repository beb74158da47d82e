/** Messages of Protocol Buffers, and their descriptors, as bytes. */

/** Field number → value: a text, bytes, an integer (a varint), or several of them. */
export type Written = Readonly<Record<number, Value | readonly Value[]>>
type Value = string | Uint8Array | number | bigint

function varint(value: number | bigint): number[] {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, BigInt(value))
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  return [...bytes, Number(left)]
}

function field(number: number, value: Value): Uint8Array {
  if (typeof value === 'number' || typeof value === 'bigint')
    return Uint8Array.from([...varint(number << 3), ...varint(value)])
  const content = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([Uint8Array.from([...varint((number << 3) | 2), ...varint(content.length)]), content])
}

export const message = (fields: Written): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      Object.entries(fields).flatMap(([number, values]) =>
        (Array.isArray(values) ? values : [values]).map((value: Value) => field(Number(number), value)),
      ),
    ),
  )

/** Eight or four bytes. */
export function fixed(number: number, value: number, size: 4 | 8): Uint8Array {
  const bytes = Buffer.alloc(size)
  if (size === 8) bytes.writeDoubleLE(value)
  else bytes.writeFloatLE(value)
  return Buffer.concat([Uint8Array.from(varint((number << 3) | (size === 8 ? 1 : 5))), bytes])
}

/** `FieldDescriptorProto`: kinds are numbered there. */
export const fieldType = (
  name: string,
  number: number,
  kind: number,
  { typeName = '', repeated = false, secret = false } = {},
): Uint8Array =>
  message({
    1: name,
    3: number,
    4: repeated ? 3 : 1,
    5: kind,
    ...(typeName && { 6: typeName }),
    ...(secret && { 8: message({ 16: 1 }) }),
  })

export const messageType = (
  name: string,
  fields: readonly Uint8Array[],
  nested: readonly Uint8Array[] = [],
): Uint8Array => message({ 1: name, 2: fields, 3: nested })

/** `FileDescriptorProto` of a package. */
export const fileOf = (
  name: string,
  of: string,
  messages: readonly Uint8Array[],
  enums: readonly Uint8Array[] = [],
  services: readonly Uint8Array[] = [],
): Uint8Array => message({ 1: name, 2: of, 4: messages, 5: enums, 6: services })

export const service = (
  name: string,
  methods: Readonly<Record<string, readonly [input: string, output: string]>>,
): Uint8Array =>
  message({
    1: name,
    2: Object.entries(methods).map(([method, [input, output]]) =>
      message({ 1: method, 2: input, 3: output }),
    ),
  })

/** A message with its prefix, as gRPC has it. */
export function framed(content: Uint8Array): Uint8Array {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(content.length, 1)
  return new Uint8Array(Buffer.concat([prefix, content]))
}
