/** The conversations that the shared suite plays. */
import { deflateSync } from 'node:zlib'
import type { Sample } from '../conformance'
import {
  bytes,
  command,
  compressed,
  eof,
  err,
  execute,
  FLAGS,
  greeting,
  LONG,
  le,
  login,
  ok,
  packet,
  prepared,
  query,
  result,
  startTls,
  TEXT,
  USUAL,
} from './build'

/** The database in use is in each row, and nothing of a connection that was joined tells it. */
const NO_DB = USUAL & ~FLAGS.WITH_DB

const HELLO = [
  { from: 'server', bytes: greeting(), of: [] },
  { from: 'client', bytes: login('alice', { proof: 'pr00f of it', flags: NO_DB }), of: [0] },
  { from: 'server', bytes: ok({ seq: 2 }), of: [0] },
] as const

export const SAMPLES: readonly Sample[] = [
  {
    name: 'a login and statements',
    shows: ['greeting', 'in-order', 'under-way'],
    underWayNs: 30e9,
    secrets: ['pr00f', 'hunter2'],
    records: [
      '"user":"alice"',
      ['SELECT 11', 'Resultset rows = 1'],
      ['UPDATE t22', 'Rows affected = 22'],
      ['SELECT nothing33', 'ERROR 1054 (42S22)'],
      ['CREATE USER bob44', 'info of forty-four'],
    ],
    messages: [
      ...HELLO,
      { from: 'client', bytes: query('SELECT 11'), of: [1] },
      { from: 'server', bytes: result(['a'], [['11']]), of: [1] },
      { from: 'client', bytes: query("UPDATE t22 SET password = 'hunter2'"), of: [2] },
      { from: 'server', bytes: ok({ rows: 22 }), of: [2] },
      { from: 'client', bytes: query('SELECT nothing33'), of: [3] },
      { from: 'server', bytes: err(1054, "Unknown column 'nothing33x'", '42S22'), of: [3] },
      { from: 'client', bytes: query("CREATE USER bob44 IDENTIFIED BY 'hunter2'"), of: [4] },
      { from: 'server', bytes: ok({ info: 'info of forty-four' }), of: [4] },
    ],
  },
  {
    name: 'pipelined statements',
    shows: ['in-order', 'pipelined'],
    records: [
      ['SELECT 11', 'rows = 1'],
      ['SELECT 22', 'rows = 2'],
      ['INSERT INTO t33', 'affected = 33'],
    ],
    messages: [
      { from: 'client', bytes: query('SELECT 11') },
      { from: 'server', bytes: result(['a'], [['11']]) },
      { from: 'client', bytes: query('SELECT 22') },
      { from: 'server', bytes: result(['a'], [['22'], ['2']], { noEof: true }) },
      { from: 'client', bytes: query('INSERT INTO t33 VALUES (33)') },
      { from: 'server', bytes: ok({ rows: 33 }) },
    ],
  },
  {
    name: 'prepared, executed and closed',
    shows: ['greeting', 'one-way'],
    secrets: ['pr00f', 'hunter2'],
    records: [
      '"user":"alice"',
      'Statement 5, parameters = 2',
      ['five, [redacted]', 'affected = 51'],
      ['six, [redacted]', 'affected = 61'],
      [],
    ],
    messages: [
      ...HELLO,
      { from: 'client', bytes: command(0x16, 'UPDATE t SET name = ?, password = ?'), of: [1, 2, 3] },
      { from: 'server', bytes: prepared(5, 2, 0), of: [1, 2, 3] },
      { from: 'client', bytes: execute(5, [TEXT('five'), TEXT('hunter2')]), of: [2] },
      { from: 'server', bytes: ok({ rows: 51 }), of: [2] },
      { from: 'client', bytes: execute(5, [TEXT('six'), TEXT('hunter2')]), of: [3] },
      { from: 'server', bytes: ok({ rows: 61 }), of: [3] },
      { from: 'client', bytes: command(0x19, le(5, 4)), of: [4] },
    ],
  },
  {
    name: 'a proof in several rounds, and another user',
    shows: ['greeting', 'in-order'],
    secrets: ['pr00f', 's3cond', 'th1rd'],
    records: [
      ['"user":"alice"', '"program":"tests"'],
      ['SELECT 22', 'rows = 1'],
      ['"user":"carol"', '"database":"other"'],
    ],
    messages: [
      { from: 'server', bytes: greeting(), of: [] },
      {
        from: 'client',
        bytes: login('alice', { proof: 'pr00f', flags: NO_DB, attributes: { program: 'tests' } }),
        of: [0],
      },
      { from: 'server', bytes: packet(2, 0xfe, 'caching_sha2_password\0', 'salt'), of: [0] },
      { from: 'client', bytes: packet(3, 's3cond'), of: [0] },
      { from: 'server', bytes: packet(4, 1, 4), of: [0] },
      { from: 'client', bytes: packet(5, 'th1rd\0'), of: [0] },
      { from: 'server', bytes: ok({ seq: 6 }), of: [0] },
      { from: 'client', bytes: query('SELECT 22'), of: [1] },
      { from: 'server', bytes: result(['a'], [['22']]), of: [1] },
      {
        from: 'client',
        bytes: command(0x11, 'carol\0', 5, 'pr00f', 'other\0', le(45, 2), 'mysql_native_password\0'),
        of: [2],
      },
      { from: 'server', bytes: ok(), of: [2] },
    ],
  },
  {
    name: 'a file, several results, and commands of few bytes',
    shows: ['greeting', 'in-order'],
    secrets: ['pr00f'],
    records: [
      '"user":"alice"',
      ["LOAD DATA LOCAL INFILE 'rows.csv'", 'File rows.csv; Rows affected = 12'],
      ['CALL both()', 'Resultset rows = 2; Resultset rows = 1; Rows affected = 4'],
      ['Uptime: 77'],
      ['SELECT forty', 'Resultset rows = 5'],
      ['other_db'],
    ],
    messages: [
      ...HELLO,
      { from: 'client', bytes: query("LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE t"), of: [1] },
      { from: 'server', bytes: packet(1, 0xfb, 'rows.csv'), of: [1] },
      {
        from: 'client',
        bytes: bytes(packet(2, '1,one\n2,two\n'), packet(3, '3,three\n'), packet(4)),
        of: [1],
      },
      { from: 'server', bytes: ok({ seq: 5, rows: 12 }), of: [1] },
      { from: 'client', bytes: query('CALL both()'), of: [2] },
      {
        from: 'server',
        bytes: bytes(
          result(['a'], [['1'], ['2']], { status: 10 }),
          result(['b'], [['3']], { seq: 7, status: 10 }),
          ok({ seq: 12, rows: 4 }),
        ),
        of: [2],
      },
      { from: 'client', bytes: command(9), of: [3] },
      { from: 'server', bytes: packet(1, 'Uptime: 77  Threads: 1'), of: [3] },
      { from: 'client', bytes: query('SELECT forty'), of: [4] },
      { from: 'server', bytes: result(['a'], Array(5).fill(['40'])), of: [4] },
      { from: 'client', bytes: command(2, 'other_db'), of: [5] },
      { from: 'server', bytes: ok(), of: [5] },
    ],
  },
  {
    name: 'compressed',
    shows: ['greeting', 'in-order'],
    secrets: ['pr00f'],
    records: [
      '"user":"alice"',
      ['SELECT 11', 'rows = 1'],
      [`SELECT '${'22'.repeat(40)}'`, 'rows = 2'],
      ['SELECT 33', 'ERROR 1033'],
    ],
    messages: [
      { from: 'server', bytes: greeting(), of: [] },
      { from: 'client', bytes: login('alice', { proof: 'pr00f', flags: NO_DB | FLAGS.COMPRESS }), of: [0] },
      { from: 'server', bytes: ok({ seq: 2 }), of: [0] },
      { from: 'client', bytes: compressed(0, query('SELECT 11')), of: [1] },
      { from: 'server', bytes: compressed(1, result(['a'], [['11']]), deflateSync), of: [1] },
      { from: 'client', bytes: compressed(0, query(`SELECT '${'22'.repeat(40)}'`), deflateSync), of: [2] },
      { from: 'server', bytes: compressed(1, result(['a'], [['1'], ['2']]), deflateSync), of: [2] },
      { from: 'client', bytes: compressed(0, query('SELECT 33')), of: [3] },
      { from: 'server', bytes: compressed(1, err(1033, 'no')), of: [3] },
    ],
  },
  {
    name: 'a turn to TLS',
    shows: ['greeting', 'hand-over'],
    next: 'tls',
    records: [],
    messages: [
      { from: 'server', bytes: greeting(), of: [] },
      { from: 'client', bytes: startTls(), of: [] },
    ],
  },
  {
    name: 'a server that takes nobody',
    shows: ['greeting', 'pushed'],
    records: ['ERROR 1040 (08004): Too many connections'],
    messages: [{ from: 'server', bytes: err(1040, 'Too many connections', '08004', 0), of: [0] }],
  },
]

export const FETCHED: Sample['messages'] = [
  ...HELLO,
  { from: 'client', bytes: command(0x16, 'SELECT a FROM t WHERE b > ?'), of: [1] },
  { from: 'server', bytes: prepared(9, 1, 1), of: [1] },
  {
    from: 'client',
    bytes: command(0x17, le(9, 4), 1, le(1, 4), execute(9, [LONG(3)]).subarray(14)),
    of: [2],
  },
  { from: 'server', bytes: result(['a'], [], { status: 0x42 }), of: [2] },
  { from: 'client', bytes: command(0x1c, le(9, 4), le(2, 4)), of: [3] },
  { from: 'server', bytes: bytes(packet(1, 0, 0, 'a'), packet(2, 0, 0, 'b'), eof(3, 0x42)), of: [3] },
]
