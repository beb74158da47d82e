/** Ids of processes as scripts write them. */
import { NixieError } from '../../errors'

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i
const PARTS = /^\d{1,10}:\d{1,10}:\d{1,20}$/

/**
 * `asid:pid:start` of a UINT128's text: that itself, or a UUID whose first 32 bits are the agent, the next ones the
 * process id and the last 64 the start time. '' stays ''. Throws `type_error`.
 */
export function upidOf(text: string): string {
  if (text === '' || PARTS.test(text)) return text
  const [, asid, high, low, start, rest] = UUID.exec(text) ?? []
  if (asid !== undefined)
    return [asid, `${high}${low}`, `${start}${rest}`].map((hex) => BigInt(`0x${hex}`)).join(':')
  throw new NixieError(
    'type_error',
    `'${text.slice(0, 60)}' is no id of a process`,
    "Write '1:42:7' (asid:pid:start) or a UUID: '00000001-0000-002a-0000-000000000007'.",
  )
}
