/** The body of a row of `nats_events`: the options of a message by name, as JSON. */

import { objectIn } from '../../json'
import { bodyText } from '../lib/body-text'
import { redactText } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import type { Said } from './framing'
import { objectText, parseHeaders } from './json'
import { type ControlLine, sizeOf } from './lines'

/** The kinds of the two ends: a client and its server, or two servers, over a route (or gateway) or as hub and leaf node. */
export type Kind = 'client' | 'route' | 'leaf'

export interface Setting {
  readonly kind: Kind
  /** A route that belongs to one account doesn't name it. */
  readonly isPinned: boolean
}

const HEADERS = Buffer.from('NATS/1.0')

/**
 * Whether the message may be the end of another one, whose beginning is missing: a PUB or MSG whose payload begins with headers, as
 * HPUB and HMSG have it, a SUB at the end of UNSUB, or the end of a message between servers.
 */
export function mayBeTail({ line: { verb, parts }, content }: Said, kind: Kind): boolean {
  if (verb === 'SUB') return kind !== 'client' || parts.every((part) => sizeOf(part) >= 0)
  if (verb !== 'PUB' && verb !== 'MSG') return false
  return kind !== 'client' || HEADERS.every((byte, i) => content[i] === byte)
}

type Options = Record<string, unknown>

export function bodyOf(said: Said, setting: Setting, settings: ProtocolSettings): string {
  const { line } = said
  const { verb, rest } = line
  if (verb === 'INFO' || verb === 'CONNECT') {
    const fields = objectIn(rest)
    return fields ? objectText(fields, settings.redact) : '{}'
  }
  if (verb === '-ERR') return optionsText({ error: errorText(rest) }, settings)
  const meant = verb === 'LMSG' && setting.kind === 'route' ? withHeaders(line) : line
  const options = optionsOf(meant, setting)
  if (line.size >= 0) addContent(options, { ...said, line: meant }, settings)
  return optionsText(options, settings)
}

/** Secrets in headers have been replaced before. */
function optionsText(options: Options, { redact }: ProtocolSettings): string {
  if (!redact) return JSON.stringify(options)
  const safe = Object.entries(options).map(([name, value]) => [
    name,
    typeof value === 'string' ? redactText(value) : value,
  ])
  return JSON.stringify(Object.fromEntries(safe))
}

/** LMSG has the size of its headers over routes only: it then has one part more. */
function withHeaders(line: ControlLine): ControlLine {
  const size = sizeOf(line.parts.at(-1) ?? '')
  if (size < 0 || size > line.size) return line
  return { ...line, parts: line.parts.slice(0, -1), headerSize: size }
}

/** The text of -ERR without its quotes. */
export const errorText = (rest: string): string => /^'(.*)'$/.exec(rest)?.[1] ?? rest

function optionsOf({ verb, parts }: ControlLine, setting: Setting): Options {
  switch (verb) {
    case 'PUB':
    case 'HPUB':
      return optional({ subject: parts[0], reply_to: parts[1] })
    case 'SUB':
      return optional({
        subject: parts[0],
        queue_group: parts.length === 3 ? parts[1] : undefined,
        sid: parts.at(-1),
      })
    case 'UNSUB':
      return optional({ sid: parts[0], max_msgs: parts[1] === undefined ? undefined : number(parts[1]) })
    case 'MSG':
      return optional({ subject: parts[0], sid: parts[1], reply_to: parts[2] })
    case 'HMSG':
      return setting.kind === 'client'
        ? optional({ subject: parts[0], sid: parts[1], reply_to: parts[2] })
        : routed(parts, false, setting)
    case 'RMSG':
      return routed(parts, false, setting)
    case 'LMSG':
      return routed(parts, true, setting)
    case 'RS+':
    case 'RS-':
      return interest(parts, false, setting)
    case 'LS+':
    case 'LS-':
      return interest(parts, true, setting)
    case 'A+':
    case 'A-':
      return { account: parts[0] }
    default:
      return {}
  }
}

/** The parts before a subject between servers. */
function inFront(parts: readonly string[], hasOrigin: boolean, { kind, isPinned }: Setting) {
  const rest = [...parts]
  if (kind !== 'route') return { front: {}, rest }
  const origin = hasOrigin ? rest.shift() : undefined
  const account = isPinned || rest.length < 2 ? undefined : rest.shift()
  return { front: { origin, account }, rest }
}

function routed(parts: readonly string[], isLeafs: boolean, setting: Setting): Options {
  const { front, rest } = inFront(parts, isLeafs, setting)
  const [subject, second, ...more] = rest
  if (second === '+') return optional({ ...front, subject, reply_to: more[0], queue_groups: more.slice(1) })
  if (second === '|') return optional({ ...front, subject, queue_groups: more })
  return optional({ ...front, subject, reply_to: second })
}

function interest(parts: readonly string[], isLeafs: boolean, setting: Setting): Options {
  const { front, rest } = inFront(parts, isLeafs, setting)
  const [subject, queue_group, weight] = rest
  return optional({
    ...front,
    subject,
    queue_group,
    weight: weight === undefined ? undefined : number(weight),
  })
}

function addContent(options: Options, { line, content }: Said, settings: ProtocolSettings): void {
  const { size, headerSize } = line
  if (headerSize > 0) {
    const end = Math.min(headerSize, content.length)
    const { status, description, values } = parseHeaders(content, end, settings.redact)
    if (status > 0) options.status = status
    if (description !== '') options.description = description
    options.headers = values
  }
  const payload = content.subarray(Math.min(headerSize, content.length))
  options.payload = payload.length === 0 ? '' : bodyText(payload, size - headerSize)
  options.size = size - headerSize
}

const number = (part: string): number | string => (/^[0-9]{1,15}$/.test(part) ? Number(part) : part)

const optional = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
