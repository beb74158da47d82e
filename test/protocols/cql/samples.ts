/** The conversations that the shared suite plays. */
import type { Sample } from '../conformance'
import * as Talk from './talk'

const { INT, TYPE } = Talk

/** The keyspace in use is in each row, and nothing of a connection that was joined tells it. */
const context = ['keyspace']

const V5 = { version: 5 }
const INSERT = 'INSERT INTO goods (name, price, password) VALUES (?, ?, ?)'
const COLUMNS = { name: TYPE.text, price: TYPE.int, password: TYPE.text }

const LARGE = `INSERT INTO large (blob44) VALUES ('${'x'.repeat(900)}')`

export const SAMPLES: readonly Sample[] = [
  {
    name: 'statements, answered in another order',
    shows: ['keyed', 'pushed', 'under-way'],
    underWayNs: 10e9,
    secrets: ['hunter2'],
    records: [
      ['SELECT eleven', 'Number of rows = 2'],
      ['CREATE ROLE bob22', 'CREATED TABLE'],
      ['STATUS_CHANGE DOWN 10.0.0.9:9042'],
      ['SELECT thirty', 'ERROR 0x2200 (Invalid): no such table'],
    ],
    messages: [
      { from: 'client', bytes: Talk.query(3, "CREATE ROLE bob22 WITH PASSWORD = 'hunter2'"), of: [1] },
      { from: 'client', bytes: Talk.query(1, 'SELECT eleven FROM goods'), of: [0] },
      {
        from: 'server',
        bytes: Talk.rows(1, { name: TYPE.text, price: TYPE.int }, [
          ['one', INT(1)],
          ['two', null],
        ]),
        of: [0],
      },
      { from: 'server', bytes: Talk.changed(3, 'CREATED', 'TABLE', 'shop', 'roles'), of: [1] },
      { from: 'client', bytes: Talk.query(2, 'SELECT thirty FROM nothing'), of: [3] },
      { from: 'server', bytes: Talk.statusChange('DOWN', [10, 0, 0, 9], 9042), of: [2] },
      { from: 'server', bytes: Talk.error(2, 0x2200, 'no such table'), of: [3] },
    ],
  },
  {
    name: 'a login, a prepared statement and batches',
    shows: ['in-order'],
    context,
    secrets: ['hunter2', 's3same'],
    records: [
      ['CQL_VERSION', 'PasswordAuthenticator'],
      ['"user":"carol"'],
      ['USE shop', 'SET_KEYSPACE'],
      ['Number of parameters = 3'],
      ["params=['four', 44, '[redacted]']"],
      ['BEGIN UNLOGGED BATCH', 'five five'],
    ],
    messages: [
      { from: 'client', bytes: Talk.startup(0), of: [0] },
      { from: 'server', bytes: Talk.authenticate(0), of: [0] },
      { from: 'client', bytes: Talk.authResponse(1, '\0carol\0hunter2'), of: [1] },
      { from: 'server', bytes: Talk.authSuccess(1, 's3same'), of: [1] },
      { from: 'client', bytes: Talk.query(2, 'USE shop'), of: [2] },
      { from: 'server', bytes: Talk.used(2, 'shop'), of: [2] },
      { from: 'client', bytes: Talk.prepare(3, INSERT), of: [3, 4] },
      { from: 'server', bytes: Talk.prepared(3, INSERT, COLUMNS), of: [3, 4] },
      {
        from: 'client',
        bytes: Talk.execute(4, INSERT, { values: ['four', INT(44), 'hunter2'], pageSize: 100 }),
        of: [4],
      },
      { from: 'server', bytes: Talk.done(4), of: [4] },
      {
        from: 'client',
        bytes: Talk.batch(5, [["INSERT INTO t (a) VALUES ('five five')"], ['DELETE FROM t']], { kind: 1 }),
        of: [5],
      },
      { from: 'server', bytes: Talk.done(5), of: [5] },
    ],
  },
  {
    name: 'segments of version 5',
    shows: ['in-order'],
    records: [
      ['DRIVER_NAME'],
      ['SELECT twenty', 'Number of rows = 1'],
      ["params=['three']"],
      ['INSERT INTO large (blob44)', 'ERROR 0x1100 (Write timeout): late'],
      ['SELECT fifty', 'Number of rows = 0'],
    ],
    messages: [
      { from: 'client', bytes: Talk.startup(0, { DRIVER_NAME: 'tests' }, V5), of: [0] },
      { from: 'server', bytes: Talk.ready(0, V5), of: [0] },
      { from: 'client', bytes: Talk.segment(Talk.query(1, 'SELECT twenty FROM goods', V5)), of: [1] },
      {
        from: 'server',
        bytes: Talk.segment(Talk.rows(1, { name: TYPE.text }, [['a'.repeat(300)]], V5)),
        of: [1],
      },
      {
        from: 'client',
        bytes: Talk.segment(Talk.query(2, 'DELETE FROM goods WHERE name = ?', { ...V5, values: ['three'] })),
        of: [2],
      },
      { from: 'server', bytes: Talk.segment(Talk.done(2, V5)), of: [2] },
      { from: 'client', bytes: Talk.segment(Talk.query(3, LARGE, V5), false, 300), of: [3] },
      { from: 'server', bytes: Talk.segment(Talk.error(3, 0x1100, 'late', V5)), of: [3] },
      { from: 'client', bytes: Talk.segment(Talk.query(4, 'SELECT fifty FROM goods', V5)), of: [4] },
      { from: 'server', bytes: Talk.segment(Talk.bareRows(4, 2, [], V5)), of: [4] },
    ],
  },
  {
    name: 'compressed segments',
    shows: ['in-order'],
    records: [
      ['COMPRESSION'],
      ['SELECT twenty', 'Number of rows = 1'],
      ['INSERT INTO large (blob44)'],
      ['SELECT forty'],
    ],
    messages: [
      { from: 'client', bytes: Talk.startup(0, { COMPRESSION: 'lz4' }, V5), of: [0] },
      { from: 'server', bytes: Talk.ready(0, V5), of: [0] },
      { from: 'client', bytes: Talk.segment(Talk.query(1, 'SELECT twenty FROM goods', V5), true), of: [1] },
      {
        from: 'server',
        bytes: Talk.segment(Talk.rows(1, { name: TYPE.text }, [['a'.repeat(300)]], V5), true),
        of: [1],
      },
      { from: 'client', bytes: Talk.segment(Talk.query(2, LARGE, V5), true, 300), of: [2] },
      { from: 'server', bytes: Talk.segment(Talk.done(2, V5), true), of: [2] },
      { from: 'client', bytes: Talk.segment(Talk.query(3, 'SELECT forty FROM goods', V5), true), of: [3] },
      { from: 'server', bytes: Talk.segment(Talk.done(3, V5), true), of: [3] },
    ],
  },
  ...(
    [
      ['lz4', Talk.lz4],
      ['snappy', Talk.snappy],
    ] as const
  ).map(
    ([name, coding]): Sample => ({
      name: `bodies with ${name}`,
      shows: ['in-order'],
      records: [['COMPRESSION'], ['SELECT twenty', 'Number of rows = 1'], ['DELETE FROM thirty', 'VOID']],
      messages: [
        { from: 'client', bytes: Talk.startup(0, { COMPRESSION: name }, { version: 3 }), of: [0] },
        { from: 'server', bytes: Talk.ready(0, { version: 3 }), of: [0] },
        {
          from: 'client',
          bytes: Talk.query(1, 'SELECT twenty FROM goods', { version: 3 }, { version: 3, coding }),
          of: [1],
        },
        {
          from: 'server',
          bytes: Talk.rows(1, { name: TYPE.text }, [['a'.repeat(300)]], { version: 3, coding }),
          of: [1],
        },
        {
          from: 'client',
          bytes: Talk.query(2, 'DELETE FROM thirty', { version: 3 }, { version: 3, coding }),
          of: [2],
        },
        { from: 'server', bytes: Talk.done(2, { version: 3, coding }), of: [2] },
      ],
    }),
  ),
]
