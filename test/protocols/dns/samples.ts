/** Conversations that the shared suite plays. */
import type { Message, Sample } from '../conformance'
import { ANSWER, answer, framed, message, NXDOMAIN, name, query } from './build'

type Exchange = readonly [id: number, name: string, reply: Uint8Array]

const EXCHANGES: readonly Exchange[] = [
  [0x1a2b, 'one.example.com', answer(0x1a2b, 'one.example.com', ['192.0.2.1', '192.0.2.2'])],
  [0x3c4d, 'two.example.com', answer(0x3c4d, 'two.example.com', ['198.51.100.2'])],
  [
    0x5e6f,
    'missing.example.com',
    message({
      ...{ id: 0x5e6f, name: 'missing.example.com', flags: ANSWER | NXDOMAIN },
      answers: [{ name: 'missing.example.com', type: 'CNAME', data: name('nowhere.example.com') }],
    }),
  ],
  [0x5e6f, 'four.example.com', answer(0x5e6f, 'four.example.com', ['203.0.113.4'])],
]

/** Texts that only the row of an exchange holds. */
const RECORDS = [
  ['one.example.com', '192.0.2.2'],
  ['two.example.com', '198.51.100.2'],
  ['missing.example.com', 'nowhere.example.com'],
  ['four.example.com', '203.0.113.4'],
]

const inTurns = (write: (bytes: Uint8Array) => Uint8Array): Message[] =>
  EXCHANGES.flatMap(([id, asked, reply], i): Message[] => [
    { from: 'client', bytes: write(query(id, asked)), of: [i] },
    { from: 'server', bytes: write(reply), of: [i] },
  ])

/** Three questions, then their answers, the last one first. */
function atOnce(write: (bytes: Uint8Array) => Uint8Array): Message[] {
  const asked = EXCHANGES.slice(0, 3).map(
    ([id, asked], i): Message => ({ from: 'client', bytes: write(query(id, asked)), of: [2 - i] }),
  )
  const told = EXCHANGES.slice(0, 3).map(
    ([, , reply], i): Message => ({ from: 'server', bytes: write(reply), of: [2 - i] }),
  )
  return [...asked, ...told.reverse()]
}

const asIs = (bytes: Uint8Array) => bytes

export const SAMPLES: readonly Sample[] = [
  {
    name: 'a stream: one after the other',
    shows: ['keyed', 'under-way'],
    underWayNs: 2e9,
    records: RECORDS,
    messages: inTurns(framed),
  },
  {
    name: 'a stream: all at once, answered in another order',
    shows: ['keyed', 'under-way'],
    underWayNs: 2e9,
    records: RECORDS.slice(0, 3).reverse(),
    messages: atOnce(framed),
  },
  {
    name: 'datagrams',
    shows: ['keyed', 'datagram', 'under-way'],
    underWayNs: 2e9,
    records: RECORDS,
    messages: inTurns(asIs),
  },
  {
    name: 'datagrams, all at once',
    shows: ['keyed', 'datagram', 'under-way'],
    underWayNs: 2e9,
    records: RECORDS.slice(0, 3).reverse(),
    messages: atOnce(asIs),
  },
]
