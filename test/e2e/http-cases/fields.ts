/** Header fields (RFC 9110 §5, RFC 9112 §5): names, values, white space, folds, line ends. */
import { ask, type Case, exchange, head, OK, type Row, row, turn } from './case'

type Shown = Row['asked']

/** Field lines as they are sent, and the fields that they make. */
const FIELDS: readonly (readonly [string, readonly string[], Shown])[] = [
  ['no field', [], {}],
  ['no space behind the colon', ['A:b'], { A: 'b' }],
  ['an empty value', ['A:'], { A: '' }],
  ['a value of white space', ['A: \t \t '], { A: '' }],
  ['white space around a value', ['A: \t b \t '], { A: 'b' }],
  ['white space within a value', ['A: b  c\td'], { A: 'b  c\td' }],
  ['single characters', ['Foo: a a a a a '], { Foo: 'a a a a a' }],
  ['white space in front of the colon', ['A : b', 'C\t: d'], { A: 'b', C: 'd' }],
  ['colons in a value', ['A: b:c::d:'], { A: 'b:c::d:' }],
  ['a name of one character', ['x: y'], { x: 'y' }],
  ['a name of every character of a token', ["!#$%&'*+-.^_`|~09azAZ: v"], { "!#$%&'*+-.^_`|~09azAZ": 'v' }],
  ['an underscore and a dot', ['X_A.b: c'], { 'X_A.b': 'c' }],
  ['spelling is kept', ['aCCept: x'], { aCCept: 'x' }],
  ['a name twice', ['A: 1', 'A: 2'], { A: '1, 2' }],
  ['a name in two spellings', ['A-B: 1', 'a-b: 2'], { 'A-B': '1, 2' }],
  [
    'a name many times',
    Array.from({ length: 20 }, (_, i) => `A: ${i}`),
    { A: Array.from({ length: 20 }, (_, i) => i).join(', ') },
  ],
  ['an empty value and another', ['A:', 'A: b'], { A: ', b' }],
  ['quotes and backslashes', ['A: "b\\"c\\\\"'], { A: '"b\\"c\\\\"' }],
  ['JSON in a value', ['A: {"b":[1,2]}'], { A: '{"b":[1,2]}' }],
  ['markup in a value', ['A: <b>&amp;</b>'], { A: '<b>&amp;</b>' }],
  ['UTF-8', ['A: \xe3\x81\xb2/1.0'], { A: 'ひ/1.0' }],
  ['ISO 8859-1', ['A: caf\xe9'], { A: 'caf\ufffd' }],
  ['0xA0 is no white space', ['A: \xa0b\xa0'], { A: '\ufffdb\ufffd' }],
  ['0x85 is no line end', ['A: b\x85C: d'], { A: 'b\ufffdC: d' }],
  ['U+2028 is no line end', ['A: b\xe2\x80\xa8C: d'], { A: 'b\u2028C: d' }],
  ['form feed and vertical tab are no white space', ['A: \x0cb\x0b'], { A: '\x0cb\x0b' }],
  ['control characters', ['A: b\x01c\x1fd\x7f'], { A: 'b\x01c\x1fd\x7f' }],
  ['NUL', ['A: b\0c'], { A: 'b\0c' }],
  ['a bare CR is no line end', ['A: b\rC: d'], { A: 'b\rC: d', C: undefined }],
  ['a bare CR does not end the head', ['A: b\r\rC: d'], { A: 'b\r\rC: d', C: undefined }],
  ['__proto__ and constructor', ['__proto__: a', 'constructor: b'], { constructor: 'b' }],
  ['numbers as names', ['1: a', '0: b'], { 1: 'a', 0: 'b' }],
  ['a line without a colon', ['A: b', 'no colon', 'C: d'], { A: 'b', C: 'd' }],
  ['a line without a name', [': b', 'C: d'], { C: 'd', '': undefined }],
  ['a request line among the fields', ['A: b', 'GET /evil: HTTP/1.1', 'C: d'], { A: 'b', C: 'd' }],
  ['a status line among the fields', ['A: HTTP/1.1 200 OK', 'C: d'], { A: 'HTTP/1.1 200 OK', C: 'd' }],
  ['obs-fold with a space', ['A: b', ' c'], { A: 'b c' }],
  ['obs-fold with a tab', ['A: b', '\tc'], { A: 'b c' }],
  [
    'obs-fold of many lines',
    ['A: multi-line', ' header', '\tnonsense', '    \t   \t\tI guess', 'C: d'],
    { A: 'multi-line header nonsense I guess', C: 'd' },
  ],
  ['obs-fold of the last field', ['A: in the', '    last  '], { A: 'in the last' }],
  ['obs-fold of an empty value', ['A:', ' b'], { A: 'b' }],
  ['obs-fold with a colon is no field', ['A: b', ' C: d'], { A: 'b C: d', C: undefined }],
  ['obs-fold of a list', ['A: b,', ' c, ,d'], { A: 'b, c, ,d' }],
  ['a folded first line is dropped', [' A: b', 'C: d'], { A: undefined, C: 'd' }],
  ['a first line that begins with a tab is dropped', ['\tA: b', 'C: d'], { A: undefined, C: 'd' }],
  ['a value of 1,000 bytes', [`A: ${'v'.repeat(1000)}`], { A: 'v'.repeat(1000) }],
  ['a value of 8,000 bytes', [`A: ${'v'.repeat(8000)}`], { A: 'v'.repeat(8000) }],
  ['a name of 200 bytes', [`${'N'.repeat(200)}: v`], { ['N'.repeat(200)]: 'v' }],
  ['100 fields', Array.from({ length: 100 }, (_, i) => `X-${i}: ${i}`), { 'X-0': '0', 'X-99': '99' }],
  ['authorization', ['Authorization: Basic bWU6aHVudGVyMg=='], { Authorization: '[redacted]' }],
  ['cookies', ['Cookie: a=1', 'cookie: b=2'], { Cookie: '[redacted]' }],
  ['a folded secret', ['X-Api-Key: hun', ' ter2', 'C: d'], { 'X-Api-Key': '[redacted]', C: 'd' }],
]

const LINE_ENDS = ['\r\n', '\n'] as const

/** Every mixture of line ends behind a request line, two fields and the head (RFC 9112 §2.2). */
const MIXED = LINE_ENDS.flatMap((a) =>
  LINE_ENDS.flatMap((b) => LINE_ENDS.flatMap((c) => LINE_ENDS.map((d) => [a, b, c, d] as const))),
)
const name = (ends: readonly string[]) => ends.map((end) => (end === '\n' ? 'LF' : 'CRLF')).join(' ')

export const fields: readonly Case[] = [
  ...FIELDS.map(([what, lines, shown]) =>
    exchange(`request: ${what}`, ask('GET /f', lines), row('GET /f 200', 0, 2, { asked: shown })),
  ),
  ...FIELDS.map(([what, lines, shown]) =>
    exchange(
      `response: ${what}`,
      ask('GET /f'),
      row('GET /f 200', 0, 2, { answered: shown }),
      `${head('HTTP/1.1 200 OK', ...lines, 'Content-Length: 2')}ok`,
    ),
  ),
  exchange(
    'a request of HTTP/1.0 without any field',
    'GET /f HTTP/1.0\r\n\r\n',
    row('GET /f 200', 0, 2, { asked: {} }),
  ),
  ...MIXED.map(([a, b, c, d]) =>
    exchange(
      `request: ${name([a, b, c, d])}`,
      `PUT /f HTTP/1.1${a}A: b${b}Content-Length: 3${c}${d}xyz`,
      row('PUT /f 200', 3, 2, { asked: { A: 'b', 'Content-Length': '3' }, asks: 'xyz' }),
    ),
  ),
  ...MIXED.map(([a, b, c, d]) =>
    exchange(
      `response: ${name([a, b, c, d])}`,
      ask('GET /f'),
      row('GET /f 200', 0, 3, { answered: { A: 'b', 'Content-Length': '3' }, answers: 'xyz' }),
      `HTTP/1.1 200 OK${a}A: b${b}Content-Length: 3${c}${d}xyz`,
    ),
  ),
  ...MIXED.map(
    ([a, b, c, d]): Case => ({
      name: `two requests in one write: ${name([a, b, c, d])}`,
      turns: turn(`GET /1 HTTP/1.1${a}A: 1${b}${c}GET /2 HTTP/1.1${d}B: 2${a}${c}`, OK + OK),
      rows: [
        row('GET /1 200', 0, 2, { asked: { A: '1', B: undefined } }),
        row('GET /2 200', 0, 2, { asked: { A: undefined, B: '2' } }),
      ],
      joined: 'some',
    }),
  ),
]
