/** What comes in datagrams. */
import { createSocket, type Socket } from 'node:dgram'
import type { Attack, Field } from '../field'

const PER_SECOND = 2000
const ASKING = 200
const QUESTIONS = 400_000
/** Questions that are sent before the next ones are. */
const AT_ONCE = 1000

/** Bound to a port of its own on loopback. */
async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done))
  return socket
}

/** Datagrams to one socket, each from a port of its own. */
async function newPorts(field: Field): Promise<void> {
  const target = await bound()
  const { port } = target.address()
  const from = performance.now()
  for (let count = 0; !field.isOver; count += 20) {
    const sending = Array.from({ length: 20 }, () => {
      const socket = createSocket('udp4')
      return new Promise<void>((done) =>
        socket.send('GET / HTTP/1.1\r\n', port, '127.0.0.1', () => socket.close(() => done())),
      )
    })
    await Promise.all(sending)
    field.count('datagrams', 20)
    await Bun.sleep(Math.max(0, from + (count * 1000) / PER_SECOND - performance.now()))
  }
  target.close()
}

/** The question for the address of a name of 197 characters, another one for each number (RFC 1035 §4.1). */
function question(number: number): Buffer {
  const labels = [String(number).padStart(63, '0'), 'z'.repeat(63), 'y'.repeat(63), 'com']
  const name = labels.map((label) => String.fromCharCode(label.length) + label).join('')
  const message = Buffer.from(`\0\0\x01\0\0\x01\0\0\0\0\0\0${name}\0\0\x01\0\x01`, 'latin1')
  message.writeUInt16BE(number & 0xffff, 0)
  return message
}

export async function questions(field: Field, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
  const silent = await bound()
  const { port } = silent.address()
  const asking = await Promise.all(Array.from({ length: ASKING }, bound))
  const from = performance.now()
  for (let count = 0; count < QUESTIONS && !field.isOver; count += AT_ONCE) {
    const sent = Array.from({ length: AT_ONCE }, (_, i) => {
      const message = question(count + i)
      field.counts(message.length)
      return new Promise<void>((done) => asking[i % ASKING]!.send(message, port, '127.0.0.1', () => done()))
    })
    await Promise.all(sent)
    field.count('questions', AT_ONCE)
    await Bun.sleep(Math.max(0, from + (count * 1000) / perSecond - performance.now()))
  }
  await field.rest()
  for (const socket of [silent, ...asking]) socket.close()
}

export const DATAGRAMS: readonly Attack[] = [
  { name: 'datagrams', what: 'datagrams from ever new ports', run: newPorts },
  {
    name: 'dns-questions',
    what: '400,000 long questions of 200 sockets, unanswered',
    run: (field) => questions(field),
  },
]
