/** Bodies that are dear to decode, as answers to one request after the other. */
import { HOSTILE_BODIES } from '../../protocols/lib/hostile-bodies'
import type { Attack, Field } from '../field'

const BODIES_PER_SECOND = 400

const answers = HOSTILE_BODIES.map(({ codings, bytes }) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${codings.join(', ')}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    ),
    bytes,
  ]),
)

async function bombs(field: Field): Promise<void> {
  const port = await field.listen((socket) => {
    field.count('bodies')
    void field.write(socket, answers[(next++ * 7) % answers.length]!)
  })
  let next = 0
  const sockets = await field.openMany(port, 8)
  const request = 'GET /bomb HTTP/1.1\r\nHost: a\r\n\r\n'
  await field.flood(sockets, () => request, BODIES_PER_SECOND / sockets.length)
}

export const BODIES: readonly Attack[] = [
  {
    name: 'bombs',
    what: 'compressed bodies that are dear to decode, in every coding and nested, 400 a second',
    run: bombs,
  },
]
