import { dns } from '../../../src/protocols/dns'
import { conformance, type Sample } from '../conformance'
import { ANSWER, answer, framed, message, NXDOMAIN, query } from './build'

const exchange = (id: number, name: string, reply: Uint8Array): Sample['messages'] => [
  { from: 'client', bytes: framed(query(id, name)) },
  { from: 'server', bytes: framed(reply) },
]

const SAMPLES: readonly Sample[] = [
  {
    name: 'three questions, one after the other',
    records: 3,
    messages: [
      ...exchange(0x1a2b, 'one.example.com', answer(0x1a2b, 'one.example.com', ['192.0.2.1', '192.0.2.2'])),
      ...exchange(0x3c4d, 'two.example.com', answer(0x3c4d, 'two.example.com')),
      ...exchange(
        0x5e6f,
        'gone.example.com',
        message({ id: 0x5e6f, name: 'gone.example.com', flags: ANSWER | NXDOMAIN }),
      ),
    ],
  },
  {
    name: 'two questions of one id',
    records: 2,
    messages: [
      ...exchange(7, 'four.example.com', answer(7, 'four.example.com')),
      ...exchange(7, 'five.example.com', answer(7, 'five.example.com', ['198.51.100.5'])),
    ],
  },
]

conformance(dns, SAMPLES)
