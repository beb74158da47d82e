/** Contexts and headers as JSON; ids of a trace as hexadecimal numbers. */
import { bodyText } from '../lib/body-text'
import { isSecretHeader, REDACTED, redactText } from '../lib/redact'
import type { Message, Pair } from './message'

/** span:8 parent:8 trace:8 flags:8, and perhaps the upper half of the trace's id:8 (Finagle's TraceId). */
const TRACE = 'com.twitter.finagle.tracing.TraceContext'

export function contextsText({ pairs }: Message, redact: boolean): string {
  if (pairs.length === 0) return '{}'
  const texts = pairs.map((pair) => [pair.name, valueText(pair, redact)] as const)
  return JSON.stringify(Object.fromEntries(texts))
}

function valueText({ name, value }: Pair, redact: boolean): string {
  if (name === TRACE && value.length >= 32) {
    const hex = Buffer.from(value).toString('hex')
    return JSON.stringify({
      trace: hex.slice(64, 80) + hex.slice(32, 48),
      span: hex.slice(0, 16),
      parent: hex.slice(16, 32),
    })
  }
  if (redact && isSecretHeader(name.toLowerCase())) return REDACTED
  const text = bodyText(value, value.length)
  return redact ? redactText(text) : text
}
