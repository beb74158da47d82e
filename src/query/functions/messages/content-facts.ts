/** What the two contents of a row of `http_events` say by name: from its facts, where the content is longer than what is kept of it. */
import { keptFacts } from '../../../protocols/lib/http/body-facts'
import { Facts } from '../../../protocols/lib/http/facts'

const NONE = new Facts()
const JSON_START = /^\s*[[{]/
const LINES_START = /^(?:data|event|id|retry)?:/

/** `body`: the kept text; `facts`: those of the whole content, or ''. */
export function contentFacts(body: string, facts: string): Facts {
  if (facts !== '') return Facts.fromText(facts)
  const isDocument = JSON_START.test(body)
  if (!isDocument && !LINES_START.test(body)) return NONE
  return keptFacts(isDocument ? 'document' : 'lines', new Uint8Array(Buffer.from(body)))
}

/** As written, or -1. */
export function countOf(digits: string): number {
  const count = /^\d{1,15}(?:\.\d+)?$/.test(digits) ? Number(digits) : -1
  return Math.round(count)
}
