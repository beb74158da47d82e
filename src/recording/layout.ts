/** How the events of a recording are laid out, and how those of another version become this version's. */
import { PROCESS_EVENT, PROCESS_EVENT_BYTES } from '../events/identity'
import { ENDPOINTS, SOCKET_EVENT, TOTALS, TOTALS_BYTES } from '../events/socket'

/** A field's place: its offset, and how many bytes it has. */
export type Place = readonly [offset: number, bytes: number]

/** A structure's fields, and what follows them: text, payload, or nothing. */
export interface StructLayout {
  readonly bytes: number
  readonly fields: Readonly<Record<string, Place>>
}

export interface Layout {
  readonly socket: StructLayout
  /** Behind every socket event but data. */
  readonly totals: StructLayout
  readonly process: StructLayout
}

/** Puts the sizes, of which the decoders have no list, beside the decoders' offsets. */
function struct<F extends string>(
  bytes: number,
  offsets: Readonly<Record<F, number>>,
  sizes: Readonly<Record<F, number>>,
): StructLayout {
  const sizeOf: Readonly<Record<string, number>> = sizes
  const fields = Object.entries<number>(offsets).map(([name, offset]): [string, Place] => [
    name,
    [offset, sizeOf[name]!],
  ])
  return { bytes, fields: Object.fromEntries(fields) }
}

const { ends, payload, ...plain } = SOCKET_EVENT

const HEAD = struct(payload, plain, {
  conn_id: 8,
  time_ns: 8,
  start_ticks: 8,
  pid: 4,
  offset: 4,
  size: 4,
  captured: 4,
  kind: 1,
  direction: 1,
  role: 1,
  flags: 1,
  netns: 4,
  comm: 16,
})

const ENDS = struct(0, ENDPOINTS, {
  local_port: 2,
  remote_port: 2,
  version: 1,
  protocol: 1,
  local_addr: 16,
  remote_addr: 16,
  first_sent: 4,
  first_received: 4,
})

const inEvent = Object.entries(ENDS.fields).map(([name, [offset, bytes]]): [string, Place] => [
  `ends.${name}`,
  [ends + offset, bytes],
])

/** Of this version. */
export const LAYOUT: Layout = {
  socket: { bytes: payload, fields: { ...HEAD.fields, ...Object.fromEntries(inEvent) } },
  totals: {
    bytes: TOTALS_BYTES,
    fields: Object.fromEntries(
      Object.entries(TOTALS).map(([name, offset]): [string, Place] => [name, [offset, 8]]),
    ),
  },
  process: struct(PROCESS_EVENT_BYTES, PROCESS_EVENT, {
    start_ticks: 8,
    parent_start_ticks: 8,
    pid: 4,
    parent_pid: 4,
    kind: 2,
    cgroup_bytes: 2,
    exe_bytes: 2,
    args_bytes: 2,
    comm: 16,
  }),
}

/** A structure with more bytes than this is none of Nixie's. */
const MAX_STRUCT = 4096
const MAX_FIELDS = 64

const STRUCTS = ['socket', 'totals', 'process'] as const

const isCount = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most

/** What is wrong with a layout that a file has; undefined when it can be used. */
export function faultOf(layout: Layout | undefined): string | undefined {
  for (const name of STRUCTS) {
    const own = LAYOUT[name]
    const struct = layout?.[name]
    if (!isCount(struct?.bytes, MAX_STRUCT)) return `the size of '${name}' is missing or too large`
    const fields = Object.entries(struct.fields ?? {})
    if (fields.length > MAX_FIELDS) return `'${name}' has ${fields.length} fields, more than ${MAX_FIELDS}`
    for (const [field, place] of fields) {
      const [offset, bytes] = Array.isArray(place) ? place : []
      if (!isCount(offset, struct.bytes) || !isCount(bytes, struct.bytes - offset))
        return `the field '${field}' lies outside of '${name}'`
    }
    const missing = Object.keys(own.fields).find((field) => struct.fields?.[field] === undefined)
    if (missing !== undefined) return `'${name}' lacks the field '${missing}', which this version needs`
  }
  return undefined
}

export const isOwn = (layout: Layout): boolean => Bun.deepEquals(layout, LAYOUT)

/** Copies the fields of a structure to their places of this version; numbers that were shorter get zeros behind them. */
function convert(bytes: Uint8Array, from: StructLayout, to: StructLayout, into: Uint8Array): void {
  for (const [name, [offset, size]] of Object.entries(to.fields)) {
    const [at, length] = from.fields[name]!
    into.set(bytes.subarray(at, at + Math.min(size, length)), offset)
  }
}

/** A structure with what follows it, laid out as in this version. `bytes` has at least `from.bytes`. */
export function converted(bytes: Uint8Array, from: StructLayout, to: StructLayout): Uint8Array {
  const whole = new Uint8Array(to.bytes + bytes.length - from.bytes)
  convert(bytes, from, to, whole)
  whole.set(bytes.subarray(from.bytes), to.bytes)
  return whole
}
