/** What one client of HTTP/2 may ask of a reader with few bytes: RFC 9113 §10.5 lists it. */
import {
  answer,
  END_HEADERS,
  END_STREAM,
  frame,
  get,
  headers,
  integer,
  OPENING,
  remembered,
} from '../../protocols/http2/talk'
import type { Attack, Field } from '../field'

const CANCEL = Uint8Array.from([0, 0, 0, 8])
const joined = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)
/** Streams of one write. */
const STREAMS = 200

type Kind = (round: number) => Uint8Array

const streams = (round: number, one: (stream: number) => Uint8Array) =>
  joined(...Array.from({ length: STREAMS }, (_, i) => one(2 * (round * STREAMS + i) + 3)))

const resets: Kind = (round) =>
  streams(round, (stream) => joined(get(stream, `/reset-${stream}`), frame(3, 0, stream, CANCEL)))
const unanswered: Kind = (round) => streams(round, (stream) => get(stream, `/wait-${stream}`))
const large: Kind = (round) => streams(round, (stream) => headers(stream, { 'x-a': 'v'.repeat(1000) }))
/** A field of 4 KB, named again and again by a byte. */
const tables: Kind = (round) =>
  streams(round, (stream) =>
    frame(
      1,
      END_HEADERS | END_STREAM,
      stream,
      stream === 3
        ? remembered({ 'x-a': 'v'.repeat(4000) })
        : Uint8Array.from({ length: 2000 }, () => integer(62, 7, 0x80)[0]!),
    ),
  )
const continuations: Kind = (round) =>
  round === 0
    ? frame(1, END_STREAM, 1)
    : joined(...Array.from({ length: 1000 }, (_, i) => frame(9, 0, 1, new Uint8Array(i % 100))))
const settings: Kind = () =>
  joined(...Array.from({ length: 1000 }, (_, i) => frame(4, 0, 0, Uint8Array.from([0, 1, 0, 0, i & 255, 0]))))
const PING = frame(6, 0, 0, 'pingping')
const pings: Kind = () => joined(...Array.from({ length: 1000 }, () => PING))

const KINDS: readonly Kind[] = [resets, unanswered, large, tables, continuations, settings, pings]

async function http2(field: Field): Promise<void> {
  // A server that answers each write with as many heads as it likes.
  const port = await field.listen((socket) => {
    const said = joined(...Array.from({ length: 50 }, (_, i) => answer(2 * i + 3, 200, {}, END_STREAM)))
    void field.write(socket, said)
  })
  const sockets = await field.openMany(port, 2 * KINDS.length)
  await Promise.all(sockets.map((socket) => field.write(socket, OPENING)))
  await field.flood(sockets, (round, at) => KINDS[at % KINDS.length]!(round), 20)
  await field.rest()
}

export const HTTP2: readonly Attack[] = [
  {
    name: 'http2',
    what: 'streams that are reset at once or wait, table bombs, heads without an end, floods of settings and pings',
    run: http2,
  },
]
