/** What is lost, endless, deep or meant to be slow. */
import { describe, expect, test } from 'bun:test'
import { performance } from 'node:perf_hooks'
import { array, command, push, string, type Turn, talk } from './talk'

const GET: Turn[] = [
  ['client', command('GET', 'key')],
  ['server', string('value')],
]
/** Enough turns for a pause to tell that everything is answered. */
const TURNS: Turn[] = Array.from({ length: 20 }, (_, i): Turn[] => [
  ['client', command('GET', `key${i}`)],
  ['server', string(`value${i}`)],
]).flat()

describe('losses', () => {
  test('a hole within a long string costs nothing', () => {
    const long = string('x'.repeat(100_000))
    const { said, rows, counters } = talk([
      ['client', command('SET', 'key', 'y'.repeat(100_000)), 5000],
      ['server', '+OK\r\n'],
      ['client', command('GET', 'key')],
      ['server', long, 5000],
      ...GET,
    ])
    expect(said).toEqual([
      `SET ["key","${'y'.repeat(1021)}…"] OK`.replace('y'.repeat(1021), 'y'.repeat(1020)),
      `GET ["key"] ${'x'.repeat(1024)}…`,
      'GET ["key"] value',
    ])
    expect(rows[1]!.resp_size).toBe(long.length)
    expect(counters.unpairedFrames).toBe(0)
  })

  test('the kernel is told what of a long string isn’t needed', () => {
    const { leftOut } = talk([
      ['client', command('GET', 'key')],
      ['server', `$1000000\r\n${'x'.repeat(5000)}`],
    ])
    expect(leftOut.length).toBeGreaterThan(0)
  })

  test('behind a hole the rest of an array is no answer', () => {
    const values = Array.from({ length: 50 }, (_, i) => string(`v${i}`))
    const whole = array(...values)
    const pairs = talk([
      ['client', command('GET', 'first') + command('LRANGE', 'l', '0', '-1') + command('GET', 'last')],
      // The first answer and a part of the second are missing.
      ['server', `${string('of first')}${whole}${string('of last')}`, 0],
      ['server', whole.slice(60)],
      ...TURNS,
    ])
    for (const { req_args, resp } of pairs.rows) {
      const key = JSON.parse(String(req_args))[0]
      if (String(key).startsWith('key')) expect(resp).toBe(String(key).replace('key', 'value'))
      else expect(resp).toBe('')
    }
  })

  test('joined within an answer: only what follows is told', () => {
    const { said } = talk([['server', `alf of it\r\n${string('more')}${string('and more')}`], ...TURNS], {
      joined: true,
    })
    expect(said.length).toBeGreaterThan(15)
    for (const line of said) expect(line).toMatch(/^GET \["key(\d+)"\] value\1$/)
  })

  test('a connection that is joined while messages are pushed', () => {
    const { said } = talk(
      Array.from(
        { length: 3 },
        (_, i): Turn => ['server', array(string('message'), string('c'), string(`m${i}`))],
      ),
      { joined: true },
    )
    expect(said).toEqual([0, 1, 2].map((i) => `PUSH PUB [] ["message","c","m${i}"]`))
  })
})

describe('bounds', () => {
  /** Time for each byte that an end sends, in small pieces. */
  function nsPerByte(from: 'client' | 'server', text: string, piece: number): number {
    const turns: Turn[] = from === 'server' ? [['client', command('GET', 'k')]] : []
    for (let at = 0; at < text.length; at += piece) turns.push([from, text.slice(at, at + piece)])
    const start = performance.now()
    const { streams } = talk([...GET, ...turns])
    expect(streams.heldBytes).toBe(0)
    return ((performance.now() - start) * 1e6) / text.length
  }

  test.each([
    ['an array in small pieces', 'server', array(...Array<string>(20_000).fill(string('abc'))), 100],
    ['a line in small pieces', 'server', `+${'x'.repeat(60_000)}\r\n`, 16],
    ['a command in small pieces', 'client', command('MSET', ...Array<string>(20_000).fill('abc')), 100],
    ['empty lines', 'client', '\r\n'.repeat(200_000), 50_000],
    ['empty arrays', 'client', '*0\r\n'.repeat(100_000), 50_000],
    ['line feeds', 'server', '\n'.repeat(200_000), 50_000],
    ['lines that are no values', 'server', '$x\r\n'.repeat(100_000), 50_000],
    ['heads that never end', 'server', '*3\r\n'.repeat(100_000), 50_000],
    ['heads of commands', 'client', '*1\r\n$3\r\nGE\r\n'.repeat(30_000), 50_000],
    ['confirmations', 'server', push(string('subscribe'), string('c'), ':1\r\n').repeat(10_000), 50_000],
  ] as const)('%s take time in proportion', (_, from, text, piece) => {
    expect(Math.min(...[0, 1, 2].map(() => nsPerByte(from, text, piece)))).toBeLessThan(4000)
  })

  test('values within values: as deep as a server goes, and no deeper', () => {
    const deep = (levels: number) => `${'*1\r\n'.repeat(levels)}:1\r\n`
    const { said, counters } = talk([['client', command('EVAL', 's', '0')], ['server', deep(100)], ...GET])
    expect(said[0]).toBe(`EVAL ["s","0"] ${'['.repeat(100)}1${']'.repeat(100)}`)
    expect(counters.parseFailures).toBe(0)
    const deeper = talk([['client', command('EVAL', 's', '0')], ['server', deep(10_000)], ...GET])
    expect(deeper.counters.parseFailures).toBeGreaterThan(0)
  })

  test('the answer to COMMAND: 240 arrays of arrays, flags, sets and maps, cut anywhere', () => {
    const entry = array(
      string('get'),
      ':2\r\n',
      `~2\r\n+readonly\r\n+fast\r\n`,
      ':1\r\n',
      `~1\r\n+@read\r\n`,
      array(),
      array(`%2\r\n${string('flags')}~1\r\n+RO\r\n${string('spec')}%1\r\n${string('index')}:1\r\n`),
    )
    const all = array(...Array<string>(240).fill(entry))
    for (const piece of [all.length, 1000, 7]) {
      const turns: Turn[] = [['client', command('COMMAND')]]
      for (let at = 0; at < all.length; at += piece) turns.push(['server', all.slice(at, at + piece)])
      const { rows, said, counters } = talk([...turns, ...GET])
      expect(JSON.parse(String(rows[0]!.resp))[0]).toEqual([
        'get',
        2,
        ['readonly', 'fast'],
        1,
        ['@read'],
        [],
        [{ flags: ['RO'], spec: { index: 1 } }],
      ])
      expect(rows[0]!.resp_size).toBe(all.length)
      expect(said[1]).toBe('GET ["key"] value')
      expect(counters.parseFailures).toBe(0)
    }
  })

  test.each([
    '*2147483648\r\n',
    '$99999999999999\r\n',
    '*-2\r\n',
    '$-2\r\n',
    '$1\r\nabc\r\n',
    '*1\r\n:1\r\n',
  ])('%p is no command', (bytes) => {
    const { said } = talk([...GET, ['client', bytes], ...TURNS])
    expect(said[0]).toBe('GET ["key"] value')
    for (const line of said.slice(1)) expect(line).toMatch(/^GET \["key(\d+)"\] value\1$/)
  })
})
