/** Whether an event of a file is one that the kernel could have told: what decodes events trusts it. */
import { PROCESS_EVENT, PROCESS_EXEC, PROCESS_EXIT } from '../events/identity'
import { ENDPOINTS, SOCKET_EVENT, TOTALS_BYTES } from '../events/socket'
import { EVENT_BACK, EVENT_DATA, EVENT_SHED, SENT } from '../events/socket-event'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN } from '../records/types'
import { LAYOUT } from './layout'

const ROLES: readonly number[] = [ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN]
const VERSIONS: readonly number[] = [4, 6]
const TCP = 6
const UDP = 17
/** Of a number of a connection or a process: exact in a double. */
const MAX_HIGH = 2 ** 21

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** `bytes` has this version's layout. What is wrong with it; undefined for nothing. */
export function faultOfSocket(bytes: Uint8Array): string | undefined {
  const view = viewOf(bytes)
  const behind = bytes.length - LAYOUT.socket.bytes
  const kind = view.getUint8(SOCKET_EVENT.kind)
  if (kind !== EVENT_BACK && (kind < EVENT_DATA || kind > EVENT_SHED))
    return `there is no event of kind ${kind}`
  if (view.getUint8(SOCKET_EVENT.direction) > SENT) return 'its direction is neither'
  if (!ROLES.includes(view.getUint8(SOCKET_EVENT.role))) return 'its role is none'
  if (!VERSIONS.includes(view.getUint8(SOCKET_EVENT.ends + ENDPOINTS.version)))
    return 'its addresses are none'
  const protocol = view.getUint8(SOCKET_EVENT.ends + ENDPOINTS.protocol)
  if (protocol !== TCP && protocol !== UDP) return 'it is of neither TCP nor UDP'
  if (view.getUint32(SOCKET_EVENT.conn_id + 4, true) >= MAX_HIGH) return 'its connection has no number'
  if (view.getUint32(SOCKET_EVENT.start_ticks + 4, true) >= MAX_HIGH) return 'its process has no start'
  if (kind !== EVENT_DATA) return behind === TOTALS_BYTES ? undefined : 'its totals are incomplete'
  const captured = view.getUint32(SOCKET_EVENT.captured, true)
  if (captured !== behind) return `it has ${behind} bytes of payload and should have ${captured}`
  if (captured > view.getUint32(SOCKET_EVENT.size, true)) return 'more was captured than was moved'
  return undefined
}

/** As `faultOfSocket`. */
export function faultOfProcess(bytes: Uint8Array): string | undefined {
  const view = viewOf(bytes)
  const { kind, cgroup_bytes, exe_bytes, args_bytes, start_ticks, parent_start_ticks } = PROCESS_EVENT
  const number = view.getUint16(kind, true)
  if (number < PROCESS_EXEC || number > PROCESS_EXIT) return `there is no process event of kind ${number}`
  const texts = [cgroup_bytes, exe_bytes, args_bytes].reduce(
    (sum, field) => sum + view.getUint16(field, true),
    0,
  )
  const behind = bytes.length - LAYOUT.process.bytes
  if (texts !== behind) return `it has ${behind} bytes of text and should have ${texts}`
  const starts = [start_ticks, parent_start_ticks]
  return starts.some((field) => view.getUint32(field + 4, true) >= MAX_HIGH)
    ? 'its process has no start'
    : undefined
}
