/** Frames of Initial packets (RFC 9000 §12.4): pieces of the handshake, and how the connection ends. */
import { Cursor } from '../cursor'
import { variable } from './packets'

const PADDING = 0
const PING = 1
const ACK = 2
const ACK_WITH_COUNTS = 3
const CRYPTO = 6
const CLOSE = 0x1c
const CLOSE_BY_APPLICATION = 0x1d
/** An alert of TLS, as an error of QUIC (RFC 9001 §4.8). */
const ALERTS = 0x100

export interface FrameListener {
  /** `bytes` of the handshake, at their offset in it. */
  crypto(offset: number, bytes: Uint8Array): void
  /** The connection ends; `alert`: since TLS says so. */
  closes(alert: number | undefined): void
}

/** Reads them in turn; it ends with one that may not be there. */
export function readFrames(content: Uint8Array, listener: FrameListener): void {
  const at = new Cursor(content)
  while (at.left > 0) {
    const type = at.number(1)
    if (type === PADDING || type === PING) continue
    if (type === ACK || type === ACK_WITH_COUNTS) passAck(at, type === ACK_WITH_COUNTS)
    else if (type === CRYPTO) {
      const offset = variable(at)
      const bytes = at.take(variable(at))
      if (!at.isShort) listener.crypto(offset, bytes)
    } else {
      const code = type === CLOSE || type === CLOSE_BY_APPLICATION ? variable(at) : 0
      const isAlert = type === CLOSE && code >> 8 === ALERTS >> 8
      if (!at.isShort && (type === CLOSE || type === CLOSE_BY_APPLICATION))
        listener.closes(isAlert ? code & 0xff : undefined)
      return
    }
  }
}

function passAck(at: Cursor, hasCounts: boolean): void {
  for (let i = 0; i < 2; i++) variable(at)
  const ranges = variable(at)
  variable(at)
  for (let i = 0; i < 2 * ranges && !at.isShort; i++) variable(at)
  for (let i = 0; i < (hasCounts ? 3 : 0); i++) variable(at)
}
