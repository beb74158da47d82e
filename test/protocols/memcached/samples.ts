/** The conversations that the shared suite plays. */
import type { Message, Sample } from '../conformance'
import { FLAGS, FLAGS_AND_TIME, found, request, response, store } from './talk'

const client = (bytes: string | Uint8Array, ...of: number[]): Message => ({ from: 'client', bytes, of })
const server = (bytes: string | Uint8Array, ...of: number[]): Message => ({ from: 'server', bytes, of })

export const SAMPLES: readonly Sample[] = [
  {
    name: 'text',
    shows: ['in-order', 'pipelined', 'under-way'],
    underWayNs: 10e9,
    records: [
      ['alpha', 'value-one', 'STORED'],
      ['beta', 'value-two'],
      ['gamma', 'value-three', 'value-four'],
      ['counter', '4242'],
      ['zeta', 'NOT_FOUND'],
    ],
    messages: [
      client(store('set alpha 0 60 #', 'value-one'), 0),
      server('STORED\r\n', 0),
      client('get beta\r\n', 1),
      server(found('beta', 'value-two'), 1),
      client('get gamma delta epsilon\r\n', 2),
      server(found('gamma', 'value-three', found('delta', 'value-four')), 2),
      client('incr counter 2\r\n', 3),
      server('4242\r\n', 3),
      client('delete zeta\r\n', 4),
      server('NOT_FOUND\r\n', 4),
    ],
  },
  {
    name: 'no answers wanted',
    shows: ['one-way'],
    records: [['alpha', 'first'], 'VERSION', ['beta', 'second']],
    messages: [
      client(store('set alpha 0 0 # noreply', 'first'), 0),
      client('version\r\n', 1),
      server('VERSION 1.6.18\r\n', 1),
      client(store('set beta 0 0 # noreply', 'second'), 2),
    ],
  },
  {
    name: 'meta',
    shows: ['in-order', 'pipelined'],
    records: [['alpha', 'value-one'], ['beta', 'value-two', 'VA'], ['gamma', 'EN'], 'delta'],
    messages: [
      client(store('ms alpha # T60', 'value-one'), 0),
      server('HD\r\n', 0),
      client('mg beta t v\r\n', 1),
      server('VA 9 t30\r\nvalue-two\r\n', 1),
      client('mg gamma v\r\n', 2),
      server('EN\r\n', 2),
      client('md delta\r\n', 3),
      server('HD\r\n', 3),
    ],
  },
  {
    name: 'binary',
    shows: ['keyed', 'under-way'],
    underWayNs: 10e9,
    records: [
      ['alpha', 'value-one', '5 60'],
      ['beta', 'value-two'],
      ['gamma', 'Key not found'],
      ['delta', '4242'],
    ],
    messages: [
      client(request({ opcode: 1, key: 'alpha', extras: FLAGS_AND_TIME, value: 'value-one', opaque: 1 }), 0),
      server(response({ opcode: 1, opaque: 1 }), 0),
      client(request({ opcode: 0, key: 'beta', opaque: 2 }), 1),
      server(response({ opcode: 0, extras: FLAGS, value: 'value-two', opaque: 2 }), 1),
      client(request({ opcode: 0, key: 'gamma', opaque: 3 }), 2),
      server(response({ opcode: 0, status: 1, value: 'Not found', opaque: 3 }), 2),
      client(request({ opcode: 5, key: 'delta', extras: new Uint8Array(20), opaque: 4 }), 3),
      server(response({ opcode: 5, value: new Uint8Array([0, 0, 0, 0, 0, 0, 16, 146]), opaque: 4 }), 3),
    ],
  },
  {
    name: 'who logs in',
    shows: ['in-order'],
    records: ['sasl_auth', ['alpha', 'sought'], 'noop'],
    secrets: ['hunter2'],
    messages: [
      client(request({ opcode: 0x21, key: 'PLAIN', value: '\0me\0hunter2', opaque: 1 }), 0),
      server(response({ opcode: 0x21, value: 'Authenticated', opaque: 1 }), 0),
      client(request({ opcode: 0, key: 'alpha', opaque: 2 }), 1),
      server(response({ opcode: 0, extras: FLAGS, value: 'sought', opaque: 2 }), 1),
      client(request({ opcode: 10, opaque: 3 }), 2),
      server(response({ opcode: 10, opaque: 3 }), 2),
    ],
  },
]
