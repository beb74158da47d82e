/** Responses without content, content up to the close, answers that come early, and ends that come too soon (RFC 9112 §6.3, §8). */
import {
  answer,
  ask,
  type Case,
  chunk,
  exchange,
  goesOn,
  head,
  LAST_CHUNK,
  last,
  OK,
  row,
  turn,
} from './case'

const CHUNKED = 'Transfer-Encoding: chunked'
const FRAMINGS = ['Content-Length: 256', 'Content-Length: 0', CHUNKED, 'X-No: length'] as const
const BARE: readonly (readonly [string, string])[] = [
  ['HEAD', '200 OK'],
  ['HEAD', '404 Not Found'],
  ['HEAD', '304 Not Modified'],
  ['GET', '204 No Content'],
  ['GET', '304 Not Modified'],
  ['DELETE', '204 No Content'],
  ['PUT', '204 No Content'],
]

const UNTIL_CLOSE = [
  '',
  'a',
  'some body',
  '\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  'x'.repeat(5_000),
  'x'.repeat(100_000),
]

const REQUEST_HEAD = head('PUT /t HTTP/1.1', 'Host: example.org', 'Content-Length: 5')
const RESPONSE_HEAD = head('HTTP/1.1 200 OK', 'Server: x', 'Content-Length: 5')

export const ends: readonly Case[] = [
  ...BARE.flatMap(([method, status]) =>
    FRAMINGS.map((field) =>
      exchange(
        `${method} ${status} with ${field}`,
        ask(`${method} /n`),
        row(`${method} /n ${status.slice(0, 3)}`),
        head(`HTTP/1.1 ${status}`, field),
      ),
    ),
  ),
  exchange('205 with a length', ask('POST /n'), row('POST /n 205'), answer('205 Reset Content')),
  ...UNTIL_CLOSE.flatMap((content) =>
    ['HTTP/1.0', 'HTTP/1.1'].map((version) =>
      last(
        `${version}: ${content.length < 30 ? JSON.stringify(content) : `${content.length} bytes`} up to the close`,
        ask('GET /e'),
        row('GET /e 200', 0, content.length, {
          answers: content.slice(0, 1024),
          minor: Number(version.at(-1)),
        }),
        head(`${version} 200 OK`, 'Connection: close') + content,
      ),
    ),
  ),
  {
    name: 'content up to the close in several writes',
    turns: [
      ...turn(ask('GET /e'), head('HTTP/1.1 200 OK')),
      ['server', 'one '],
      ['server', 'two '],
      ['server', 'three'],
    ],
    rows: [row('GET /e 200', 0, 13, { answers: 'one two three' })],
    closes: 'server',
  },
  {
    name: 'content up to the close behind other exchanges',
    turns: [...turn(ask('GET /1'), OK), ...turn(ask('GET /2'), `${head('HTTP/1.1 200 OK')}rest`)],
    rows: [row('GET /1 200', 0, 2), row('GET /2 200', 0, 4)],
    closes: 'server',
  },
  ...[
    '413 Content Too Large',
    '417 Expectation Failed',
    '401 Unauthorized',
    '400 Bad Request',
    '200 OK',
    '503 Busy',
  ].flatMap((status): Case[] => [
    {
      name: `${status} before any content`,
      turns: turn(ask('POST /early', ['Content-Length: 1000']), answer(status, 'no')),
      rows: [row(`POST /early ${status.slice(0, 3)}`, 0, 2, { outcome: 'cut' })],
      closes: 'server',
    },
    {
      name: `${status} amid the content`,
      turns: turn(ask('POST /early', ['Content-Length: 1000'], 'x'.repeat(300)), answer(status, 'no')),
      rows: [row(`POST /early ${status.slice(0, 3)}`, 300, 2, { outcome: 'cut' })],
      closes: 'server',
    },
    {
      name: `${status} amid chunks`,
      turns: turn(ask('POST /early', [CHUNKED], chunk('x'.repeat(300))), answer(status, 'no')),
      rows: [row(`POST /early ${status.slice(0, 3)}`, 300, 2, { outcome: 'cut' })],
      closes: 'server',
    },
    goesOn(
      `${status} amid the content, of which the rest comes all the same`,
      [...turn(ask('POST /early', ['Content-Length: 8'], 'half'), answer(status, 'no')), ['client', 'rest']],
      [row(`POST /early ${status.slice(0, 3)}`, 8, 2, { asks: 'halfrest' })],
    ),
  ]),
  ...[1, 4, 8, 16, 17, 30, REQUEST_HEAD.length - 2, REQUEST_HEAD.length - 1].flatMap((length): Case[] => [
    {
      name: `a request that ends after ${length} bytes`,
      turns: [['client', REQUEST_HEAD.slice(0, length)]],
      rows: [],
    },
    {
      name: `a second request that ends after ${length} bytes`,
      turns: [...turn(ask('GET /1'), OK), ['client', REQUEST_HEAD.slice(0, length)]],
      rows: [row('GET /1 200', 0, 2)],
    },
  ]),
  ...[0, 1, 4].map(
    (length): Case => ({
      name: `${length} of 5 bytes of content, and no answer`,
      turns: [['client', REQUEST_HEAD + 'hello'.slice(0, length)]],
      rows: [row('PUT /t 0', length, 0, { outcome: 'unanswered' })],
      joined: 'some',
    }),
  ),
  ...(['client', 'server'] as const).map(
    (closes): Case => ({
      name: `no answer, and the ${closes} closes`,
      turns: [['client', ask('GET /t')]],
      rows: [row('GET /t 0', 0, 0, { outcome: 'unanswered' })],
      closes,
      joined: 'some',
    }),
  ),
  ...[1, 8, 13, 17, 30, RESPONSE_HEAD.length - 2, RESPONSE_HEAD.length - 1].map(
    (length): Case => ({
      name: `a response that ends after ${length} bytes of its head`,
      turns: turn(ask('GET /t'), RESPONSE_HEAD.slice(0, length)),
      rows: [row('GET /t 0', 0, 0, { outcome: 'unanswered' })],
      closes: 'server',
      joined: 'some',
    }),
  ),
  ...(['client', 'server'] as const).flatMap((closes) =>
    [0, 1, 4].map((length) =>
      last(
        `${length} of 5 bytes of a response, and the ${closes} closes`,
        ask('GET /t'),
        row('GET /t 200', 0, length, { outcome: 'cut' }),
        RESPONSE_HEAD + 'hello'.slice(0, length),
        closes,
      ),
    ),
  ),
  {
    name: 'a download that the client leaves',
    turns: turn(ask('GET /t'), head('HTTP/1.1 200 OK', 'Content-Length: 1000000') + 'x'.repeat(50_000)),
    rows: [row('GET /t 200', 0, 50_000, { outcome: 'cut' })],
  },
  {
    name: 'events that the client leaves',
    turns: [
      ...turn(ask('GET /events'), head('HTTP/1.1 200 OK', 'Content-Type: text/event-stream', CHUNKED)),
      ['server', chunk('data: 1\n\n')],
      ['server', chunk('data: 2\n\n')],
    ],
    rows: [row('GET /events 200', 0, 18, { outcome: 'cut', answers: 'data: 1\n\ndata: 2\n\n' })],
  },
  {
    name: 'a response that nobody asked for',
    turns: [['server', answer('408 Request Timeout')]],
    rows: [],
    closes: 'server',
  },
  {
    name: 'a response behind an exchange that nobody asked for',
    turns: [...turn(ask('GET /1'), OK), ['server', answer('408 Request Timeout')]],
    rows: [row('GET /1 200', 0, 2)],
    closes: 'server',
    joined: 'some',
  },
  {
    name: 'two responses to one request',
    turns: turn(ask('GET /1'), OK + OK),
    rows: [row('GET /1 200', 0, 2)],
    closes: 'server',
    joined: 'some',
  },
  {
    name: 'content that is longer than it was said to be',
    turns: turn(ask('GET /t'), `${answer('200 OK', 'hello')}, world`),
    rows: [row('GET /t 200', 0, 5, { answers: 'hello' })],
    closes: 'server',
    joined: 'some',
  },
  {
    name: 'a request with content that is longer than it was said to be',
    turns: turn(`${ask('POST /t', ['Content-Length: 5'], 'hello')}, world`, OK),
    rows: [row('POST /t 200', 5, 2, { asks: 'hello' })],
    closes: 'server',
    joined: 'some',
  },
  goesOn(
    'chunks up to their end while the request is under way',
    [
      ['client', ask('POST /t', [CHUNKED], chunk('a'))],
      ['server', head('HTTP/1.1 200 OK', CHUNKED) + chunk('A')],
      ['client', chunk('b')],
      ['server', chunk('B')],
      ['client', LAST_CHUNK],
      ['server', LAST_CHUNK],
    ],
    [row('POST /t 200', 2, 2, { asks: 'ab', answers: 'AB' })],
  ),
  { name: 'nothing at all', turns: [], rows: [] },
]
