/** ClientHello and ServerHello (RFC 8446 §4.1, RFC 5246 §7.4.1). Lists have bounds; what is GREASE (RFC 8701) is left out. */
import { latin1 } from '../lib/bytes'
import { Cursor } from './cursor'
import { EXTENSION, isGrease } from './numbers'

/** Elements of a list that are kept at most, and characters of a name. */
const MOST = 64
const MOST_NAMES = 16
const MAX_NAME = 255

export interface ClientHello {
  /** The version that its record-compatible field has; the highest is in `versions`. */
  readonly version: number
  readonly ciphers: readonly number[]
  /** In their order, without GREASE. */
  readonly extensions: readonly number[]
  readonly serverName: string
  readonly alpn: readonly string[]
  readonly versions: readonly number[]
  readonly groups: readonly number[]
  /** Groups that a key is sent for. */
  readonly shares: readonly number[]
  /** It brings what an earlier connection left: a session, a ticket or a key. */
  readonly offersResumption: boolean
}

export interface ServerHello {
  readonly version: number
  readonly cipher: number
  readonly extensions: readonly number[]
  readonly alpn: string
  /** 0: none. */
  readonly group: number
  /** A HelloRetryRequest (RFC 8446 §4.1.4): the client says another ClientHello. */
  readonly isRetry: boolean
}

const RANDOM_BYTES = 32
/** The random of a HelloRetryRequest (RFC 8446 §4.1.3). */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

/** `body`: a whole message without its header; undefined: it is none. */
export function readClientHello(body: Uint8Array): ClientHello | undefined {
  const at = new Cursor(body)
  const version = at.number(2)
  at.take(RANDOM_BYTES)
  const session = at.vector(1)
  const ciphers = at.numbers(2, 2, MOST).filter((cipher) => !isGrease(cipher))
  const compressions = at.vector(1)
  if (at.isShort || version >> 8 !== 3 || session.end > 32 || compressions.end === 0) return undefined
  const extensions = extensionsOf(at)
  if (!extensions) return undefined
  const versions = list(extensions, EXTENSION.versions, (data) => data.numbers(1, 2, MOST))
  const hasTicket = (extensions.get(EXTENSION.ticket)?.left ?? 0) > 0
  // In TLS 1.3 the session is only there for middleboxes.
  const hasSession = session.end > 0 && !extensions.has(EXTENSION.versions)
  return {
    version,
    ciphers,
    extensions: [...extensions.keys()],
    serverName: serverNameIn(extensions.get(EXTENSION.serverName)),
    alpn: names(extensions.get(EXTENSION.alpn)),
    versions,
    groups: list(extensions, EXTENSION.groups, (data) => data.numbers(2, 2, MOST)),
    shares: list(extensions, EXTENSION.keyShare, sharesIn),
    offersResumption: hasTicket || hasSession || extensions.has(EXTENSION.preSharedKey),
  }
}

export function readServerHello(body: Uint8Array): ServerHello | undefined {
  const at = new Cursor(body)
  const legacy = at.number(2)
  const random = at.take(RANDOM_BYTES)
  const session = at.vector(1)
  const cipher = at.number(2)
  at.number(1)
  if (at.isShort || legacy >> 8 !== 3 || session.end > 32) return undefined
  const extensions = extensionsOf(at)
  if (!extensions) return undefined
  return {
    version: extensions.get(EXTENSION.versions)?.number(2) || legacy,
    cipher,
    extensions: [...extensions.keys()],
    alpn: names(extensions.get(EXTENSION.alpn))[0] ?? '',
    group: extensions.get(EXTENSION.keyShare)?.number(2) ?? 0,
    isRetry: RETRY.equals(random),
  }
}

type Extensions = ReadonlyMap<number, Cursor>

/** By type, without GREASE; none where the message ends before them. undefined: they don't fit. */
function extensionsOf(message: Cursor): Extensions | undefined {
  const found = new Map<number, Cursor>()
  if (message.left === 0) return found
  const all = message.vector(2)
  if (message.isShort) return undefined
  while (all.left > 0) {
    const type = all.number(2)
    const data = all.vector(2)
    if (all.isShort) return undefined
    if (!isGrease(type) && found.size < MOST) found.set(type, data)
  }
  return found
}

const list = (extensions: Extensions, type: number, read: (data: Cursor) => number[]): number[] => {
  const data = extensions.get(type)
  return data ? read(data).filter((number) => !isGrease(number)) : []
}

/** RFC 6066 §3: the first name of the only type there is, a host's. */
function serverNameIn(data: Cursor | undefined): string {
  const entries = data?.vector(2)
  if (entries?.number(1) !== 0) return ''
  const name = entries.vector(2)
  return latin1(name.bytes, 0, Math.min(name.end, MAX_NAME))
}

/** RFC 7301 §3.1. Two equal bytes of the fitting form are GREASE. */
function names(data: Cursor | undefined): string[] {
  const all = data?.vector(2)
  const found: string[] = []
  while (all && all.left > 0 && found.length < MOST_NAMES) {
    const { bytes, end } = all.vector(1)
    if (end > 0 && !(end === 2 && isGrease((bytes[0]! << 8) | bytes[1]!))) found.push(latin1(bytes, 0, end))
  }
  return found
}

function sharesIn(data: Cursor): number[] {
  const all = data.vector(2)
  const groups: number[] = []
  while (all.left > 0 && groups.length < MOST) {
    groups.push(all.number(2))
    all.vector(2)
  }
  return groups
}
