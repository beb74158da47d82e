/** Requests to encrypt what follows (postgresql.org/docs/current/protocol-flow.html, "SSL Session Encryption"), and their answers of one byte. */
import type { Input, Read } from '../protocol'
import { GSSENC_REQUEST, SSL_REQUEST } from './letters'

const [TLS, GSS, NO] = ['S', 'G', 'N'].map((letter) => letter.charCodeAt(0))

export class Encryption {
  #asked: 'tls' | 'gss' | undefined

  /** The server's answer comes next. */
  get isAsked(): boolean {
    return this.#asked !== undefined
  }

  /** Whether this code of a packet is such a request. */
  asks(code: number): boolean {
    if (code === SSL_REQUEST) this.#asked = 'tls'
    else if (code === GSSENC_REQUEST) this.#asked = 'gss'
    else return false
    return true
  }

  forget(): void {
    this.#asked = undefined
  }

  /** Nobody reads what is within GSS. Reads the answer; undefined where it is a message: an old server, or a full one, says an error. */
  read(input: Input): Read | undefined {
    if (input.pos === input.end) return 'need-more'
    const answer = input.bytes[input.pos]
    const asked = this.#asked
    this.#asked = undefined
    if (answer !== NO && answer !== TLS && answer !== GSS) return undefined
    input.pos++
    if (answer === NO) return 'message'
    return asked === 'tls' && answer === TLS ? { leave: 'tls', within: 'pgsql' } : { leave: 'GSS' }
  }
}
