/** Any token is a method (RFC 9110 §9.1); those that are registered are also known on joined connections. */
import { answer, ask, type Case, last, lines, OK, opened, row, turn } from './case'

const REGISTERED = (
  'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE GET LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL ' +
  'MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE ' +
  'UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PURGE SOURCE'
).split(' ')

/** Tokens that nobody registered: only where a connection opens, or behind a message that ended. */
const OWN = [
  'A',
  'G',
  'get',
  'Get',
  'FETCH',
  'x-custom',
  'GETT',
  'XGET',
  'MKCOLA',
  'HEADER',
  '1',
  '007',
  "!#$%&'*+-.^_`|~",
  'HTTP',
  'ANNOUNCE',
  'BREW',
  'A'.repeat(64),
]

/** No tokens. */
const NOT = ['G\0T', 'G\tT', 'G(T', 'G@T', 'G/T', 'G:T', 'G"T', 'G\x7fT', 'GÉT', '(GET)', 'GET,', 'G{T}']

export const methods: readonly Case[] = [
  ...lines(REGISTERED.map((method) => [`${method} is registered`, `${method} /m`])),
  ...[
    'POST',
    'PUT',
    'PATCH',
    'PROPFIND',
    'REPORT',
    'QUERY',
    'SEARCH',
    'DELETE',
    'GET',
    'OPTIONS',
    'HEAD',
  ].map((method) => ({
    name: `${method} with content`,
    turns: [
      ...turn(ask(`${method} /m`, ['Content-Length: 7'], 'content'), answer('204 No Content')),
      ...turn(ask('GET /after'), OK),
    ],
    rows: [row(`${method} /m 204`, 7, 0, { asks: 'content' }), row('GET /after 200', 0, 2)],
  })),
  ...lines(OWN.map((method) => [`${method} is a token`, `${method} /m`])).map(opened),
  ...OWN.map(
    (method): Case => ({
      name: `${method} behind another request`,
      turns: [...turn(ask('GET /first'), OK), ...turn(ask(`${method} /m`), OK)],
      rows: [row('GET /first 200', 0, 2), row(`${method} /m 200`, 0, 2)],
    }),
  ),
  ...NOT.map(
    (method): Case => ({
      ...last(
        `${JSON.stringify(method)} is none`,
        ask(`${method} /m`),
        row('- - 0'),
        answer('400 Bad Request'),
      ),
      rows: [],
    }),
  ),
  {
    ...last(
      'a method that is longer than any',
      ask(`${'M'.repeat(300)} /m`),
      row('- - 0'),
      answer('501 What'),
    ),
    rows: [],
  },
]
