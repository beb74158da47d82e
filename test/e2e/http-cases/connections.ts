/** Persistence and pipelining (RFC 9112 §9), and what is between messages. */
import {
  answer,
  ask,
  type Case,
  chunk,
  exchange,
  goesOn,
  head,
  LAST_CHUNK,
  OK,
  row,
  type Turn,
  turn,
} from './case'

const CHUNKED = 'Transfer-Encoding: chunked'

const OPTIONS = [
  'keep-alive',
  'Keep-Alive',
  'close',
  'CLOSE',
  'keep-alive, close',
  'close, token, upgrade, token, keep-alive',
  'Something,\r\n Upgrade, ,Keep-Alive',
  'TE, Trailer',
  '',
]

interface Piece {
  readonly asks: string
  readonly answers: string
  readonly row: ReturnType<typeof row>
}

/** Exchanges of every kind of length, of which no end is the connection's. */
const KINDS: Record<string, (path: string) => Piece> = {
  plain: (path) => ({ asks: ask(`GET ${path}`), answers: OK, row: row(`GET ${path} 200`, 0, 2) }),
  head: (path) => ({
    asks: ask(`HEAD ${path}`),
    answers: head('HTTP/1.1 200 OK', 'Content-Length: 500'),
    row: row(`HEAD ${path} 200`),
  }),
  length: (path) => ({
    asks: ask(`PUT ${path}`, ['Content-Length: 5'], 'hello'),
    answers: answer('201 Created', 'made'),
    row: row(`PUT ${path} 201`, 5, 4),
  }),
  chunked: (path) => ({
    asks: ask(`POST ${path}`, [CHUNKED], chunk('hello') + LAST_CHUNK),
    answers: head('HTTP/1.1 200 OK', CHUNKED) + chunk('abc') + LAST_CHUNK,
    row: row(`POST ${path} 200`, 5, 3),
  }),
  'not modified': (path) => ({
    asks: ask(`GET ${path}`),
    answers: head('HTTP/1.1 304 Not Modified', 'Content-Length: 9'),
    row: row(`GET ${path} 304`),
  }),
  'no content': (path) => ({
    asks: ask(`DELETE ${path}`),
    answers: head('HTTP/1.1 204 No Content'),
    row: row(`DELETE ${path} 204`),
  }),
  continued: (path) => ({
    asks: ask(`POST ${path}`, ['Expect: 100-continue', 'Content-Length: 2'], 'hi'),
    answers: `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
    row: row(`POST ${path} 200`, 2, 2),
  }),
}

const names = Object.keys(KINDS)
const pieces = (kinds: readonly string[]) => kinds.map((kind, i) => KINDS[kind]!(`/${i}`))
const joinedUp = (all: readonly string[]) => all.join('')

/** Both kinds pipelined in one write, answered in one. */
const inOneWrite = (kinds: readonly string[]): Case => {
  const all = pieces(kinds)
  return {
    name: `pipelined in one write: ${kinds.join(', ')}`,
    turns: turn(joinedUp(all.map(({ asks }) => asks)), joinedUp(all.map(({ answers }) => answers))),
    rows: all.map((piece) => piece.row),
    joined: 'some',
  }
}

/** Each in a write of its own, all of them before the first answer. */
const inSeveralWrites = (kinds: readonly string[]): Case => {
  const all = pieces(kinds)
  return {
    name: `pipelined in several writes: ${kinds.join(', ')}`,
    turns: [
      ...all.map(({ asks }): Turn => ['client', asks]),
      ...all.map(({ answers }): Turn => ['server', answers]),
    ],
    rows: all.map((piece) => piece.row),
    joined: 'some',
  }
}

/** The next request is there before the answer to the last one is. */
const overlapping = (kinds: readonly string[]): Case => {
  const all = pieces(kinds)
  const turns: Turn[] = [['client', all[0]!.asks]]
  all.forEach(({ answers }, i) => {
    if (all[i + 1]) turns.push(['client', all[i + 1]!.asks])
    turns.push(['server', answers])
  })
  return {
    name: `overlapping: ${kinds.join(', ')}`,
    turns,
    rows: all.map((piece) => piece.row),
    joined: 'some',
  }
}

/** Cut where no message ends: `at` bytes a write. */
const cutAt = (at: number): Case => {
  const all = pieces(names)
  const cut = (text: string, from: Turn[0]): Turn[] =>
    Array.from({ length: Math.ceil(text.length / at) }, (_, i) => [from, text.slice(i * at, (i + 1) * at)])
  return {
    name: `pipelined, ${at} bytes a write`,
    turns: [
      ...cut(joinedUp(all.map(({ asks }) => asks)), 'client'),
      ...cut(joinedUp(all.map(({ answers }) => answers)), 'server'),
    ],
    rows: all.map((piece) => piece.row),
    joined: 'some',
  }
}

const many = (count: number): Case =>
  inOneWrite(Array.from({ length: count }, (_, i) => names[i % names.length]!))

export const connections: readonly Case[] = [
  ...OPTIONS.map((option) =>
    exchange(
      `Connection: ${JSON.stringify(option)} on both sides, and yet it goes on`,
      ask('GET /p', [`Connection: ${option}`]),
      row('GET /p 200', 0, 2),
      answer('200 OK', 'ok', [`Connection: ${option}`]),
    ),
  ),
  exchange(
    'HTTP/1.0 goes on',
    'GET /p HTTP/1.0\r\n\r\n',
    row('GET /p 200', 0, 2, { minor: 0 }),
    OK.replace('1.1', '1.0'),
  ),
  ...names.flatMap((a) => names.map((b) => inOneWrite([a, b]))),
  ...names.map((a, i) =>
    inSeveralWrites([a, names[(i + 1) % names.length]!, names[(i + 3) % names.length]!]),
  ),
  ...names.map((a, i) => overlapping([a, names[(i + 2) % names.length]!, names[(i + 5) % names.length]!, a])),
  ...[1, 2, 3, 5, 7, 16, 64, 200].map(cutAt),
  many(10),
  many(50),
  many(200),
  {
    name: '100 exchanges, one after the other',
    turns: Array.from({ length: 100 }, (_, i) => KINDS[names[i % names.length]!]!(`/${i}`)).flatMap(
      ({ asks, answers }) => turn(asks, answers),
    ),
    rows: Array.from({ length: 100 }, (_, i) => KINDS[names[i % names.length]!]!(`/${i}`).row),
  },
  goesOn(
    'empty lines between messages',
    [
      ...turn(`${ask('GET /1')}\r\n\r\n`, OK),
      ...turn(ask('GET /2'), `\r\n${OK}`),
      ...turn(`\n\n${ask('GET /3')}`, OK),
    ],
    [row('GET /1 200', 0, 2), row('GET /2 200', 0, 2), row('GET /3 200', 0, 2)],
  ),
  {
    name: 'the client closes while the server answers',
    turns: [
      ['client', ask('GET /1') + ask('GET /2')],
      ['server', OK + OK.slice(0, 20)],
    ],
    rows: [row('GET /1 200', 0, 2), row('GET /2 0', 0, 0, { outcome: 'unanswered' })],
    joined: 'some',
  },
  {
    name: 'three requests, one answer, and the server closes',
    turns: turn(ask('GET /1') + ask('GET /2') + ask('GET /3'), OK),
    rows: [
      row('GET /1 200', 0, 2),
      row('GET /2 0', 0, 0, { outcome: 'unanswered' }),
      row('GET /3 0', 0, 0, { outcome: 'unanswered' }),
    ],
    closes: 'server',
    joined: 'some',
  },
]
