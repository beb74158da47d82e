/**
 * What HTTP/1 looks like on the wire, said over real connections: each case once as it is written, once byte by byte, and once on
 * a connection that is older than Nixie. The client's address tells which one a row belongs to.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import type { Status } from '../../src/api/status'
import { isRoot, Nixie, root } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { THEMES } from './http-cases'
import type { Case } from './http-cases/case'
import { allOf, compared, lengthOf, type Recorded } from './http-cases/compare'

/** Longer cases aren't played byte by byte. */
const SHORT = 1000
const isPlayed = (way: Way, each: Case): boolean =>
  way === 'byte by byte' ? lengthOf(each) <= SHORT : way === 'whole' || each.joined !== 'not'

/** Room for what the rest of the machine says meanwhile. */
const RING_BYTES = 256 << 20

const WAYS = ['whole', 'byte by byte', 'joined'] as const

type Way = (typeof WAYS)[number]

interface Play {
  readonly each: Case
  readonly way: Way
  /** The client's address. */
  readonly from: string
}

const mark = (way: number, index: number) => `127.${10 + way}.${index >> 8}.${index & 255}`
const all = Object.values(THEMES).flat()
const plays: readonly Play[] = WAYS.flatMap((way, w) =>
  all.map((each, i) => ({ each, way, from: mark(w, i) })),
).filter(({ each, way }) => isPlayed(way, each))

const LAST: Play = {
  each: { name: 'last', turns: [['client', 'GET /last HTTP/1.1\r\n\r\n']], rows: [] },
  way: 'whole',
  from: '127.99.0.1',
}

const asLine = ({ each, way, from }: Play) =>
  JSON.stringify({
    from,
    turns: each.turns,
    closes: each.closes ?? 'client',
    step: way === 'byte by byte' ? 1 : 0,
    early: way === 'joined',
  })

class Talk {
  #said = ''
  readonly #child: ChildProcess

  constructor(scope: Scope) {
    this.#child = spawn('python3', [`${root}/test/support/talk.py`, '127.0.0.1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    scope.defer(() => this.#child.kill('SIGKILL'))
    this.#child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.#said += text
    })
  }

  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`)
  }

  /** The text once it has been said for the `count`th time. */
  async hears(pattern: RegExp, count: number): Promise<string> {
    const heard = await until(
      `${pattern} from talk.py`,
      () => this.#said.match(pattern)?.[count - 1] ?? (this.#child.exitCode ? 'failed' : undefined),
    )
    if (heard === 'failed') throw new Error(`talk.py ended with ${this.#child.exitCode}`)
    return heard
  }
}

describe.skipIf(!isRoot)('HTTP/1 on the wire (needs root)', () => {
  const scope = new Scope('http-cases')
  const rows = new Map<string, Recorded[]>()
  let status: Status

  beforeAll(async () => {
    const talk = new Talk(scope)
    const port = Number(await talk.hears(/^\d+(?=\n)/g, 1))
    for (const play of [...plays, LAST]) talk.tell(asLine(play))
    talk.tell('')
    await talk.hears(/open/g, 1)
    const nixie = await Nixie.start(scope, {
      flags: ['--ring-bytes', String(RING_BYTES), '--cpu-budget', 'off'],
    })
    talk.tell('early')
    await talk.hears(/played/g, 1)
    talk.tell('others')
    await talk.hears(/played/g, 2)
    const ask = `import px
df = px.DataFrame(table='http_events', start_time='-10m')
df = df[df.local_port == ${port}]
df.how = df.outcome
px.display(df)
`
    const found = await until('the last row', async () => {
      const recorded = await nixie.query(ask)
      return recorded.some(({ req_path }) => req_path === '/last') && recorded
    })
    status = await nixie.status()
    for (const row of found) {
      const from = String(row.remote_addr)
      rows.set(from, [...(rows.get(from) ?? []), { ...row, outcome: row.how } as unknown as Recorded])
    }
  })
  afterAll(() => scope.close())

  for (const way of WAYS) {
    describe(way, () => {
      test.each(plays.filter((play) => play.way === way).map((play) => [play.each.name, play] as const))(
        '%s',
        (_, { each, from }) => {
          const compare = way === 'joined' && each.joined === 'some' ? allOf : compared
          const { expected, found } = compare(
            each.rows,
            rows.get(from) ?? [],
            status.counters.undecodedBodies > 0,
          )
          expect(found).toEqual(expected)
        },
      )
    })
  }

  test('no source of rows has failed', () => {
    expect(status.probes.filter(({ name }) => name === 'tick')).toEqual([])
  })

  test('no row belongs to no case', () => {
    const known = new Set([...plays, LAST].map(({ from }) => from))
    expect([...rows.keys()].filter((from) => !known.has(from))).toEqual([])
  })
})
