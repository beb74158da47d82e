/** How long content is (RFC 9112 §6): Content-Length, what contradicts it, and what stands where no content may be. */
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
  opened,
  row,
  turn,
} from './case'

const FORMS: readonly (readonly [string, string[], number])[] = [
  ['0', ['Content-Length: 0'], 0],
  ['a number', ['Content-Length: 5'], 5],
  ['no space', ['Content-Length:5'], 5],
  ['white space', ['Content-Length: \t 5 \t'], 5],
  ['white space in front of the colon', ['Content-Length : 5'], 5],
  ['lower case', ['content-length: 5'], 5],
  ['upper case', ['CONTENT-LENGTH: 5'], 5],
  ['zeros in front', ['Content-Length: 0005'], 5],
  ['many zeros in front', [`Content-Length: ${'0'.repeat(40)}5`], 5],
  ['zeros only', ['Content-Length: 000'], 0],
  ['the same twice', ['Content-Length: 5', 'Content-Length: 5'], 5],
  ['the same in a list', ['Content-Length: 5, 5'], 5],
  ['the same three times', ['Content-Length: 5,5', 'content-length: 5'], 5],
  ['a field behind it', ['Content-Length: 5', 'Other: 7'], 5],
  ['folded', ['Content-Length:', ' 5'], 5],
  ['an empty Transfer-Encoding', ['Transfer-Encoding:', 'Content-Length: 5'], 5],
  ['Transfer-Encoding: identity', ['Transfer-Encoding: identity', 'Content-Length: 5'], 5],
]

/** Nobody can say where a message with these ends. */
const NONSENSE: readonly (readonly [string, string[]])[] = [
  ['different lengths', ['Content-Length: 3', 'Content-Length: 4']],
  ['different lengths in a list', ['Content-Length: 3, 4']],
  ['a sign', ['Content-Length: +5']],
  ['a negative number', ['Content-Length: -5']],
  ['a fraction', ['Content-Length: 5.0']],
  ['a hexadecimal number', ['Content-Length: 0x5']],
  ['a word', ['Content-Length: five']],
  ['a number and a word', ['Content-Length: 5 bytes']],
  ['a space within', ['Content-Length: 4 2']],
  ['nothing', ['Content-Length:']],
  ['quotes', ['Content-Length: "5"']],
  ['more digits than any length has', [`Content-Length: ${'9'.repeat(30)}`]],
  ['a list with an empty place', ['Content-Length: 5,']],
  ['0xA0 behind it', ['Content-Length: 5\xa0']],
]

const CODINGS_BEFORE_NOTHING = [
  'pigeons',
  'chunkedchunked',
  'chunked, deflate',
  'deflate',
  'chunk',
  'xchunked',
  '"chunked"',
]

const SIZES = [1, 2, 100, 1_000, 1_024, 1_025, 4_096, 10_000, 16_384, 40_000, 100_000, 300_000]

export const lengths: readonly Case[] = [
  ...FORMS.map(([what, lines, length]) =>
    exchange(
      `request: ${what}`,
      ask('POST /l', lines, 'hello'.slice(0, length)),
      row('POST /l 200', length, 2, { asks: 'hello'.slice(0, length) }),
    ),
  ),
  ...FORMS.map(([what, lines, length]) =>
    exchange(
      `response: ${what}`,
      ask('GET /l'),
      row('GET /l 200', 0, length, { answers: 'hello'.slice(0, length) }),
      head('HTTP/1.1 200 OK', ...lines) + 'hello'.slice(0, length),
    ),
  ),
  ...NONSENSE.map(([what, lines]) =>
    opened(
      last(
        `request: ${what}`,
        ask('POST /l', lines, 'hello'),
        row('POST /l 400', 0, 0, { outcome: 'cut' }),
        answer('400 Bad Request'),
      ),
    ),
  ),
  ...NONSENSE.map(([what, lines]) =>
    opened(
      last(
        `response: ${what}`,
        ask('GET /l'),
        row('GET /l 200', 0, 0, { outcome: 'cut' }),
        `${head('HTTP/1.1 200 OK', ...lines)}hello`,
        'client',
      ),
    ),
  ),
  ...CODINGS_BEFORE_NOTHING.map((coding) =>
    opened(
      last(
        `request: Transfer-Encoding: ${coding}`,
        ask('POST /l', [`Transfer-Encoding: ${coding}`], 'hello'),
        row('POST /l 400', 0, 0, { outcome: 'cut' }),
        answer('400 Bad Request'),
      ),
    ),
  ),
  ...CODINGS_BEFORE_NOTHING.map((coding) =>
    last(
      `response: Transfer-Encoding: ${coding}`,
      ask('GET /l'),
      row('GET /l 200', 0, 7, { answers: '2\r\nOK\r\n' }),
      `${head('HTTP/1.1 200 OK', `Transfer-Encoding: ${coding}`)}2\r\nOK\r\n`,
    ),
  ),
  ...['Content-Length: 9999', 'Content-Length: 3', 'Content-Length: nonsense'].flatMap((length) => [
    exchange(
      `request: Transfer-Encoding outweighs ${length}`,
      ask('POST /l', [length, 'Transfer-Encoding: chunked'], chunk('hello') + LAST_CHUNK),
      row('POST /l 200', 5, 2, { asks: 'hello' }),
    ),
    exchange(
      `response: Transfer-Encoding outweighs ${length}`,
      ask('GET /l'),
      row('GET /l 200', 0, 5, { answers: 'hello' }),
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', length) + chunk('hello') + LAST_CHUNK,
    ),
  ]),
  ...SIZES.flatMap((size) => [
    exchange(
      `request of ${size} bytes`,
      ask('POST /l', [`Content-Length: ${size}`], 'x'.repeat(size)),
      row('POST /l 200', size, 2, { asks: 'x'.repeat(Math.min(size, 1024)) }),
    ),
    exchange(
      `response of ${size} bytes`,
      ask('GET /l'),
      row('GET /l 200', 0, size, { answers: 'x'.repeat(Math.min(size, 1024)) }),
      answer('200 OK', 'x'.repeat(size)),
    ),
  ]),
  goesOn(
    'line breaks behind content are passed over',
    [
      ...turn(ask('POST /l', ['Content-Length: 4'], 'q=42\r\n'), `${OK}\r\n`),
      ...turn(`\r\n${ask('GET /2')}`, OK),
    ],
    [row('POST /l 200', 4, 2, { asks: 'q=42' }), row('GET /2 200', 0, 2)],
  ),
  goesOn(
    'content that looks like a request',
    turn(
      ask('POST /l', ['Content-Length: 36'], 'GET /evil HTTP/1.1\r\nHost: evil.org\r\n\r\n'.slice(0, 36)),
      OK,
    ),
    [row('POST /l 200', 36, 2)],
  ),
  goesOn('content that looks like a response', turn(ask('GET /l'), answer('200 OK', OK)), [
    row('GET /l 200', 0, OK.length),
  ]),
  goesOn(
    'content in pieces',
    [
      ['client', ask('PUT /l', ['Content-Length: 9'])],
      ['client', 'abc'],
      ['client', 'def'],
      ['client', 'ghi'],
      ['server', head('HTTP/1.1 200 OK', 'Content-Length: 6')],
      ['server', 'jkl'],
      ['server', 'mno'],
    ],
    [row('PUT /l 200', 9, 6, { asks: 'abcdefghi', answers: 'jklmno' })],
  ),
  goesOn(
    'a head in pieces',
    [
      ['client', 'GE'],
      ['client', 'T /l HT'],
      ['client', 'TP/1.1\r'],
      ['client', '\nHost: x\r\n'],
      ['client', '\r\n'],
      ['server', 'HTT'],
      ['server', 'P/1.1 2'],
      ['server', '00 OK\r\nContent-Le'],
      ['server', 'ngth: 2\r\n\r'],
      ['server', '\nok'],
    ],
    [row('GET /l 200', 0, 2)],
  ),
]
