/** What both sides of a connection have said so far of a handshake (RFC 8446 §2, RFC 5246 §7.3), and when it is done. */
import type { Side } from '../protocol'
import { type Certificate, readCertificate } from './certificate'
import { Cursor } from './cursor'
import { type ClientHello, readClientHello, readServerHello, type ServerHello } from './hello'
import { EXTENSION, MESSAGE, RECORD, TLS_1_3 } from './numbers'
import type { RecordHeader } from './records'
import { type Alert, MOST_SHOWN } from './texts'

/** An alert in TLS 1.3 is encrypted with its type and a tag of 16 bytes: nothing else is as short (RFC 8446 §5.2). */
const ENCRYPTED_ALERT = 19
const FATAL = 2
const CLOSE_NOTIFY = 0
const USER_CANCELED = 90
const NO_RENEGOTIATION = 100
const UNRECOGNIZED_NAME = 112
/** After these a handshake may go on, if their level is a warning (RFC 5246 §7.2.2, RFC 6066 §3). */
const HARMLESS: ReadonlySet<number> = new Set([
  CLOSE_NOTIFY,
  USER_CANCELED,
  NO_RENEGOTIATION,
  UNRECOGNIZED_NAME,
])

/** Before TLS 1.3: one that goes on from an earlier connection has none of them (RFC 5246 §7.3). */
const OF_FULL: ReadonlySet<number> = new Set([
  MESSAGE.certificate,
  MESSAGE.serverKeyExchange,
  MESSAGE.serverHelloDone,
  MESSAGE.clientKeyExchange,
])

/** 'failed': by an alert, or since this is no handshake that can be followed. */
export type Progress = 'goes-on' | 'done' | 'failed'

export class Handshake {
  client: ClientHello | undefined
  server: ServerHello | undefined
  /** When the first byte of the ClientHello was moved. */
  startNs = 0
  lastNs = 0
  progress: Progress = 'goes-on'
  isRetried = false
  isResumed = false
  /** There was an alert, of which only that is seen. */
  hasEncryptedAlert = false
  readonly alerts: Alert[] = []
  readonly certificates: Record<Side, Certificate[]> = { client: [], server: [] }
  /** There was a message that only a whole handshake has. */
  #isFull = false
  readonly #changed = { client: false, server: false }
  readonly #finished = { client: false, server: false }

  get isAnswered(): boolean {
    return this.server !== undefined || this.alerts.length > 0
  }

  /** It is done, or an alert has ended it. */
  get isSettled(): boolean {
    return this.progress === 'done' || this.alerts.length > 0 || this.hasEncryptedAlert
  }

  /** What these records bring is in the clear and says something. */
  isClear(side: Side, type: number): boolean {
    return !this.#changed[side] && (type === RECORD.handshake || type === RECORD.alert)
  }

  isWanted(type: number): boolean {
    return type === MESSAGE.clientHello || type === MESSAGE.serverHello || type === MESSAGE.certificate
  }

  /** A message of the handshake in the clear; true where it counts as one. */
  says(side: Side, type: number, body: Uint8Array, timeNs: number): boolean {
    this.lastNs = timeNs
    if (OF_FULL.has(type)) this.#isFull = true
    if (type === MESSAGE.certificate) this.#certificates(side, body)
    else if (type === MESSAGE.clientHello && side === 'client') return this.#asks(body)
    else if (type === MESSAGE.serverHello && side === 'server') return this.#answers(body)
    return false
  }

  begins(side: Side, timeNs: number): void {
    if (side === 'client' && this.startNs === 0) this.startNs = timeNs
  }

  ends(side: Side, header: RecordHeader, timeNs: number): void {
    if (header.type === RECORD.data) this.#hidden(side, header.length, timeNs)
    else if (!this.#isHidden && this.server) this.#changes(side, header.type, timeNs)
  }

  /** A record whose content is encrypted, and its type too. */
  #hidden(side: Side, length: number, timeNs: number): void {
    // Early data comes before the ServerHello, and what is under way of it after that.
    if (side === 'client' && this.client && !this.server) return
    if (side === 'server' && this.#isHidden) return
    this.lastNs = timeNs
    const mayBeData = this.client?.extensions.includes(EXTENSION.earlyData)
    if (length === ENCRYPTED_ALERT && this.#isHidden && !mayBeData) this.hasEncryptedAlert = true
    // Before TLS 1.3 a client may send data before it has the server's Finished (RFC 7918); the server's comes after both.
    if (this.#isHidden || side === 'server' || !this.server) this.progress = this.server ? 'done' : 'failed'
  }

  /** Before TLS 1.3, what changes the cipher and what follows that are records of their own types. */
  #changes(side: Side, type: number, timeNs: number): void {
    if (type === RECORD.changeCipherSpec) {
      if (side === 'server' && !this.#changed.client && !this.#isFull) this.isResumed = true
      this.#changed[side] = true
    } else if (this.#changed[side]) {
      this.lastNs = timeNs
      if (type === RECORD.alert) this.#hiddenAlert()
      if (type === RECORD.handshake) this.#finished[side] = true
      if (this.#finished.client && this.#finished.server) this.progress = 'done'
    }
  }

  alert(alert: Alert, timeNs: number): void {
    this.lastNs = timeNs
    if (this.alerts.length < MOST_SHOWN) this.alerts.push(alert)
    if (alert.level >= FATAL || !HARMLESS.has(alert.description)) this.progress = 'failed'
  }

  /** Nothing but the hellos is in the clear (TLS 1.3). */
  get #isHidden(): boolean {
    return (this.server?.version ?? 0) >= TLS_1_3
  }

  #hiddenAlert(): void {
    this.hasEncryptedAlert = true
    this.progress = 'failed'
  }

  #asks(body: Uint8Array): boolean {
    const hello = readClientHello(body)
    if (!hello || this.server || (this.client && !this.isRetried)) this.progress = 'failed'
    else this.client = hello
    return hello !== undefined
  }

  #answers(body: Uint8Array): boolean {
    const hello = readServerHello(body)
    if (!hello || this.server || (hello.isRetry && this.isRetried)) this.progress = 'failed'
    else if (hello.isRetry) this.isRetried = true
    else {
      this.server = hello
      if (this.#isHidden) this.isResumed = hello.extensions.includes(EXTENSION.preSharedKey)
    }
    return hello !== undefined
  }

  #certificates(side: Side, body: Uint8Array): void {
    const list = new Cursor(body).vector(3)
    const found = this.certificates[side]
    while (list.left > 0 && found.length < MOST_SHOWN) {
      const certificate = readCertificate(list.vector(3).bytes)
      if (!certificate) return
      found.push(certificate)
    }
  }
}
