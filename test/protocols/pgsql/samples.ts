/** The conversations that the shared suite plays. */
import type { Side } from '../../../src/protocols/protocol'
import type { Message, Sample } from '../conformance'
import {
  AUTHENTICATED,
  BOUND,
  bind,
  COPY_DONE,
  cancel,
  columns,
  complete,
  copyData,
  copyResponse,
  describe,
  error,
  execute,
  GSSENC_REQUEST,
  keyData,
  NO_DATA,
  notice,
  notification,
  PARSED,
  parse,
  password,
  query,
  ready,
  row,
  SASL,
  SSL_REQUEST,
  SYNC,
  startup,
  status,
  TERMINATE,
} from './build'

const LOGIN = startup({ user: 'ann', database: 'shop' })
const WELCOMES = [AUTHENTICATED, status('server_version', '15.8'), keyData(77, 'kkkk'), ready()]

/** Messages of one side, each a part of the record; of none without it. */
const says =
  (from: Side) =>
  (record: number | undefined, ...messages: readonly string[]): Message[] =>
    messages.map((bytes) => ({ from, bytes, of: record === undefined ? [] : [record] }))
const asks = says('client')
const answers = says('server')

const VALUES = ['alpha', 'beta', 'gamma']

export const SAMPLES: readonly Sample[] = [
  {
    name: 'simple queries',
    shows: ['in-order', 'pipelined', 'under-way'],
    underWayNs: 30e9,
    records: [
      ['database=shop', 'AuthenticationOk'],
      ["'alpha'", 'first'],
      ['beta', 'second'],
      ["'gamma'", '42P01'],
    ],
    secrets: ['hunter2'],
    messages: [
      ...asks(0, LOGIN),
      ...answers(0, ...WELCOMES),
      ...asks(1, query("SELECT name FROM t WHERE id = 'alpha'")),
      ...answers(1, columns('name'), row('first'), complete('SELECT 1'), ready()),
      ...asks(2, query("ALTER USER ann PASSWORD 'hunter2' /* beta */")),
      ...answers(2, complete('ALTER second'), ready()),
      ...asks(3, query("SELECT 'gamma' FROM nowhere")),
      ...answers(3, error('42P01', 'relation "nowhere" does not exist'), ready()),
    ],
  },
  {
    name: 'a login with passwords, requests for encryption that are refused',
    shows: [],
    records: [['user=ann', 'SCRAM-SHA-256'], 'seven'],
    secrets: ['hunter2', 'r=fyko', 'secr3tkey'],
    messages: [
      ...asks(undefined, GSSENC_REQUEST),
      ...answers(undefined, 'N'),
      ...asks(undefined, SSL_REQUEST),
      ...answers(undefined, 'N'),
      ...asks(0, LOGIN),
      ...answers(0, SASL),
      ...asks(0, password('hunter2'), password('r=fyko')),
      ...answers(0, AUTHENTICATED, status('server_version', '18.1'), keyData(7, 'secr3tkey'), ready()),
      ...asks(1, query('SELECT 7')),
      ...answers(1, columns('x'), row('seven'), complete('SELECT 1'), ready()),
      ...asks(undefined, TERMINATE),
    ],
  },
  {
    name: 'prepared statements with their values',
    shows: ['in-order', 'pipelined'],
    records: ['UPDATE zero', ...VALUES.flatMap((value) => [`parsed ${value}`, `params=[${value}]`])],
    messages: [
      ...asks(0, query('UPDATE zero')),
      ...answers(0, complete('UPDATE 0'), ready()),
      ...VALUES.flatMap((value, i) => {
        const [parsed, executed] = [2 * i + 1, 2 * i + 2]
        return [
          ...asks(parsed, parse('', 'UPDATE one SET a = $1')),
          ...asks(executed, bind('', [value]), describe('P'), execute(), SYNC),
          ...answers(parsed, notice(`parsed ${value}`), PARSED),
          ...answers(executed, BOUND, NO_DATA, complete('UPDATE 1'), ready()),
        ]
      }),
    ],
  },
  {
    name: 'pushed in between',
    shows: ['pushed'],
    records: ['LISTEN a', 'news: hello', 'news: again', 'one'],
    messages: [
      ...asks(0, query('LISTEN a')),
      ...answers(0, complete('LISTEN'), ready()),
      ...answers(1, notification('news', 'hello')),
      ...answers(2, notification('news', 'again')),
      ...asks(3, query('SELECT 1')),
      ...answers(3, columns('x'), row('one'), complete('SELECT 1'), ready()),
    ],
  },
  {
    name: 'copied both ways',
    shows: [],
    records: [['COPY t FROM', 'alpha'], ['COPY u TO', 'gamma'], 'three'],
    messages: [
      ...asks(0, query('COPY t FROM STDIN')),
      ...answers(0, copyResponse('G')),
      ...asks(0, copyData('1\talpha\n'), copyData('2\tbeta\n'), COPY_DONE),
      ...answers(0, complete('COPY 2'), ready()),
      ...asks(1, query('COPY u TO STDOUT')),
      ...answers(1, copyResponse('H'), copyData('3\tgamma\n'), COPY_DONE, complete('COPY 1'), ready()),
      ...asks(2, query('SELECT 3')),
      ...answers(2, columns('x'), row('three'), complete('SELECT 1'), ready()),
    ],
  },
  {
    name: 'a cancel',
    shows: ['one-way'],
    records: ['process 4711'],
    secrets: ['secr3tkey'],
    messages: asks(0, cancel(4711, 'secr3tkey')),
  },
  {
    name: 'turns to TLS',
    shows: ['hand-over'],
    next: 'tls',
    records: [],
    messages: [...asks(undefined, SSL_REQUEST), ...answers(undefined, 'S')],
  },
]
