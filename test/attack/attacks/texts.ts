/** Texts that are dear to search or to match. */
import type { Attack, Field } from '../field'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** An honest exchange, so that it is known to be HTTP, and then what `make` gives. */
async function behindAnExchange(
  field: Field,
  make: (round: number) => string | Uint8Array,
  { count = 8, perSecond = 500 } = {},
): Promise<void> {
  const greeted = new WeakSet<object>()
  const port = await field.listen((socket) => {
    if (greeted.has(socket)) return
    greeted.add(socket)
    void field.write(socket, OK)
  })
  const sockets = await field.openMany(port, count)
  await field.flood(sockets, () => 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n', 1000, 1)
  await Bun.sleep(100)
  await field.flood(sockets, make, perSecond)
}

const fill = (part: string, bytes = 16_000) => part.repeat(Math.ceil(bytes / part.length)).slice(0, bytes)

/** `make`: a head that is answered. */
async function heads(field: Field, make: (n: number) => string): Promise<void> {
  const port = await field.listen((socket, bytes) => {
    if (bytes.includes('\r\n\r\n')) void field.write(socket, OK)
  })
  const sockets = await field.openMany(port, 4)
  await field.flood(sockets, (round) => make(round), 20)
}

export const TEXTS: readonly Attack[] = [
  {
    name: 'no-line-break',
    what: 'megabytes without a line break behind an exchange',
    run: (field) => behindAnExchange(field, () => Buffer.alloc(4 << 20, 0x61), { count: 2, perSecond: 20 }),
  },
  {
    name: 'bytewise',
    what: 'a head in writes of one byte',
    run: (field) =>
      behindAnExchange(field, (round) => (round === 0 ? 'GET /' : 'a'), { count: 50, perSecond: 1000 }),
  },
  {
    name: 'request-like-lines',
    what: 'lines that are nearly requests',
    run: (field) => behindAnExchange(field, () => fill('GET / HTTP/1.x\r\nPUT /a HTTP/1.\r\n')),
  },
  {
    name: 'method-like-words',
    what: 'words that look like methods in front of versions, without a line feed',
    run: (field) => behindAnExchange(field, () => fill(`${'ABC '.repeat(300)}\r${' HTTP/1.'.repeat(200)}`)),
  },
  {
    name: 'words-and-versions',
    what: 'short words and versions, all in one line',
    run: (field) => behindAnExchange(field, () => `${fill('AAA a a a a a a HTTP/1. ')}\n`),
  },
  {
    name: 'responses-within',
    what: 'half status lines in a stream that is lost',
    run: (field) => behindAnExchange(field, () => fill('HTTP/1.HTTP/1.1 20HTTP/1.1 9')),
  },
  {
    name: 'repeated-field',
    what: 'one header field 40,000 times',
    run: (field) => heads(field, (n) => `GET /r${n} HTTP/1.1\r\n${'a:b\r\n'.repeat(40_000)}\r\n`),
  },
  {
    name: 'redaction',
    what: 'targets and headers full of what redaction looks for',
    run: (field) =>
      heads(
        field,
        (n) =>
          `GET /r${n}?${fill('&token&token=;password=a://a:', 60_000)} HTTP/1.1\r\nA: ${fill('://a:b', 60_000)}\r\nB: ${fill('://', 60_000)}:${fill('a', 30_000)}\r\n\r\n`,
      ),
  },
  {
    name: 'line-feeds-only',
    what: 'requests behind a CONNECT that end with bare line feeds, all read at once when it is refused',
    run: async (field) => {
      const tiny = Buffer.from('GET / HTTP/1.1\n\n'.repeat(60_000))
      const port = await field.listen((socket, bytes) => {
        if (bytes.subarray(-1)[0] === 0x21)
          void field.write(socket, 'HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n')
      })
      while (!field.isOver) {
        const socket = await field.open(port)
        await field.write(socket, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
        // Calls within what is captured of one.
        for (let at = 0; at < tiny.length; at += 16_000)
          await field.write(socket, tiny.subarray(at, at + 16_000))
        await field.write(socket, 'GET /!')
        await Bun.sleep(300)
        socket.destroy()
      }
    },
  },
]
