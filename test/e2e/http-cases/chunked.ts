/** Chunked transfer coding (RFC 9112 §7.1): sizes, extensions, trailers, and what breaks it. */
import {
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

const CHUNKED = 'Transfer-Encoding: chunked'

/** Bytes of a chunked body, and its content. */
const WHOLE: readonly (readonly [string, string, string])[] = [
  ['no chunk', LAST_CHUNK, ''],
  ['one chunk', `5\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['two chunks', `5\r\nhello\r\n6\r\n world\r\n${LAST_CHUNK}`, 'hello world'],
  ['lower case', `a\r\n0123456789\r\n${LAST_CHUNK}`, '0123456789'],
  ['upper case', `A\r\n0123456789\r\n${LAST_CHUNK}`, '0123456789'],
  ['mixed case', `aA\r\n${'x'.repeat(0xaa)}\r\n${LAST_CHUNK}`, 'x'.repeat(0xaa)],
  ['zeros in front', `0005\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['many zeros in front', `${'0'.repeat(30)}5\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['many zeros at the end', '5\r\nhello\r\n00000\r\n\r\n', 'hello'],
  ['white space behind a size', '5  \t\r\nhello\r\n0  \r\n\r\n', 'hello'],
  ['white space in front of a size', ' 5\r\nhello\r\n 0\r\n\r\n', 'hello'],
  ['an extension', `5;a=b\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['an extension without a value', `5;a\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['extensions', `5;a;b=c;d=e\r\nhello\r\n6;f;g\r\n world\r\n${LAST_CHUNK}`, 'hello world'],
  ['a quoted extension', `5;a="I \\"love\\"; \\\\that\\\\";b\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['an open quote in an extension', `5;a="b;c\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['an extension behind white space', `5 ; a = b\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['a semicolon only', `5;\r\nhello\r\n0;\r\n\r\n`, 'hello'],
  ['an extension of the last chunk', '5\r\nhello\r\n0;end="true"\r\n\r\n', 'hello'],
  ['an extension of 1,000 bytes', `5;a=${'b'.repeat(1000)}\r\nhello\r\n${LAST_CHUNK}`, 'hello'],
  ['a trailer', '5\r\nhello\r\n0\r\nVary: *\r\n\r\n', 'hello'],
  ['trailers', '5\r\nhello\r\n0\r\nA: b\r\nContent-MD5: x\r\nC: d\r\n\r\n', 'hello'],
  ['a trailer that looks like a request', '5\r\nhello\r\n0\r\nGET /evil HTTP/1.1\r\n\r\n', 'hello'],
  ['a trailer of 2,000 bytes', `5\r\nhello\r\n0\r\nA: ${'b'.repeat(2000)}\r\n\r\n`, 'hello'],
  ['LF only', '5\nhello\n6\n world\n0\n\n', 'hello world'],
  ['line ends mixed', '5\r\nhello\n6\n world\r\n0\n\r\n', 'hello world'],
  ['LF behind trailers', '5\r\nhello\r\n0\r\nA: b\n\n', 'hello'],
  ['line breaks in the data', `c\r\n\r\n0\r\n\r\nabcde\r\n${LAST_CHUNK}`, '\r\n0\r\n\r\nabcde'],
  ['chunks of one byte', [...'chunks of one byte'].map(chunk).join('') + LAST_CHUNK, 'chunks of one byte'],
  ['200 chunks', 'ab'.repeat(100).split('').map(chunk).join('') + LAST_CHUNK, 'ab'.repeat(100)],
  ['a chunk of 5,000 bytes', chunk('y'.repeat(5000)) + LAST_CHUNK, 'y'.repeat(5000)],
  [
    'sizes of every length',
    [1, 15, 16, 255, 256, 4095, 4096].map((n) => chunk('z'.repeat(n))).join('') + LAST_CHUNK,
    'z'.repeat(1 + 15 + 16 + 255 + 256 + 4095 + 4096),
  ],
]

/** A chunked body that can't be read to its end, and the content that came before. */
const BROKEN: readonly (readonly [string, string, number])[] = [
  ['no size', 'z\r\nhello\r\n', 0],
  ['a sign', '+5\r\nhello\r\n', 0],
  ['a negative size', '-1\r\nhello\r\n', 0],
  ['0x in front', '0x5\r\nhello\r\n', 0],
  ['an underscore', '1_0\r\nhello\r\n', 0],
  ['no semicolon in front of an extension', '5 ext\r\nhello\r\n', 0],
  ['NUL behind a size', '5\0\r\nhello\r\n', 0],
  ['a size that no number holds', `${'f'.repeat(20)}\r\nhello\r\n`, 0],
  ['a size of 100 digits', `${'9'.repeat(100)}\r\nhello\r\n`, 0],
  ['a size behind a good chunk', '5\r\nhello\r\nxyz\r\n', 5],
  ['data that is too long', '3\r\nxxx__1a\r\n', 3],
  ['data that is too long by a LF', '3\r\nxxx_\n1a\r\n', 3],
  ['a CR and another byte behind data', '3\r\nxxx\r_1a\r\n', 3],
  ['a line of 5,000 bytes', `5;${'e'.repeat(5000)}`, 0],
]

/** A chunked body that the end of the connection cuts. */
const CUT: readonly (readonly [string, string, number])[] = [
  ['at once', '', 0],
  ['in a size', '5', 0],
  ['behind a size', '5\r\n', 0],
  ['in the data', '5\r\nhel', 3],
  ['behind the data', '5\r\nhello', 5],
  ['behind a chunk', '5\r\nhello\r\n', 5],
  ['in the last chunk', '5\r\nhello\r\n0', 5],
  ['behind the last size', '5\r\nhello\r\n0\r\n', 5],
  ['in the last line break', '5\r\nhello\r\n0\r\n\r', 5],
  ['in a trailer', '5\r\nhello\r\n0\r\nA: b\r\n', 5],
]

const CODINGS = [
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: CHUNKED',
  'transfer-encoding:chunked',
  'TRANSFER-ENCODING:  chunked \t',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: gzip,chunked',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: , chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding : chunked',
]

/** More than is captured of the first call on a joined connection. */
const LARGE = 'y'.repeat(120_000)
const LARGE_CHUNKS = chunk('y'.repeat(40_000)).repeat(3) + LAST_CHUNK

const kept = (content: string) => content.slice(0, 1024)

export const chunked: readonly Case[] = [
  ...WHOLE.map(([what, body, content]) =>
    exchange(
      `request: ${what}`,
      ask('POST /c', [CHUNKED], body),
      row('POST /c 200', content.length, 2, { asks: kept(content) }),
    ),
  ),
  ...WHOLE.map(([what, body, content]) =>
    exchange(
      `response: ${what}`,
      ask('GET /c'),
      row('GET /c 200', 0, content.length, { answers: kept(content) }),
      head('HTTP/1.1 200 OK', CHUNKED) + body,
    ),
  ),
  ...BROKEN.map(([what, body, size]) =>
    opened(
      last(
        `request, broken: ${what}`,
        ask('POST /c', [CHUNKED], body),
        row('POST /c 400', size, 2, { outcome: 'cut' }),
        OK.replace('200 OK', '400 Bad Request'),
      ),
    ),
  ),
  ...BROKEN.map(([what, body, size]) =>
    opened(
      last(
        `response, broken: ${what}`,
        ask('GET /c'),
        row('GET /c 200', 0, size, { outcome: 'cut' }),
        head('HTTP/1.1 200 OK', CHUNKED) + body,
        'client',
      ),
    ),
  ),
  ...CUT.map(([what, body, size]) =>
    last(
      `response, cut ${what}`,
      ask('GET /c'),
      row('GET /c 200', 0, size, { outcome: 'cut' }),
      head('HTTP/1.1 200 OK', CHUNKED) + body,
    ),
  ),
  ...CUT.map(
    ([what, body, size]): Case => ({
      name: `request, cut ${what}`,
      turns: [['client', ask('POST /c', [CHUNKED], body)]],
      rows: [row('POST /c 0', size, 0, { outcome: 'unanswered' })],
      joined: 'some',
    }),
  ),
  ...CODINGS.flatMap((coding) => [
    exchange(
      `request: ${coding}`,
      ask('POST /c', [coding], chunk('hello') + LAST_CHUNK),
      row('POST /c 200', 5, 2),
    ),
    exchange(
      `response: ${coding}`,
      ask('GET /c'),
      row('GET /c 200', 0, 5),
      head('HTTP/1.1 200 OK', coding) + chunk('hello') + LAST_CHUNK,
    ),
  ]),
  {
    ...exchange(
      'request: chunks of 40,000 bytes',
      ask('POST /c', [CHUNKED], LARGE_CHUNKS),
      row('POST /c 200', LARGE.length, 2, { asks: kept(LARGE) }),
    ),
    joined: 'not',
  },
  {
    ...exchange(
      'response: chunks of 40,000 bytes',
      ask('GET /c'),
      row('GET /c 200', 0, LARGE.length, { answers: kept(LARGE) }),
      head('HTTP/1.1 200 OK', CHUNKED) + LARGE_CHUNKS,
    ),
    joined: 'not',
  },
  exchange(
    'chunked in HTTP/1.0',
    ask('GET /c'),
    row('GET /c 200', 0, 5, { minor: 0 }),
    head('HTTP/1.0 200 OK', CHUNKED) + chunk('hello') + LAST_CHUNK,
  ),
  goesOn(
    'both sides at once',
    turn(
      ask('POST /c', [CHUNKED], chunk('question') + LAST_CHUNK),
      head('HTTP/1.1 200 OK', CHUNKED) + chunk('answer') + LAST_CHUNK,
    ),
    [row('POST /c 200', 8, 6, { asks: 'question', answers: 'answer' })],
  ),
  goesOn(
    'in many writes',
    [
      ['client', ask('POST /c', [CHUNKED])],
      ['client', '5'],
      ['client', '\r\n'],
      ['client', 'hel'],
      ['client', 'lo\r'],
      ['client', '\n0\r\n'],
      ['client', '\r\n'],
      ['server', head('HTTP/1.1 200 OK', CHUNKED)],
      ['server', chunk('a')],
      ['server', chunk('b')],
      ['server', LAST_CHUNK],
    ],
    [row('POST /c 200', 5, 2, { asks: 'hello', answers: 'ab' })],
  ),
]
