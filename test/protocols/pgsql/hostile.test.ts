/** What a stranger may make Nixie hold and do. */
import { describe, expect, test } from 'bun:test'
import { random } from '../../streams/wire'
import {
  bind,
  columns,
  complete,
  copyData,
  copyResponse,
  execute,
  message,
  parse,
  query,
  ready,
  row,
  SYNC,
  u32,
} from './build'
import { LOGIN, type Turn, talk } from './talk'

const MIB = 1 << 20

const heldBy = (turns: readonly Turn[]): number =>
  talk([...LOGIN, ...turns], { open: true }).streams.heldBytes

describe('memory', () => {
  test('statements: the oldest are forgotten', () => {
    const many = Array.from({ length: 200 }, (_, i): Turn => {
      const some = Array.from({ length: 50 }, (_, j) =>
        parse(`s${i}-${j}`, `SELECT ${'x'.repeat(900)} ${i} ${j}`),
      )
      return ['client', some.join('') + SYNC]
    })
    const turns = many.flatMap((turn): Turn[] => [turn, ['server', message('1').repeat(50) + ready()]])
    expect(heldBy(turns)).toBeLessThan(2 * MIB)
    const { said } = talk([
      ...LOGIN,
      ...turns,
      ['client', bind('s0-0') + execute() + SYNC],
      ['server', message('2') + complete('SELECT 0') + ready()],
    ])
    expect(said.at(-1)).toContain('<unknown statement s0-0>')
  })

  test('portals: the oldest are forgotten', () => {
    const binds = Array.from({ length: 20_000 }, (_, i) => bind('', ['v'.repeat(800)], { portal: `p${i}` }))
    const turns = Array.from({ length: 200 }, (_, i): Turn[] => [
      ['client', binds.slice(i * 100, i * 100 + 100).join('') + SYNC],
      ['server', message('2').repeat(100) + ready()],
    ])
    expect(heldBy(turns.flat())).toBeLessThan(MIB)
  })

  test('statements without an answer are held, and within the budget', () => {
    const asked = Array.from(
      { length: 300 },
      (): Turn => ['client', query(`SELECT '${'x'.repeat(900)}'`).repeat(300)],
    )
    expect(heldBy(asked)).toBeLessThan(49 * MIB)
  })

  test('an answer without an end holds no more than its head', () => {
    const rows = Array.from({ length: 500 }, (): Turn => ['server', row('y'.repeat(500)).repeat(100)])
    expect(heldBy([['client', query('SELECT')], ['server', columns('x')], ...rows])).toBeLessThan(64 << 10)
    const notices = Array.from(
      { length: 500 },
      (): Turn => ['server', message('N', 'SNOTICE\0Mx\0\0').repeat(100)],
    )
    const { rows: told, streams } = talk([...LOGIN, ['client', query('SELECT')], ...notices])
    expect(streams.heldBytes).toBe(0)
    expect(String(told[1]!.resp).length).toBeLessThan(10_000)
  })

  test('data that is copied holds no more than its head', () => {
    const data = Array.from({ length: 500 }, (): Turn => ['client', copyData('z'.repeat(1000)).repeat(50)])
    expect(
      heldBy([['client', query('COPY t FROM STDIN')], ['server', copyResponse('G')], ...data]),
    ).toBeLessThan(64 << 10)
  })
})

describe('time is in proportion to the bytes', () => {
  const took = (turns: readonly Turn[]): number => {
    const since = Bun.nanoseconds()
    talk(turns)
    return Bun.nanoseconds() - since
  }
  /** So many bytes of it. */
  const FLOODS: Readonly<Record<string, (bytes: number) => readonly Turn[]>> = {
    'letters of messages, joined under way': (bytes) => [['server', `${'D\0\0\0'.repeat(bytes / 4)}`]],
    'columns without an end': (bytes) => [
      ['server', message('D', `\xff\xff${'\0\0\0\0'.repeat(bytes / 4)}`)],
    ],
    'many values': (bytes) => [
      ...LOGIN,
      ['client', message('B', `\0\0\0\0\xff\xff${'\0\0\0\0'.repeat(bytes / 4)}\0\0`) + SYNC],
    ],
    'many placeholders': (bytes) => [...LOGIN, ['client', parse('', '$1 '.repeat(bytes / 3)) + SYNC]],
    'small messages': (bytes) => [...LOGIN, ['client', SYNC.repeat(bytes / 5)]],
    'long lengths': (bytes) => [...LOGIN, ['client', `Q${u32(0x3ffffff0)}${'a'.repeat(bytes)}`]],
    'fields of errors': (bytes) => [...LOGIN, ['server', message('E', 'Ma\0'.repeat(bytes / 3))]],
  }

  test.each(Object.entries(FLOODS))('%s', (_, flood) => {
    const small = 16 << 10
    took(flood(small))
    const [one, eight] = [small, 8 * small].map((bytes) =>
      Math.min(...[1, 2, 3, 4].map(() => took(flood(bytes)))),
    )
    // Eight times as many bytes: quadratic time would be 64 times as long.
    expect(eight!).toBeLessThan(24 * one! + 20e6)
  })
})

test('random changes of a session throw nothing, and hold nothing after its end', () => {
  const next = random(99)
  const turns: Turn[] = [
    ...LOGIN,
    [
      'client',
      parse('s', 'SELECT $1', [23]) + bind('s', ['\0\0\0\x01'], { formats: [1] }) + execute() + SYNC,
    ],
    ['server', message('1') + message('2') + row('1', null) + complete('SELECT 1') + ready()],
    ['client', query('COPY t FROM STDIN')],
    ['server', copyResponse('G')],
    ['client', copyData('1\n') + message('c')],
    ['server', complete('COPY 1') + ready()],
  ]
  for (let round = 0; round < 500; round++) {
    const changed = turns.map(([from, bytes]): Turn => {
      const all = Buffer.from(bytes, 'latin1')
      if (next() < 0.5) all[Math.floor(next() * all.length)] = next() * 256
      return next() < 0.1
        ? [from, all.toString('latin1'), Math.floor(next() * all.length)]
        : [from, all.toString('latin1')]
    })
    const { streams, counters } = talk(changed)
    expect(streams.heldBytes).toBe(0)
    expect(counters.readerFaults).toBe(0)
  }
})
