/** Much in little time. */
import type { Attack, Field } from '../field'

const TINY = 'GET / HTTP/1.1\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
/** A ClientHello's record head (RFC 8446 §5.1), and what is none. */
const TLS_LIKE = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])

async function pipelined(field: Field): Promise<void> {
  const port = await field.listen((socket, bytes) => {
    const count = Math.floor(bytes.length / TINY.length)
    field.count('answers', count)
    void field.write(socket, OK.repeat(count))
  })
  const sockets = await field.openMany(port, 4)
  // 100,000 requests in a write of 1.8 MB.
  await field.flood(sockets, () => TINY.repeat(100_000), 2, 8)
  await field.rest()
}

async function responses(field: Field): Promise<void> {
  const port = await field.listen()
  const sockets = await field.openMany(port, 20)
  await field.flood(sockets, () => OK.repeat(300), 100)
}

async function alternating(field: Field): Promise<void> {
  const said = [
    TINY,
    TLS_LIKE,
    'PING\r\n',
    OK,
    '\0\0\0\x08\x04\xd2\x16\x2f',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: any\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
  ]
  const port = await field.listen(
    (socket) => void field.write(socket, said[socket.remotePort! % said.length]!),
  )
  while (!field.isOver) {
    const sockets = await field.openMany(port, 20)
    await field.flood(sockets, (round, at) => said[(round + at) % said.length]!, 1000, 16)
    for (const socket of sockets) socket.destroy()
  }
}

async function tlsLike(field: Field): Promise<void> {
  const port = await field.listen()
  const junk = Buffer.concat([TLS_LIKE, Buffer.alloc(8000, 0x16)])
  while (!field.isOver) {
    const sockets = await field.openMany(port, 20)
    await field.flood(sockets, (round) => (round % 2 === 0 ? junk : TINY), 1000, 20)
    for (const socket of sockets) socket.destroy()
  }
}

export const FLOODS: readonly Attack[] = [
  { name: 'pipelined', what: '100,000 tiny requests a write, answered', run: pipelined },
  { name: 'responses', what: 'responses that nobody asked for', run: responses },
  { name: 'alternating', what: 'another protocol with each write', run: alternating },
  { name: 'tls-like', what: 'what looks like TLS and is none, with requests in between', run: tlsLike },
]
