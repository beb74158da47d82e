/**
 * Queries that would take all memory, on a Nixie under its shipped limit, none of which capture needs: their rows are the
 * lists of functions. Each ends in an answer or in an error that says what to do, 200 at once too.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { MemoryCgroup } from '../attack/memory-cgroup'
import { isRoot, Nixie } from '../support/nixie'
import { Scope } from '../support/scope'

/** As the manifests and the unit have it. */
const LIMIT_MIB = 512
/** Some room is left when the machine is busy. */
const MOST_MIB = 448
const AT_ONCE = 200
/** What may be left when a request comes in a crowd: too many wait, or others have the memory. */
const IN_A_CROWD = ['too_many_requests', 'unavailable', 'limit_exceeded', 'deadline_exceeded']

const twice = (line: string, times: number) => `${line}\n`.repeat(times)

/** Some 300 rows with texts, and as many pairs of them as there are. */
const START = `import px
df = px.GetUDFList()
df.s = df.name
`
const PAIRS = `${START}df = df.merge(px.GetUDFList(), how='inner', left_on=[], right_on=[], suffixes=['', '_b'])
`

const A_TEXT = `df.s = px.substring('${'x'.repeat(1000)}', 0, 1000)\n${twice('df.s = df.s + df.s', 11)}`

/** One row with a text of 1 MiB, the same in 250 columns. */
const wideRow = (df: string, letter: string) =>
  `${df} = px.GetUDFList().head(1)
${df}.s = ${df}.name + '${letter.repeat(1000)}'
${twice(`${df}.s = ${df}.s + ${df}.s`, 10)}${Array.from({ length: 250 }, (_, i) => `${df}.c${i} = px.toupper(${df}.s)`).join('\n')}
`

interface Attack {
  readonly text: string
  /** Of the API; JSON without. */
  readonly format?: string
  /** Codes of the errors that it may end in; none: it is answered. */
  readonly ends?: readonly string[]
}

const TOO_MUCH = ['limit_exceeded']

const ATTACKS: Readonly<Record<string, Attack>> = {
  'a text that doubles': {
    text: `${START}${twice('df.s = df.s + df.s', 24)}px.display(df[['s']])`,
    ends: TOO_MUCH,
  },
  'a constant that doubles': {
    text: `${START}df.s = 'x'\n${twice('df.s = df.s + df.s', 24)}px.display(df[['s']])`,
    ends: TOO_MUCH,
  },
  'long texts in all pairs of rows': {
    text: `${PAIRS}df.s = df.name + df.name_b\n${twice('df.s = df.s + df.s', 10)}df = df.groupby('s').agg(n=('s', px.any))\npx.display(df)`,
    ends: TOO_MUCH,
  },
  'each letter made many': {
    text: `${START}${twice(`df.s = px.replace('.', df.s, '${'y'.repeat(1000)}')`, 3)}px.display(df[['s']])`,
    ends: TOO_MUCH,
  },
  'a match named many times': {
    text: `${START}${A_TEXT}df.s = px.replace('.*', df.s, '${'\\\\0'.repeat(1000)}')\npx.display(df[['s']])`,
    ends: TOO_MUCH,
  },
  'patterns that unfold': {
    text: `${START}${Array.from({ length: 60 }, (_, i) => `df.p${i} = px.regex_match('${'(a{1000}){10}'.repeat(9)}${i}', df.s)`).join('\n')}\npx.display(df[['p0']])`,
    ends: ['bad_request'],
  },
  'many different patterns': {
    text: `${PAIRS}df = df.head(2000)\ndf.p = px.regex_match('(' + df.name + df.name_b + 'a{100}){9}', df.s)\npx.display(df[['p']].groupby('p').agg())`,
    ends: ['', ...TOO_MUCH],
  },
  'a join of joins': {
    text: `${PAIRS}${twice("df = df.merge(df[['name']], how='inner', left_on=[], right_on=[], suffixes=['', '_z']).drop('name_z')", 2)}px.display(df.groupby(['name', 'name_b']).agg(n=('s', px.count)))`,
    ends: [...TOO_MUCH, 'deadline_exceeded'],
  },
  'groups of groups': {
    text: `${PAIRS}df.k = df.name + df.name_b\ndf.l = px.length(df.k)\ndf = df.groupby(['k', 'name']).agg(q=('l', px.quantiles), a=('k', px.any), s=('k', px.sample))\npx.display(df)`,
  },
  'choices that hold each other': {
    text: `${PAIRS}df.a = df.name + df.name_b\ndf.b = df.name_b + df.name\n${twice("df.a = px.select(df.a < 'm', df.a, df.b)\ndf.b = px.select(df.b < 'm', df.b, df.a)", 20)}px.display(df[['a', 'b']])`,
    ends: TOO_MUCH,
  },
  'rows behind rows': {
    text: `${PAIRS}${twice('df = df.append(df)', 12)}px.display(df)`,
    ends: TOO_MUCH,
  },
  'lists of lists, kept': {
    text: `${PAIRS}df.s = '[' + px.replace('.', df.name + df.name_b, '[[],{},[]],') + '0]'\ndf.p = px.pluck_array(df.s, 1)\npx.display(df.groupby('p').agg())`,
    ends: ['', ...TOO_MUCH],
  },
  'one long text in many columns, of several batches': {
    text: `import px\n${wideRow('df', 'y')}${wideRow('other', 'z')}px.display(df.append(other))`,
  },
  'one long text in every row, as JSON': {
    text: `${PAIRS}${A_TEXT}px.display(df[['s']].head(200))`,
  },
  'one long text in every row, by column': {
    text: `${PAIRS}${A_TEXT}px.display(df[['s']].head(200))`,
    format: 'shape=columns',
  },
  'one long text in every row, as CSV': {
    text: `${PAIRS}${A_TEXT}px.display(df[['s']].head(200))`,
    format: 'format=csv',
  },
  'one long text in every row, as NDJSON': {
    text: `${PAIRS}${A_TEXT}px.display(df[['s']].head(200))`,
    format: 'format=ndjson',
  },
  'one long text in every row, as Arrow': {
    text: `${PAIRS}${A_TEXT}px.display(df[['s']].head(200))`,
    format: 'format=arrow',
  },
}

const INNOCENT = 'import px\npx.display(px.GetUDFList().head(3))'

describe.skipIf(!isRoot)('queries under the shipped limit (needs root)', () => {
  const scope = new Scope('query-memory')
  let nixie: Nixie
  let cgroup: MemoryCgroup

  beforeAll(async () => {
    cgroup = new MemoryCgroup(scope, LIMIT_MIB << 20)
    nixie = await Nixie.start(scope, { under: cgroup.under })
  })
  afterAll(() => scope.close())

  /** The code of the error, '' for an answer, whose bytes are read and thrown away. */
  async function ask({ text, format = '' }: Attack): Promise<string> {
    const response = await fetch(`${nixie.url}/api/query?${format}`, { method: 'POST', body: text })
    if (!response.ok) return ((await response.json()) as { error: { code: string } }).error.code
    for await (const _ of response.body!);
    return ''
  }

  async function isWell(): Promise<void> {
    const { ready, capture } = await nixie.status()
    expect([ready, capture.running, cgroup.oomKills]).toEqual([true, true, 0])
    expect((await nixie.query(INNOCENT)).length).toBe(3)
  }

  const residentMiB = () =>
    Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${nixie.pid}/status`, 'utf8'))![1]) / 1024

  for (const [name, attack] of Object.entries(ATTACKS)) {
    test(name, async () => {
      const code = await ask(attack)
      console.log(`${name}: ${code || 'answered'}, at most ${residentMiB().toFixed(0)} MiB so far`)
      expect(attack.ends ?? ['']).toContain(code)
      await isWell()
    })
  }

  test(`${AT_ONCE} at once`, async () => {
    const all = Object.values(ATTACKS)
    const codes = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, i) => {
        const attack = all[i % all.length]!
        const code = await ask(attack)
        return {
          attack: Object.keys(ATTACKS)[i % all.length],
          code,
          fits: [...(attack.ends ?? ['']), ...IN_A_CROWD].includes(code),
        }
      }),
    )
    expect(codes.filter(({ fits }) => !fits)).toEqual([])
    await isWell()
    console.log(
      `at most ${residentMiB().toFixed(0)} MiB of memory, ${cgroup.peakMiB.toFixed(0)} MiB with the page cache`,
    )
    // Resident has pages of files in it that others brought, too; what counts against the limit is the group's.
    expect(residentMiB()).toBeLessThan(LIMIT_MIB)
    expect(cgroup.peakMiB).toBeLessThan(MOST_MIB)
  })
})
