import { describe, expect, test } from 'bun:test'
import { expectLinear, value } from '../apply'

const QUERY = 3n
const mysql = (sql: string, command = QUERY) => JSON.parse(value('normalize_mysql', sql, command) as string)
const pgsql = (sql: string, command = 'Query') => JSON.parse(value('normalize_pgsql', sql, command) as string)

describe('MySQL', () => {
  const cases: readonly [sql: string, query: string, params: readonly string[]][] = [
    ["SELECT * FROM t WHERE a = 5 AND b = 'x'", 'SELECT * FROM t WHERE a = ? AND b = ?', ['5', "'x'"]],
    ["select 'it''s', 'a\\'b', \"q\"\"q\"", 'select ?, ?, ?', ["'it''s'", "'a\\'b'", '"q""q"']],
    ['SELECT 1.5, .5, 1e-3, 0xFF, 0b01', 'SELECT ?, ?, ?, ?, ?', ['1.5', '.5', '1e-3', '0xFF', '0b01']],
    ['SELECT * FROM t1 WHERE `col 2` = 3', 'SELECT * FROM t1 WHERE `col 2` = ?', ['3']],
    ['SELECT -1, a-1, (2)-1, 5--1', 'SELECT ?, a-?, (?)-?, ?-?', ['-1', '1', '2', '1', '5', '-1']],
    ["SELECT a -- it's 5\nFROM t # 'x\nWHERE /* 7 */ b=1", 'SELECT a FROM t WHERE b=?', ['1']],
    ['SELECT *\n\t FROM   t ;\n', 'SELECT * FROM t ;', []],
    ['SELECT 1;', 'SELECT ?;', ['1']],
    ['SELECT 1; SELECT 2;;', 'SELECT ?; SELECT ?;;', ['1', '2']],
    ["/*!40101 SET NAMES 'utf8' */;", 'SET NAMES ? ;', ["'utf8'"]],
    [
      'SELECT TRUE, false, t.true FROM t WHERE a = True',
      'SELECT ?, ?, t.true FROM t WHERE a = ?',
      ['TRUE', 'false', 'True'],
    ],
    ['WHERE a IS TRUE AND b IS NOT FALSE', 'WHERE a IS TRUE AND b IS NOT FALSE', []],
    [
      "CREATE TABLE t (a varchar(20) DEFAULT 'x', b decimal(10, 2), c INT(11))",
      'CREATE TABLE t (a varchar(20) DEFAULT ?, b decimal(10, 2), c INT(11))',
      ["'x'"],
    ],
    ['SELECT CAST(a AS CHAR(5)), CHAR(65), f(3)', 'SELECT CAST(a AS CHAR(5)), CHAR(?), f(?)', ['65', '3']],
    ['SELECT 2*/* two */3', 'SELECT ?* ?', ['2', '3']],
    ['SELECT /*!80013 STRAIGHT_JOIN */ /*+ HINT(1) */ 2', 'SELECT STRAIGHT_JOIN ?', ['2']],
    ["x IN (1, 'a', -3) and y in(4)", 'x IN (?) and y in(?)', ["1, 'a', -3", '4']],
    ['a IN (SELECT 1) or b in (c, 2)', 'a IN (SELECT ?) or b in (c, ?)', ['1', '2']],
    ["INSERT INTO t VALUES (1,'a',NULL)", 'INSERT INTO t VALUES (?,?,NULL)', ['1', "'a'"]],
    ["select x'ff', _utf8'a', N'b'", 'select ?, ?, ?', ["x'ff'", "_utf8'a'", "N'b'"]],
    ['', '', []],
  ]
  test.each([...cases])('%s', (sql, query, params) =>
    expect(mysql(sql)).toEqual({ query, params: [...params], error: '' }),
  )

  test('a prepared statement keeps its placeholders, which stand for themselves', () => {
    expect(mysql('SELECT ? + 1', 22n)).toEqual({ query: 'SELECT ? + ?', params: ['?', '1'], error: '' })
  })

  test('an execution gives its values to them', () => {
    expect(mysql('query=[SELECT ?, 1, ?] params=[7, x]', 23n)).toEqual({
      query: 'SELECT ?, ?, ?',
      params: ['7', '1', 'x'],
      error: '',
    })
  })

  test('a statement that was cut says so', () => {
    expect(mysql("SELECT * FROM t WHERE a = 'abc")).toEqual({
      query: 'SELECT * FROM t WHERE a = ?',
      params: ["'abc"],
      error: 'The statement ends inside a literal.',
    })
  })

  test('other commands have no statement', () => {
    expect(mysql('SELECT 1', 14n)).toEqual({
      query: '',
      params: [],
      error: 'Not a command with a statement.',
    })
  })
})

describe('PostgreSQL', () => {
  const cases: readonly [sql: string, query: string, params: readonly string[]][] = [
    [
      'SELECT "a" FROM t WHERE b = \'x\' AND c = 2',
      'SELECT "a" FROM t WHERE b = $1 AND c = $2',
      ["'x'", '2'],
    ],
    ["SELECT 'a\\', E'it\\'s'", 'SELECT $1, $2', ["'a\\'", "E'it\\'s'"]],
    ["SELECT $$it's $1$$, $f$a $$ b$f$", 'SELECT $1, $2', ["$$it's $1$$", '$f$a $$ b$f$']],
    ['SELECT $1, 5, $2', 'SELECT $1, $3, $2', ['$1', '$2', '5']],
    ['SELECT /* a /* b */ 5 */ 6--7', 'SELECT $1', ['6']],
    ["SELECT a ? 'k', b #> '{x}'", 'SELECT a ? $1, b #> $2', ["'k'", "'{x}'"]],
    ["SELECT '1'::int, a::text", 'SELECT $1::int, a::text', ["'1'"]],
    ["SELECT '1'::varchar(20), a::numeric(10,2)", 'SELECT $1::varchar(20), a::numeric(10,2)', ["'1'"]],
    ['SELECT TRUE WHERE a IS NOT TRUE;', 'SELECT $1 WHERE a IS NOT TRUE;', ['TRUE']],
    ['ALTER TABLE t ADD a character varying(20)', 'ALTER TABLE t ADD a character varying(20)', []],
    ['SELECT a[1], x IN (1, 2)', 'SELECT a[$1], x IN ($2)', ['1', '1, 2']],
  ]
  test.each([...cases])('%s', (sql, query, params) =>
    expect(pgsql(sql)).toEqual({ query, params: [...params], error: '' }),
  )

  test.each([
    ["SELECT $2, $1, 'c'", 'a, b', 'SELECT $1, $2, $3', ['b', 'a', "'c'"]],
    ["SELECT 'c', $1", 'a', 'SELECT $1, $2', ["'c'", 'a']],
    ['SELECT $1, $1', 'a', 'SELECT $1, $2', ['a', 'a']],
    ['SELECT $1, $2', 'a', 'SELECT $1, $2', ['a', '$2']],
    ['SELECT 1', '', 'SELECT $1', ['1']],
  ])('an execution of %s numbers its values as they are used', (sql, values, query, params) => {
    expect(pgsql(`query=[${sql}] params=[${values}]`, 'EXECUTE')).toEqual({ query, params, error: '' })
  })

  test('a position beyond all is left alone', () => {
    expect(pgsql('SELECT $99999999')).toEqual({ query: 'SELECT $99999999', params: [], error: '' })
  })

  test('other messages have no statement', () => expect(pgsql('SELECT 1', 'Sync').query).toBe(''))
})

test('hostile texts take linear time', () => {
  const texts = [
    "'",
    '$a$',
    '/*',
    '(',
    'in (1,',
    '-',
    '$',
    "e'\\",
    '"',
    '_a',
    '1e',
    'in (',
    '-- ',
    'x.',
    '; ',
    '/*!',
    '*/',
  ]
  expectLinear('normalize_mysql', texts, QUERY)
  expectLinear('normalize_pgsql', texts, 'Query')
})

test('what is normal stays as it is, whatever the text', () => {
  const PARTS =
    "select|a|b1|`c`|\"d\"|'e'|'f|5|-6|.7|0x8|$1|$$x$$|$t$y$t$|?|(|)|in|in (1, 2)|,|;|-|--|-- z\n|/* w */|/*|#|\\|e'|= | |\n|é|::|[1]|null".split(
      '|',
    )
  let seed = 7
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return PARTS[seed % PARTS.length]!
  }
  for (let i = 0; i < 300; i++) {
    const text = Array.from({ length: 1 + (i % 12) }, next).join(i % 2 === 0 ? ' ' : '')
    for (const normalise of [mysql, pgsql]) {
      const once = normalise(text)
      if (once.error !== '') continue
      const again = normalise(once.query)
      expect({ text, query: again.query }).toEqual({ text, query: once.query })
    }
  }
})
