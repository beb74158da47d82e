/** What an envelope's body says beside the message itself, and where that begins. */
import { REDACTED } from '../../records/redacted'
import { bodyText } from '../lib/body-text'
import type { Framed } from '../lib/framing'
import { isCredential, redactText } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import { type Coding, decoded } from './compression'
import { FLAG, HEAD_BYTES, type Head } from './envelope'
import { Fields, uuidOf } from './fields'

export interface Body {
  /** At the beginning of the message. */
  readonly fields: Fields
  readonly traceId: string
  /** As JSON, '' without any. */
  readonly warnings: string
  readonly payload: string
  /** All of its bytes are there. */
  readonly isWhole: boolean
}

const TRACE_ID = 16

/** `coding`: as STARTUP has it; undefined: that wasn't seen. `most`: bytes that are read of it. */
export function bodyOf(
  head: Head,
  { bytes, start, end, length }: Framed,
  isAnswer: boolean,
  coding: Coding | undefined,
  most: number,
  settings: ProtocolSettings,
): Body {
  const { flags, version } = head
  const from = Math.min(end, start + HEAD_BYTES)
  let fields = new Fields(bytes, from, end)
  let isWhole = end - start === length
  // Segments have their own compression; the flag says nothing then.
  if ((flags & FLAG.COMPRESSED) !== 0 && version < 5 && length > HEAD_BYTES) {
    const content = decoded(bytes.subarray(from, end), coding, most, settings.decodeBudget)
    fields = new Fields(content?.bytes ?? new Uint8Array(0))
    isWhole &&= content?.bytes.length === content?.size && content !== undefined
  }
  const has = (flag: number): boolean => (flags & flag) !== 0
  const traceId = isAnswer && has(FLAG.TRACING) ? uuidOf(fields.take(TRACE_ID)) : ''
  const warnings = isAnswer && has(FLAG.WARNING) && version >= 4 ? warningsOf(fields, settings) : ''
  const payload = has(FLAG.PAYLOAD) && version >= 4 ? payloadOf(fields, settings) : ''
  return { fields, traceId, warnings, payload, isWhole }
}

function warningsOf(fields: Fields, { redact, bodyLimit }: ProtocolSettings): string {
  const texts = fields.texts().map((text) => text.slice(0, bodyLimit))
  return JSON.stringify(redact ? texts.map(redactText) : texts)
}

/** [bytes map] */
function payloadOf(fields: Fields, { redact, bodyLimit }: ProtocolSettings): string {
  const pairs = fields.entries(fields.short(), () => {
    const name = fields.text()
    const value = fields.longBytes()
    if (!value) return [name, null] as const
    if (redact && isCredential(name)) return [name, REDACTED] as const
    const text = bodyText(value.subarray(0, bodyLimit), value.length)
    return [name, redact ? redactText(text) : text] as const
  })
  return JSON.stringify(Object.fromEntries(pairs))
}
