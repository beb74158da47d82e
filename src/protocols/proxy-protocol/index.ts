import type { Conversation, Head, Input, Link, Protocol, Read, Recognition } from '../protocol'
import { isSurelyHeader, readHeader } from './header'

/** A header before another protocol: it names the client, and makes no row of its own. */
class ProxyHeader implements Conversation {
  readonly held = 0
  readonly isUndecided = false
  readonly #link: Link

  constructor(link: Link) {
    this.#link = link
  }

  read(_: unknown, input: Input): Read {
    const header = readHeader(input.bytes, input.pos, input.end)
    if (header === 'need-more') return header
    if (header === 'no') return { invalid: 'no PROXY header' }
    input.pos += header.length
    if (header.client) this.#link.setRemote(header.client.address, header.client.port)
    return { leave: 'any' }
  }

  seek(): number {
    return -1
  }

  gap(): boolean {
    return false
  }

  settle(): void {}

  shed(): void {}
}

export const proxyProtocol: Protocol = {
  name: 'proxy-protocol',
  label: 'PROXY protocol',
  code: 0,
  tables: [],
  transports: ['tcp', 'tls'],
  // The longest header, and the beginning of the protocol after it.
  captureCap: 80 << 10,
  recognise({ bytes, isOpening }: Head): Recognition {
    if (!isOpening) return 'no'
    const header = readHeader(bytes, 0, bytes.length)
    if (typeof header !== 'string' || isSurelyHeader(bytes)) return { side: 'client', sure: true }
    return header
  },
  open: (link) => new ProxyHeader(link),
}
