/**
 * Secrets of a recording, replaced in place by as many bytes: those that Nixie keeps out of its rows, by the same rules. They are
 * looked for in whole streams, as a call may end in the middle of one. What no protocol of Nixie's reads can't be looked into, nor can
 * what is in a code: it is replaced but for its first bytes.
 */
import { PROCESS_EVENT } from '../events/identity'
import { RingSocketEvent } from '../events/socket'
import { EVENT_DATA, SENT } from '../events/socket-event'
import { redactArguments } from '../metadata/command/secrets'
import { PROTOCOLS } from '../protocols'
import { redactText } from '../protocols/lib/redact'
import { recognise } from '../streams/recognise'
import { looksLikeTls } from '../streams/tls'
import { HttpRedactor, hasStartLine, MAX_DECODED_IN_ALL, type Redaction } from './http-bytes'
import { LAYOUT } from './layout'
import { latin1, maskSecrets } from './mask'
import type { Tape } from './tape'
import { maskTalk } from './texts'

/** Of an unknown protocol: enough to see again that it is unknown. */
const KEPT_UNREAD = 8
const NUL = 0
const NO_ORIGIN = { high: 0, low: 0 }

/** Captured bytes of one call. */
interface Part {
  /** On the tape. */
  readonly bytes: Uint8Array
  /** In the direction's stream, from its first recorded byte on; of a datagram its number. */
  readonly at: number
  /** Bytes that were moved, captured or not. */
  readonly size: number
}

/** Captured bytes that follow each other without a hole. */
interface Run {
  readonly parts: Part[]
  /** Bytes between the run before and this one. */
  readonly missing: number
}

interface Talk {
  readonly transport: 'tcp' | 'udp'
  readonly ports: readonly [local: number, remote: number]
  /** By direction. */
  readonly parts: [Part[], Part[]]
  readonly first: [number | undefined, number | undefined]
}

/** Connections of which the recording lacks what they say: they have no rows when it is played again. */
export interface Unsaid {
  http2: number
  websocket: number
  /** TLS from the beginning on: only the encrypted bytes are there. */
  encrypted: number
}

/** Replaces the secrets on a tape whose events have this version's layout. */
export function redactTape(tape: Tape): Redaction & { readonly unsaid: Unsaid } {
  const redaction: Redaction = { secret: 0, unread: 0, decodable: MAX_DECODED_IN_ALL }
  const unsaid: Unsaid = { http2: 0, websocket: 0, encrypted: 0 }
  const talks = new Map<number, Talk>()
  for (const { kind, bytes } of tape) {
    if (kind === 'process') redaction.secret += redactProcess(bytes)
    if (kind === 'socket') collect(talks, bytes)
  }
  for (const talk of talks.values()) {
    const kind = redactTalk(talk, redaction)
    if (kind) unsaid[kind]++
  }
  return { ...redaction, unsaid }
}

function collect(talks: Map<number, Talk>, bytes: Uint8Array): void {
  const event = socketEventIn(bytes)
  if (event.kind !== EVENT_DATA || event.payload.length === 0) return
  const { connId, transport, localPort, remotePort, direction } = event
  let talk = talks.get(connId)
  if (!talk) {
    talk = { transport, ports: [localPort, remotePort], parts: [[], []], first: [undefined, undefined] }
    talks.set(connId, talk)
  }
  const parts = talk.parts[direction]
  talk.first[direction] ??= event.offset
  // Offsets go round at 2^32: the distance to the first is what tells their order.
  const at = transport === 'udp' ? parts.length : (event.offset - talk.first[direction]!) | 0
  parts.push({ bytes: event.payload, at, size: event.size })
}

/** The event that a frame of this version's layout holds. */
export function socketEventIn(bytes: Uint8Array): RingSocketEvent {
  return new RingSocketEvent(bytes.buffer, NO_ORIGIN).at(bytes.byteOffset)
}

function runsOf({ transport, parts: both }: Talk, direction: number): Run[] {
  const parts = both[direction]!
  if (transport === 'udp') return parts.map((part) => ({ parts: [part], missing: 0 }))
  const runs: Run[] = []
  let end = 0
  let isWhole = false
  for (const part of parts.toSorted((a, b) => a.at - b.at)) {
    if (isWhole && part.at === end) runs.at(-1)!.parts.push(part)
    else runs.push({ parts: [part], missing: runs.length === 0 ? 0 : Math.max(0, part.at - end) })
    isWhole = part.bytes.length === part.size
    end = part.at + part.bytes.length
  }
  return runs
}

const joined = ({ parts }: Run): Buffer => Buffer.concat(parts.map(({ bytes }) => bytes))

/** Puts changed bytes back to where they came from. */
function putBack({ parts }: Run, bytes: Buffer): void {
  let at = 0
  for (const part of parts) {
    part.bytes.set(bytes.subarray(at, at + part.bytes.length))
    at += part.bytes.length
  }
}

function redactTalk(talk: Talk, redaction: Redaction): keyof Unsaid | undefined {
  const directions = [0, 1].map((direction) =>
    runsOf(talk, direction).map((run) => ({ run, bytes: joined(run) })),
  )
  const all = directions.flat()
  const begins = directions.flatMap((runs) => runs.slice(0, 1))
  // TLS from the first byte on needs no redaction. A connection that became TLS later (STARTTLS) began in the clear.
  if (talk.transport === 'tcp' && begins.every(({ bytes }) => looksLikeTls(bytes, false)))
    return begins.length > 0 ? 'encrypted' : undefined
  const isInCode = all.some(({ bytes }) => isCoded(bytes))
  const isRead =
    !isInCode &&
    directions.some((runs, direction) => runs.some(({ bytes }) => isKnown(talk, direction, bytes)))
  const isHttp = isRead && talk.transport === 'tcp' && all.some(({ bytes }) => hasStartLine(latin1(bytes)))
  const isWebsocket = isHttp && all.some(({ bytes }) => TO_WEBSOCKET.test(latin1(bytes)))
  for (const runs of directions) {
    const http = new HttpRedactor(redaction)
    for (const { run, bytes } of runs) {
      if (isHttp) http.run(bytes, run.missing)
      else if (isRead && talk.transport === 'tcp') redaction.secret += maskTalk(bytes)
      else if (isRead) redaction.secret += maskSecrets(bytes, redactText)
      else redaction.unread += leaveUnread(bytes)
      putBack(run, bytes)
    }
  }
  return isInCode ? 'http2' : isWebsocket ? 'websocket' : undefined
}

/** In a server's answer (RFC 6455 §4.2.2). */
const TO_WEBSOCKET = /(?:^|\n)HTTP\/1\.1 101 [\s\S]{0,4096}?\nupgrade:[ \t]*websocket\b/i

const CODED = PROTOCOLS.filter(({ isCoded }) => isCoded)

/** Whether texts are in a code here, in which no secret can be replaced by as many bytes. */
const isCoded = (bytes: Buffer): boolean => CODED.some(({ search }) => (search?.(bytes, 0) ?? -1) >= 0)

/** Whether a protocol reads these bytes. */
function isKnown({ transport, ports: [local, remote] }: Talk, direction: number, bytes: Buffer): boolean {
  const [ownPort, peerPort] = direction === SENT ? [local, remote] : [remote, local]
  const head = { bytes, transport, isOpening: false, from: undefined, ownPort, peerPort }
  return typeof recognise(PROTOCOLS, head, bytes.length, new Set()) === 'object'
}

function leaveUnread(bytes: Buffer): number {
  const left = Math.min(KEPT_UNREAD, bytes.length)
  bytes.fill(NUL, left)
  return bytes.length - left
}

/** The command line of a process: it is told with its exec. Returns how many bytes were replaced. */
function redactProcess(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const { cgroup_bytes, exe_bytes } = PROCESS_EVENT
  const before = view.getUint16(cgroup_bytes, true) + view.getUint16(exe_bytes, true)
  let at = LAYOUT.process.bytes + before
  const args = latin1(bytes.subarray(at)).split('\0')
  let replaced = 0
  for (const [i, safe] of redactArguments(args).entries()) {
    const end = at + args[i]!.length
    replaced += maskSecrets(bytes.subarray(at, end), () => safe)
    at = end + 1
  }
  return replaced
}
