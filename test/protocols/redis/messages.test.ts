/** What rows of `redis_events` say of commands, answers and what is pushed. */
import { describe, expect, test } from 'bun:test'
import { array, command, push, string, type Turn, talk } from './talk'

const asked = (words: readonly string[], answer: string): Turn[] => [
  ['client', command(...words)],
  ['server', answer],
]

const respOf = (answer: string): unknown => talk(asked(['GET', 'k'], answer)).rows[0]?.resp

describe('answers', () => {
  test.each([
    ['a text', '+OK\r\n', 'OK'],
    ['a number', ':-12\r\n', '-12'],
    ['a string', string('hello\r\nthere'), 'hello\r\nthere'],
    ['an empty string', string(''), ''],
    ['nothing', '$-1\r\n', '<NULL>'],
    ['nothing, as an array', '*-1\r\n', '<NULL>'],
    ['nothing of RESP3', '_\r\n', '<NULL>'],
    ['an error', '-ERR unknown command\r\n', '-ERR unknown command'],
    ['a long error', '!5\r\nERR x\r\n', '-ERR x'],
    ['true', '#t\r\n', 'true'],
    ['a double', ',1.5\r\n', '1.5'],
    ['infinity', ',inf\r\n', 'inf'],
    [
      'a big number',
      '(3492890328409238509324850943850943825024385\r\n',
      '3492890328409238509324850943850943825024385',
    ],
    ['a verbatim string', '=8\r\ntxt:text\r\n', 'text'],
    [
      'an array',
      array(string('a'), ':1\r\n', '$-1\r\n', array(), '-ERR in it\r\n'),
      '["a",1,null,[],"-ERR in it"]',
    ],
    ['an empty array', '*0\r\n', '[]'],
    ['a map', `%2\r\n+a\r\n:1\r\n${string('b')}*1\r\n#f\r\n`, '{"a":1,"b":[false]}'],
    ['a map with other names', '%2\r\n:1\r\n,inf\r\n*1\r\n:1\r\n:2\r\n', '{"1":"inf","…":2}'],
    ['a set', `~2\r\n${string('a')}${string('b')}`, '["a","b"]'],
    ['what belongs to it', '|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+x\r\n*1\r\n:0\r\n:1\r\n:2\r\n', '[1,2]'],
    ['as long as they come', '*?\r\n:1\r\n*?\r\n.\r\n.\r\n', '[1,[]]'],
    ['a string in parts', '$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n', 'Hello'],
    ['bytes', '$4\r\n\x00\x01\xff\xfe\r\n', '<binary 4 bytes> ....'],
  ])('%s', (_, answer, resp) => {
    const { rows, counters } = talk([...asked(['GET', 'k'], answer), ...asked(['PING'], '+PONG\r\n')])
    expect(rows.map((row) => row.resp)).toEqual([resp, 'PONG'])
    expect(counters.parseFailures).toBe(0)
  })

  test('the first word of an error', () => {
    const errorOf = (answer: string) => talk(asked(['GET', 'k'], answer)).rows[0]?.error
    expect(errorOf('-WRONGTYPE Operation\r\n')).toBe('WRONGTYPE')
    expect(errorOf('-MOVED 3999 127.0.0.1:6381\r\n')).toBe('MOVED')
    expect(errorOf('-something else\r\n')).toBe('ERR')
    expect(errorOf('+OK\r\n')).toBe('')
  })

  test('as much as bodies have room for, and how much more there was', () => {
    const long = talk(asked(['GET', 'k'], string('x'.repeat(5000)))).rows[0]!
    expect(long.resp).toBe(`${'x'.repeat(1024)}…`)
    expect(long.resp_size).toBe(5009)
    const many = talk(asked(['LRANGE', 'k', '0', '-1'], array(...Array<string>(400).fill(string('abcdef')))))
    const values = JSON.parse(String(many.rows[0]!.resp))
    expect(values.slice(0, -1)).toEqual(Array(values.length - 1).fill('abcdef'))
    expect(values.at(-1)).toBe(`… ${400 - (values.length - 1)} more`)
    const args = talk(asked(['MSET', ...Array<string>(400).fill('value')], '+OK\r\n')).rows[0]!
    const shown = JSON.parse(String(args.req_args))
    expect(shown.at(-1)).toBe(`… ${400 - (shown.length - 1)} more`)
  })

  test('a map that is cut is one all the same', () => {
    const map = `%300\r\n${Array.from({ length: 300 }, (_, i) => `${string(`name${i}`)}${string('value')}`).join('')}`
    const shown = JSON.parse(String(respOf(map)))
    const names = Object.keys(shown)
    expect(shown['…']).toBe(`${300 - (names.length - 1)} more`)
  })
})

describe('commands', () => {
  const said = (...turns: readonly Turn[]) => talk(turns).said

  test('the word behind some names', () => {
    expect(
      said(
        ...asked(['client', 'list'], string('')),
        ...asked(['CONFIG', 'GET', 'maxmemory'], array(string('maxmemory'), string('0'))),
        ...asked(['COMMAND'], array()),
        ...asked(['get', 'list'], '$-1\r\n'),
      ),
    ).toEqual([
      'CLIENT LIST [] ',
      'CONFIG GET ["maxmemory"] ["maxmemory","0"]',
      'COMMAND [] []',
      'GET ["list"] <NULL>',
    ])
  })

  test('inline, with quotes; empty ones are none', () => {
    expect(
      said(
        ['client', 'PING\r\n'],
        ['server', '+PONG\r\n'],
        ['client', '\r\n*0\r\nset "a b" \'c\\\'d\' "\\x41\\n"\n'],
        ['server', '+OK\r\n'],
      ),
    ).toEqual(['PING [] PONG', 'SET ["a b","c\'d","A\\n"] OK'])
  })

  test('pipelined, and in a transaction', () => {
    expect(
      said(
        ['client', command('MULTI') + command('INCR', 'a') + command('LPOP', 'b') + command('EXEC')],
        ['server', '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n$-1\r\n'],
      ),
    ).toEqual(['MULTI [] OK', 'INCR ["a"] QUEUED', 'LPOP ["b"] QUEUED', 'EXEC [] [1,null]'])
  })

  test('the latency of one that blocks is that of the block', () => {
    const { streams, wire, sink } = talk(
      [
        ['client', command('PING')],
        ['server', '+PONG\r\n'],
      ],
      { open: true },
    )
    streams.handle(wire.request(command('BLPOP', 'queue', '0')))
    wire.timeNs += 3e9
    streams.handle(wire.response(array(string('queue'), string('job'))))
    const row = sink.rows('redis_events').at(-1)!
    expect(row).toMatchObject({ req_cmd: 'BLPOP', resp: '["queue","job"]', outcome: 'complete' })
    expect(Number(row.latency)).toBeGreaterThanOrEqual(3e9)
    expect(Number(row.latency)).toBeLessThan(3.01e9)
  })

  test('one that waits is shown meanwhile, and unanswered at the end', () => {
    const { streams, wire, live, sink } = talk([['client', command('BLPOP', 'queue', '0')]], { open: true })
    streams.tick(wire.timeNs + 11e9)
    streams.underWay(wire.timeNs + 11e9)
    expect(live.rows('redis_events')).toMatchObject([{ req_cmd: 'BLPOP', outcome: 'waiting' }])
    streams.handle(wire.close())
    streams.tick(wire.timeNs + 20e9)
    expect(sink.rows('redis_events')).toMatchObject([{ req_cmd: 'BLPOP', outcome: 'unanswered', resp: '' }])
  })

  test('without answers (CLIENT REPLY)', () => {
    const { said, counters } = talk([
      ['client', command('CLIENT', 'REPLY', 'OFF')],
      ['client', command('SET', 'a', '1') + command('GET', 'a')],
      ['client', command('CLIENT', 'REPLY', 'ON')],
      ['server', '+OK\r\n'],
      ['client', command('CLIENT', 'REPLY', 'SKIP') + command('GET', 'b') + command('GET', 'c')],
      ['server', string('of c')],
    ])
    expect(said).toEqual([
      'CLIENT REPLY ["OFF"] ',
      'SET ["a","1"] ',
      'GET ["a"] ',
      'CLIENT REPLY ["ON"] OK',
      'CLIENT REPLY ["SKIP"] ',
      'GET ["b"] ',
      'GET ["c"] of c',
    ])
    expect(counters.unpairedFrames).toBe(0)
  })

  test('sizes are those on the wire', () => {
    const [get, answer] = [command('GET', 'key'), string('value')]
    const [row] = talk([
      ['client', get],
      ['server', answer],
    ]).rows
    expect(row).toMatchObject({ req_size: get.length, resp_size: answer.length })
  })
})

describe('pushed', () => {
  const message = (kind: typeof array, ...words: readonly string[]) => kind(...words.map(string))

  test.each([
    ['before RESP3', array],
    ['in RESP3', push],
  ])('messages %s', (_, kind) => {
    const { said, counters } = talk([
      ['client', command('PSUBSCRIBE', 'n*')],
      ['server', kind(string('psubscribe'), string('n*'), ':1\r\n')],
      ['client', command('SSUBSCRIBE', 's')],
      ['server', kind(string('ssubscribe'), string('s'), ':1\r\n')],
      ['server', message(kind, 'pmessage', 'n*', 'news', 'one') + message(kind, 'smessage', 's', 'two')],
      ['client', command('PUNSUBSCRIBE')],
      ['server', message(kind, 'pmessage', 'n*', 'news', 'three')],
      ['server', kind(string('punsubscribe'), string('n*'), ':0\r\n')],
    ])
    expect(said).toEqual([
      'PSUBSCRIBE ["n*"] ["psubscribe","n*",1]',
      'SSUBSCRIBE ["s"] ["ssubscribe","s",1]',
      'PUSH PUB [] ["pmessage","n*","news","one"]',
      'PUSH PUB [] ["smessage","s","two"]',
      'PUSH PUB [] ["pmessage","n*","news","three"]',
      'PUNSUBSCRIBE [] ["punsubscribe","n*",0]',
    ])
    expect(counters.unpairedFrames).toBe(0)
  })

  test('an answer that looks like a message is an answer', () => {
    const looks = message(array, 'message', 'a', 'b')
    expect(talk([...asked(['LRANGE', 'l', '0', '-1'], looks)]).said).toEqual([
      'LRANGE ["l","0","-1"] ["message","a","b"]',
    ])
  })

  test('in RESP3 between a command and its answer', () => {
    expect(
      talk([
        ['client', command('SUBSCRIBE', 'c')],
        ['server', push(string('subscribe'), string('c'), ':1\r\n')],
        ['client', command('LRANGE', 'l', '0', '-1')],
        ['server', message(push, 'message', 'c', 'said') + message(array, 'message', 'in', 'list')],
      ]).said.slice(1),
    ).toEqual(['PUSH PUB [] ["message","c","said"]', 'LRANGE ["l","0","-1"] ["message","in","list"]'])
  })

  test('MONITOR, without what logs in', () => {
    const { said } = talk([
      ['client', command('MONITOR')],
      ['server', '+OK\r\n'],
      ['server', '+1339518083.107412 [0 127.0.0.1:60866] "get" "a"\r\n'],
      ['server', '+1339518083.207412 [0 127.0.0.1:60866] "auth" "hunter2"\r\n'],
    ])
    expect(said).toEqual([
      'MONITOR [] OK',
      'PUSH MONITOR [] 1339518083.107412 [0 127.0.0.1:60866] "get" "a"',
      'PUSH MONITOR [] 1339518083.207412 [0 127.0.0.1:60866] "auth" "[redacted]"',
    ])
  })

  test('keys that changed (client tracking)', () => {
    const tracked = talk([
      ['client', command('CLIENT', 'TRACKING', 'ON')],
      ['server', '+OK\r\n'],
      ['server', push(string('invalidate'), array(string('key')))],
    ])
    expect(tracked.said.at(-1)).toBe('PUSH INVALIDATE [] ["invalidate",["key"]]')
  })
})

describe('secrets', () => {
  const SECRET = 'hunter2'
  const hash = 'a'.repeat(64)
  test.each([
    [['AUTH', SECRET], '+OK\r\n'],
    [['AUTH', 'me', SECRET], '+OK\r\n'],
    [['auth', SECRET], '-ERR\r\n'],
    [['HELLO', '3', 'AUTH', 'me', SECRET], '%1\r\n+server\r\n+redis\r\n'],
    [['ACL', 'SETUSER', 'me', 'on', `>${SECRET}`, `<${SECRET}`, `#${SECRET}`], '+OK\r\n'],
    [['CONFIG', 'SET', 'maxmemory', '1', 'requirepass', SECRET], '+OK\r\n'],
    [['CONFIG', 'SET', 'masterauth', SECRET], '+OK\r\n'],
    [['CONFIG', 'GET', '*'], array(string('requirepass'), string(SECRET), string('port'), string('1'))],
    [['CONFIG', 'GET', '*'], `%1\r\n${string('masterauth')}${string(SECRET)}`],
    [['MIGRATE', 'host', '1', 'k', '0', '9', 'AUTH', SECRET, 'KEYS', 'k'], '+OK\r\n'],
    [['MIGRATE', 'host', '1', 'k', '0', '9', 'AUTH2', 'me', SECRET], '+OK\r\n'],
    [['SENTINEL', 'SET', 'm', 'auth-pass', SECRET], '+OK\r\n'],
    [['SET', 'user:1:password', SECRET, 'EX', '9'], '+OK\r\n'],
    [['SETEX', 'access_token', '60', SECRET], '+OK\r\n'],
    [['HSET', 'user:1', 'name', 'x', 'password', SECRET], ':2\r\n'],
    [['GET', 'user:1:password'], string(SECRET)],
    [['HGETALL', 'user:1'], array(string('name'), string('x'), string('password'), string(SECRET))],
    [['HMGET', 'user:1', 'name', 'password'], array(string('x'), string(SECRET))],
    [['ACL', 'GENPASS'], string(SECRET)],
    [
      ['ACL', 'GETUSER', 'me'],
      array(string('passwords'), array(string(SECRET)), string('keys'), string('*')),
    ],
    [['ACL', 'LIST'], array(string(`user me on #${hash} ~* +@all`))],
    [['GET', 'config'], string(`{"password":"${SECRET}"}`)],
    [['SLOWLOG', 'GET'], array(array(':1\r\n', array(string('AUTH'), string('me'), string(SECRET))))],
  ])('%p', (words, answer) => {
    const turns = asked(words, answer)
    const text = JSON.stringify(talk(turns).rows)
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain(hash)
    // Where the user wants to see them, they are there.
    expect(JSON.stringify(talk(turns, { settings: { redact: false } }).rows)).not.toContain('[redacted]')
  })

  test('inline, too', () => {
    const { rows } = talk([
      ['client', 'PING\r\n'],
      ['server', '+PONG\r\n'],
      ['client', 'auth hunter2\r\n'],
      ['server', '+OK\r\n'],
    ])
    expect(rows.at(-1)).toMatchObject({ req_cmd: 'AUTH', req_args: '["[redacted]"]' })
  })
})
