/** The conversations that the shared suite plays. */
import { http } from '../../../src/protocols/http'
import type { Member, Sample } from '../conformance'
import { agrees, asks, binary, close, Deflater, deflating, ping, pong, text } from './talk'

const opened = (answer: string): Member['handshake'] => ({
  protocols: [http],
  messages: [
    { from: 'client', bytes: asks() },
    { from: 'server', bytes: answer },
  ],
})

export const HANDSHAKE = opened(agrees())
export const COMPRESSED = opened(deflating('; client_no_context_takeover; server_no_context_takeover'))

export const SAMPLES: readonly Sample[] = [
  {
    name: 'said by both, and closed',
    shows: ['one-way', 'pushed'],
    records: [
      'alpha one',
      'beta two',
      '<binary 9',
      'are you',
      'still here',
      'gamma three',
      'delta',
      'bye now',
      'and you',
    ],
    secrets: ['t0ken'],
    messages: [
      { from: 'client', bytes: text('client', 'alpha one'), of: [0] },
      { from: 'server', bytes: text('server', '{"say":"beta two","access_token":"t0ken"}'), of: [1] },
      { from: 'client', bytes: binary('client', '\x00\x01\x02\x03\x04\x05\x06\x07\x08'), of: [2] },
      { from: 'server', bytes: ping('server', 'are you there'), of: [3] },
      { from: 'client', bytes: pong('client', 'still here'), of: [4] },
      { from: 'server', bytes: text('server', `gamma three ${'x'.repeat(300)}`), of: [5] },
      { from: 'client', bytes: text('client', 'delta four'), of: [6] },
      { from: 'client', bytes: close('client', 1000, 'bye now'), of: [7] },
      { from: 'server', bytes: close('server', 1000, 'and you'), of: [8] },
    ],
  },
]

const client = new Deflater({ takesOver: false })
const server = new Deflater({ takesOver: false })

export const COMPRESSED_SAMPLES: readonly Sample[] = [
  {
    name: 'compressed, each message by itself',
    shows: ['one-way', 'pushed'],
    records: ['first of all', 'second to say', 'third along', 'the fourth', 'plain and short', 'so is this'],
    secrets: ['hunter2'],
    messages: [
      { from: 'client', bytes: client.text('client', `first of all ${'a'.repeat(500)}`), of: [0] },
      { from: 'server', bytes: server.text('server', `second to say ${'b'.repeat(300)}`), of: [1] },
      {
        from: 'server',
        bytes: server.text('server', `third along ${'c'.repeat(300)} password=hunter2`),
        of: [2],
      },
      { from: 'client', bytes: client.text('client', `the fourth ${'d'.repeat(100)}`), of: [3] },
      { from: 'server', bytes: text('server', 'plain and short'), of: [4] },
      { from: 'client', bytes: text('client', 'so is this one'), of: [5] },
    ],
  },
]
