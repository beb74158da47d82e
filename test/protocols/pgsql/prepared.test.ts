/** Prepared statements: which one runs, with which values. */
import { describe, expect, test } from 'bun:test'
import {
  BOUND,
  bind,
  CLOSED,
  COPY_DONE,
  close,
  columns,
  complete,
  copyData,
  copyResponse,
  describe as describes,
  error,
  execute,
  FLUSH,
  PARSED,
  parameters,
  parse,
  query,
  ready,
  row,
  SUSPENDED,
  SYNC,
  u32,
} from './build'
import { LOGIN, session, type Turn, talk } from './talk'

const prepare = (name: string, sql: string, types: readonly number[] = []): Turn[] => [
  ['client', parse(name, sql, types) + SYNC],
  ['server', PARSED + ready()],
]
const run = (name: string, values: readonly (string | null)[] = []): Turn[] => [
  ['client', bind(name, values) + execute() + SYNC],
  ['server', BOUND + complete('UPDATE 1') + ready()],
]
const executions = (rows: readonly string[]) => rows.filter((said) => said.startsWith('Execute'))

test('named and unnamed ones, with their values', () => {
  expect(
    session([
      ...prepare('a', 'UPDATE t SET x = $1 WHERE y = $2'),
      ...run('a', ['1', null]),
      ['client', parse('', 'SELECT $1') + bind('', ['x, y']) + describes('P') + execute() + SYNC],
      ['server', PARSED + BOUND + columns('c') + row('7') + complete('SELECT 1') + ready()],
    ]),
  ).toEqual([
    'Parse | UPDATE t SET x = $1 WHERE y = $2 | PARSE COMPLETE',
    'Execute | query=[UPDATE t SET x = $1 WHERE y = $2] params=[1, NULL] | UPDATE 1',
    'Parse | SELECT $1 | PARSE COMPLETE',
    'Execute | query=[SELECT $1] params=[x, y] | c\n7\nSELECT 1',
  ])
})

test('columns that were described when it was prepared, in the formats that the execution asks for', () => {
  const int4 = (value: number) => u32(value)
  expect(
    executions(
      session([
        ['client', parse('a', 'SELECT $1::int4, $2') + describes('S', 'a') + FLUSH],
        ['server', PARSED + parameters(23, 25) + columns(['n', 23], ['t', 25])],
        ['client', SYNC],
        ['server', ready()],
        ['client', bind('a', [int4(-5), 'hi'], { formats: [1, 0], results: [1, 0] }) + execute() + SYNC],
        ['server', BOUND + row(int4(-6), 'ho') + complete('SELECT 1') + ready()],
      ]),
    ),
  ).toEqual(['Execute | query=[SELECT $1::int4, $2] params=[-5, hi] | n,t\n-6,ho\nSELECT 1'])
})

test('binary values of which the type isn’t known are shown by their size', () => {
  expect(
    executions(
      session([
        ...prepare('a', 'SELECT $1'),
        ['client', bind('a', ['\x00\x01\x02'], { formats: [1], results: [1] }) + execute() + SYNC],
        ['server', BOUND + row('\x00\x01\x02\x03') + complete('SELECT 1') + ready()],
      ]),
    ),
  ).toEqual(['Execute | query=[SELECT $1] params=[<binary 3 bytes>] | <binary 4 bytes> ....\nSELECT 1'])
})

test('a portal that is suspended goes on', () => {
  expect(
    executions(
      session([
        [
          'client',
          parse('', 'SELECT many') +
            bind('', [], { portal: 'p' }) +
            describes('P', 'p') +
            execute('p', 2) +
            FLUSH,
        ],
        ['server', PARSED + BOUND + columns('n') + row('1') + row('2') + SUSPENDED],
        ['client', execute('p', 2) + SYNC],
        ['server', row('3') + complete('SELECT 1') + ready()],
      ]),
    ),
  ).toEqual([
    'Execute | query=[SELECT many] params=[] | n\n1\n2\nPortalSuspended',
    'Execute | query=[SELECT many] params=[] | n\n3\nSELECT 1',
  ])
})

test('many in one pipeline, each with its own answer', () => {
  const values = Array.from({ length: 200 }, (_, i) => String(i))
  const said = session([
    ...prepare('a', 'UPDATE $1'),
    ['client', values.map((value) => bind('a', [value]) + execute()).join('') + SYNC],
    ['server', values.map((value) => BOUND + complete(`UPDATE ${value}`)).join('') + ready()],
  ])
  expect(executions(said)).toEqual(
    values.map((value) => `Execute | query=[UPDATE $1] params=[${value}] | UPDATE ${value}`),
  )
})

describe('errors', () => {
  test('of a statement that can’t be prepared: what is behind it isn’t done', () => {
    const { rows, counters } = talk([
      ...LOGIN,
      ['client', parse('', 'SELEC') + bind('') + describes('P') + execute() + SYNC],
      ['server', error('42601', 'syntax error') + ready()],
      ['client', query('SELECT 1')],
      ['server', complete('SELECT 0') + ready()],
    ])
    expect(rows.slice(1).map(({ req_cmd, req, error_code }) => [req_cmd, req, error_code])).toEqual([
      ['Parse', 'SELEC', '42601'],
      ['Query', 'SELECT 1', ''],
    ])
    expect(counters.unpairedFrames).toBe(0)
  })

  test('of values, of an execution, and at the end of its transaction', () => {
    expect(
      session([
        ...prepare('a', 'INSERT $1'),
        ['client', bind('a', ['x']) + execute() + SYNC],
        ['server', error('22P02', 'invalid input') + ready()],
        ['client', bind('a', ['y']) + execute() + SYNC],
        ['server', BOUND + error('23505', 'duplicate') + ready()],
        ['client', bind('a', ['z']) + execute() + SYNC],
        ['server', BOUND + complete('INSERT 0 1') + error('23503', 'deferred') + ready()],
      ]).slice(1),
    ).toEqual([
      'Bind | query=[INSERT $1] params=[x] | ERROR 22P02: invalid input',
      'Execute | query=[INSERT $1] params=[y] | ERROR 23505: duplicate',
      'Execute | query=[INSERT $1] params=[z] | INSERT 0 1',
      'Sync |  | ERROR 23503: deferred',
    ])
  })

  test('a name that could not be given anew is still the statement of before', () => {
    const said = session([
      ...prepare('a', 'SELECT old'),
      ['client', parse('a', 'SELECT new') + SYNC],
      ['server', error('42P05', 'already exists') + ready()],
      ...run('a'),
    ])
    expect(executions(said)).toEqual(['Execute | query=[SELECT old] params=[] | UPDATE 1'])
  })

  test('a simple query in the middle of a unit whose server passes over it pairs nobody with another', () => {
    const { said } = talk([
      ...LOGIN,
      ['client', parse('', 'BAD') + query('SELECT passed_over')],
      ['server', error('42601', 'syntax error')],
      ['client', SYNC],
      ['server', ready()],
      ['client', query('SELECT 1')],
      ['server', columns('one') + row('1') + complete('SELECT 1') + ready()],
    ])
    expect(said.filter((text) => text.includes('passed_over') && text.includes('one'))).toEqual([])
    expect(said[1]).toBe('Parse | BAD | ERROR 42601: syntax error')
  })
})

describe('what was not seen is not guessed', () => {
  test('a statement that was prepared before', () => {
    const { said } = talk([...run('s_12', ['7']), ...run('s_12', ['8']), ...run('', ['9'])], { joined: true })
    expect(said.slice(-3)).toEqual([
      'Execute | query=[<unknown statement s_12>] params=[7] | UPDATE 1',
      'Execute | query=[<unknown statement s_12>] params=[8] | UPDATE 1',
      'Execute | query=[<unknown statement>] params=[9] | UPDATE 1',
    ])
  })

  test('a portal of before, one that is closed, and a statement behind a hole', () => {
    const { said } = talk([
      ...LOGIN,
      ...prepare('a', 'SELECT a'),
      ['client', execute('p') + SYNC],
      ['server', complete('SELECT 0') + ready()],
      ['client', close('S', 'a') + SYNC],
      ['server', CLOSED + ready()],
      ...run('a'),
    ])
    expect(executions(said)).toEqual([
      'Execute | query=[<unknown portal p>] params=[] | SELECT 0',
      'Execute | query=[<unknown statement a>] params=[] | UPDATE 1',
    ])
    const holed = talk([
      ...LOGIN,
      ...prepare('a', 'SELECT a'),
      ['client', parse('b', 'SELECT b') + SYNC, 0],
      ...run('a'),
    ])
    expect(holed.said.filter((text) => text.includes('SELECT a] '))).toEqual([])
  })

  test('a query without a name ends with the next simple one', () => {
    const said = session([
      ...prepare('', 'SELECT old'),
      ['client', query('SELECT 1')],
      ['server', complete('SELECT 0') + ready()],
      ...run(''),
    ])
    expect(said.at(-1)).toBe('Execute | query=[<unknown statement>] params=[] | UPDATE 1')
  })
})

describe('secrets', () => {
  const secrets = (turns: readonly Turn[]) => JSON.stringify(talk([...LOGIN, ...turns]).rows)

  test('values that a statement takes for passwords and tokens; its placeholders stay', () => {
    const text = secrets([
      ...prepare('a', 'UPDATE u SET password = $1, name = $2 WHERE token=$3'),
      ...run('a', ['hunter2', 'Ann', 'tok3n']),
      ...prepare('b', 'INSERT INTO u (name, api_key) VALUES ($1, $2), ($3, $4)'),
      ...run('b', ['Bob', 'k3y', 'Eve', 'k4y']),
    ])
    expect(text).not.toMatch(/hunter2|tok3n|k3y|k4y/)
    expect(text).toContain(
      'query=[UPDATE u SET password = $1, name = $2 WHERE token=$3] params=[[redacted], Ann, [redacted]]',
    )
    expect(text).toContain('Bob, [redacted], Eve, [redacted]')
  })

  test('in statements, columns and copied data', () => {
    const text = secrets([
      ['client', query("CREATE ROLE r PASSWORD 'hunter2'")],
      ['server', complete('CREATE ROLE') + ready()],
      ['client', query('SELECT * FROM u')],
      [
        'server',
        columns('name', 'password_hash', 'password') +
          row('Ann', 'h', 'hunter2') +
          complete('SELECT 1') +
          ready(),
      ],
    ])
    expect(text).not.toContain('hunter2')
    expect(text).toContain('Ann')
  })

  const copied = (sql: string, data: string) => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query(`COPY ${sql} FROM STDIN`)],
      ['server', copyResponse('G')],
      ['client', copyData(data) + COPY_DONE],
      ['server', complete('COPY 2') + ready()],
      ['client', query(`COPY ${sql} TO STDOUT`)],
      ['server', copyResponse('H') + copyData(data) + COPY_DONE + complete('COPY 2') + ready()],
    ])
    return [rows[1]!.req_data, rows[2]!.resp]
  }

  test('in copied data, whose columns the statement names', () => {
    const lines = '1\thunter2\tAnn\n2\thunter3\tBob\n'
    const safe = '1\t[redacted]\tAnn\n2\t[redacted]\tBob'
    expect(copied('u (id, "password", name)', lines)).toEqual([`${safe}\n`, `${safe}\nCOPY 2`])
    expect(copied('public.u (id, x, name)', lines)[0]).toBe(lines)
    const hidden = '[redacted]\n[redacted]'
    expect(copied('(SELECT id, password, name FROM u)', lines)).toEqual([`${hidden}\n`, `${hidden}\nCOPY 2`])
  })

  test('in the details of errors', () => {
    const told = (code: string, D: string, W = '') =>
      session([
        ['client', query('INSERT')],
        ['server', error(code, 'failed', W === '' ? { D } : { D, W }) + ready()],
      ])[0]!.split('\n')
    expect(told('23502', 'Failing row contains (1, hunter2, null).')[1]).toBe(
      'DETAIL: Failing row contains ([redacted])',
    )
    expect(told('23505', 'Key (id, token)=(1, tok3n) already exists.')[1]).toBe(
      'DETAIL: Key (id, token)=([redacted])…',
    )
    expect(told('23505', 'Key (id)=(1) already exists.')[1]).toBe('DETAIL: Key (id)=(1) already exists.')
    expect(told('22P02', 'd', 'COPY u, line 1, column password: "hunter2"')[2]).not.toContain('hunter2')
    expect(told('22P04', 'd', 'COPY u, line 1: "1\thunter2"')[2]).toBe(
      'CONTEXT: COPY u, line 1: "[redacted]"',
    )
  })
})
