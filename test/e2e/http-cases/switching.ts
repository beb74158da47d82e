/** Interim responses, upgrades and tunnels (RFC 9110 §7.8, §9.3.6, §15.2). */
import { answer, ask, type Case, chunk, exchange, goesOn, head, LAST_CHUNK, OK, row, turn } from './case'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const INTERIM: readonly (readonly [string, string])[] = [
  ['100', CONTINUE],
  ['100 without a reason', 'HTTP/1.1 100\r\n\r\n'],
  ['100 with fields', head('HTTP/1.1 100 Continue', 'Date: now', 'Content-Length: 5')],
  ['100 with bare line feeds', 'HTTP/1.1 100 Continue\n\n'],
  ['102', head('HTTP/1.1 102 Processing')],
  ['103', head('HTTP/1.1 103 Early Hints', 'Link: </a.css>; rel=preload')],
  ['two 103', head('HTTP/1.1 103 Early Hints', 'A: b') + head('HTTP/1.1 103 Early Hints', 'C: d')],
  ['104', head('HTTP/1.1 104 Upload Resumption', 'Location: /x')],
  ['199', head('HTTP/1.1 199 Any')],
  ['ten of them', CONTINUE.repeat(10)],
]

const UPGRADES = [
  'websocket',
  'WebSocket',
  'h2c',
  'TLS/1.0',
  'TLS/1.0, HTTP/1.1',
  'IRC/6.9',
  'custom',
  'a, b, c',
  'connect-udp',
]

const upgrade = (protocol: string, more: readonly string[] = []) => [
  'Connection: Upgrade',
  `Upgrade: ${protocol}`,
  ...more,
]
const SWITCH = (protocol: string) => head('HTTP/1.1 101 Switching Protocols', ...upgrade(protocol))
const FRAMES = '\x81\x85abcd\x09\x07\x0f\x08\x0e'

const TARGETS = [
  'example.org:443',
  '127.0.0.1:6060',
  '[::1]:443',
  'example.org',
  '/_goRPC_',
  'a.b:65535',
  'host:99999',
]

export const switching: readonly Case[] = [
  ...INTERIM.map(([what, interim]) =>
    exchange(
      `${what} in front of the response, in one write`,
      ask('GET /i'),
      row('GET /i 200', 0, 2),
      interim + OK,
    ),
  ),
  ...INTERIM.map(([what, interim]) =>
    goesOn(
      `${what}, then the content, then the response`,
      [
        ['client', ask('PUT /i', ['Expect: 100-continue', 'Content-Length: 4'])],
        ['server', interim],
        ['client', 'body'],
        ['server', OK],
      ],
      [row('PUT /i 200', 4, 2, { asks: 'body' })],
    ),
  ),
  goesOn(
    'content without waiting for 100',
    [
      ['client', ask('PUT /i', ['Expect: 100-continue', 'Content-Length: 4'])],
      ['client', 'body'],
      ['server', CONTINUE],
      ['server', OK],
    ],
    [row('PUT /i 200', 4, 2)],
  ),
  {
    name: '417 instead of 100, and the content is not sent',
    turns: turn(
      ask('PUT /i', ['Expect: 100-continue', 'Content-Length: 4']),
      answer('417 Expectation Failed'),
    ),
    rows: [row('PUT /i 417', 0, 0, { outcome: 'cut' })],
  },
  {
    name: '100 and nothing more',
    turns: turn(ask('PUT /i', ['Expect: 100-continue', 'Content-Length: 4']), CONTINUE),
    rows: [row('PUT /i 0', 0, 0, { outcome: 'unanswered' })],
    joined: 'some',
  },
  ...UPGRADES.map(
    (protocol): Case => ({
      name: `upgrade to ${protocol}`,
      turns: [
        ...turn(ask('GET /u', upgrade(protocol)), SWITCH(protocol)),
        ['client', FRAMES],
        ['server', '\x81\x05hello'],
      ],
      rows: [row('GET /u 101')],
    }),
  ),
  ...UPGRADES.map((protocol) =>
    exchange(
      `no upgrade to ${protocol}: HTTP goes on`,
      ask('GET /u', upgrade(protocol)),
      row('GET /u 200', 0, 2),
    ),
  ),
  ...UPGRADES.map(
    (protocol): Case => ({
      name: `upgrade to ${protocol} with content`,
      turns: [
        ...turn(ask('POST /u', upgrade(protocol, ['Content-Length: 5']), 'hello'), SWITCH(protocol)),
        ['server', '\x81\x05hello'],
      ],
      rows: [row('POST /u 101', 5, 0, { asks: 'hello' })],
    }),
  ),
  {
    name: 'the first frame comes with the switch',
    turns: [
      ...turn(ask('GET /u', upgrade('websocket')), `${SWITCH('websocket')}\x81\x05hello`),
      ['client', FRAMES],
    ],
    rows: [row('GET /u 101')],
  },
  {
    name: 'the client sends frames before the switch',
    turns: [
      ['client', ask('GET /u', upgrade('websocket')) + FRAMES],
      ['server', SWITCH('websocket')],
      ['server', '\x81\x05hello'],
    ],
    rows: [row('GET /u 101')],
  },
  {
    name: '101 without fields',
    turns: [...turn(ask('GET /u', upgrade('websocket')), 'HTTP/1.1 101 Upgrade\r\n\r\n'), ['client', FRAMES]],
    rows: [row('GET /u 101', 0, 0, { message: 'Upgrade' })],
  },
  {
    name: 'an upgrade behind other exchanges',
    turns: [
      ...turn(ask('GET /1'), OK),
      ...turn(ask('GET /u', upgrade('websocket')), SWITCH('websocket')),
      ['client', FRAMES],
    ],
    rows: [row('GET /1 200', 0, 2), row('GET /u 101')],
  },
  goesOn(
    '426, then without an upgrade',
    turn(ask('GET /u'), answer('426 Upgrade Required', 'no', upgrade('TLS/1.0'))),
    [row('GET /u 426', 0, 2)],
  ),
  goesOn(
    'a request behind one that asks for an upgrade and does not get it',
    turn(ask('GET /u', upgrade('h2c')) + ask('GET /2'), OK + OK),
    [row('GET /u 200', 0, 2), row('GET /2 200', 0, 2)],
  ),
  ...TARGETS.flatMap((target): Case[] => [
    {
      name: `a tunnel to ${target}`,
      turns: [
        ...turn(ask(`CONNECT ${target}`), head('HTTP/1.1 200 Connection established')),
        ['client', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello'],
        ['server', '\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03hello'],
      ],
      rows: [row(`CONNECT ${target} 200`)],
    },
    {
      name: `no tunnel to ${target}`,
      turns: [
        ...turn(ask(`CONNECT ${target}`), answer('407 Proxy Authentication Required', 'who?')),
        ...turn(ask('GET /after'), OK),
      ],
      rows: [row(`CONNECT ${target} 407`, 0, 4), row('GET /after 200', 0, 2)],
    },
  ]),
  ...['Content-Length: 9', 'Transfer-Encoding: chunked'].map(
    (field): Case => ({
      name: `a tunnel with ${field}`,
      turns: [...turn(ask('CONNECT a:1'), head('HTTP/1.1 200 OK', field)), ...turn('hello', 'world')],
      rows: [row('CONNECT a:1 200')],
    }),
  ),
  {
    name: 'HTTP in a tunnel',
    turns: [...turn(ask('CONNECT a:80'), head('HTTP/1.1 200 OK')), ...turn(ask('GET /in'), OK)],
    rows: [row('CONNECT a:80 200'), row('GET /in 200', 0, 2)],
    joined: 'some',
  },
  {
    name: 'the client speaks before the tunnel is there',
    turns: [
      ['client', `${ask('CONNECT a:1')}\x16\x03\x01\x02\x00\x01`],
      ['server', head('HTTP/1.1 200 OK')],
    ],
    rows: [row('CONNECT a:1 200')],
  },
  {
    name: 'no tunnel, and then one',
    turns: [
      ...turn(
        ask('CONNECT a:1'),
        head('HTTP/1.1 407 Who', 'Transfer-Encoding: chunked') + chunk('who') + LAST_CHUNK,
      ),
      ...turn(ask('CONNECT a:1', ['Proxy-Authorization: Basic eDp5']), head('HTTP/1.1 200 OK')),
      ['client', 'binary \x00\x01\x02'],
    ],
    rows: [row('CONNECT a:1 407', 0, 3), row('CONNECT a:1 200')],
  },
]
