/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import { connect, INFO, msg, pub } from './talk'

export const SAMPLES: readonly Sample[] = [
  {
    name: 'greeted, published and pushed',
    shows: ['greeting', 'one-way', 'pushed'],
    records: ['INFO', 'CONNECT', 'PING', 'PONG', 'alpha.one', 'beta.two', 'gamma.three', 'delta.four'],
    secrets: ['passw0rd', 't0ken'],
    messages: [
      { from: 'server', bytes: INFO, of: [0] },
      { from: 'client', bytes: connect({ user: 'me', pass: 'passw0rd', auth_token: 't0ken' }), of: [1] },
      { from: 'client', bytes: 'PING\r\n', of: [2] },
      { from: 'server', bytes: 'PONG\r\n', of: [3] },
      { from: 'client', bytes: 'SUB alpha.one 1\r\n', of: [4] },
      { from: 'client', bytes: pub('beta.two', 'payload here'), of: [5] },
      { from: 'server', bytes: msg('gamma.three 1', 'pushed to you'), of: [6] },
      { from: 'client', bytes: pub('delta.four', 'more of it'), of: [7] },
    ],
  },
  {
    name: 'a server that answers each command',
    shows: ['greeting', 'pushed'],
    records: ['INFO', 'CONNECT', 'alpha.one', 'beta.two'],
    secrets: ['passw0rd'],
    messages: [
      { from: 'server', bytes: INFO, of: [0] },
      { from: 'client', bytes: connect({ verbose: true, pass: 'passw0rd' }), of: [1] },
      { from: 'server', bytes: '+OK\r\n', of: [1] },
      { from: 'client', bytes: 'SUB alpha.one 1\r\n', of: [2] },
      { from: 'server', bytes: '+OK\r\n', of: [2] },
      { from: 'client', bytes: pub('beta.two', 'payload here'), of: [3] },
      { from: 'server', bytes: '+OK\r\n', of: [3] },
    ],
  },
]
