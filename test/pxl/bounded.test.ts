/** What a text costs grows with its length and no faster, whatever it repeats and however deep it nests. */
import { expect, test } from 'bun:test'
import { NixieError } from '../../src/errors'
import { compile } from '../../src/pxl/compile'
import { check, complete } from '../../src/pxl/editor/editor'
import { cpuMs } from '../support/cpu-time'

const OPTIONS = { tables: [], nowNs: 0n }
const LONGEST = 128 << 10

/** What a script can nest in itself, without end. */
const NESTING = [
  ...['not ', '~', '-', '+', 'await ', 'lambda: ', 'lambda x: ', '(', '[', '{', '{a: ', '(a, ', '[*', '[a, '],
  ...['f(', 'f(x=', 'f(**', 'f(*', 'a[', 'a + ', 'a and ', 'a if b else ', 'a < ', 'a ** ', '-a ** '],
  ...['[a for a in ', '{a for a in ', '(a for a in ', '(yield ', '(a := ', 'f"{', "f'{", 'f"""{'],
] as const
const CHAINS = ['.a', '(x)', '[0]', ' + 1', ' and 1', ' < 1', ' - -1', '.a()', ' or not 1'] as const

/** Whatever else a tokenizer may meet. */
const TOKENS = [
  ...'* ** : , = ; " \' \'\'\' """ # \\ @ . .. -> := ? $ ! ` \0 é _ 1 0x 1e 2. } ) ] | & <>'.split(' '),
  ...[
    'a ',
    'f(x) ',
    '1 ',
    '"" ',
    '""',
    'a,',
    '1,',
    '*a,',
    'a;',
    'a.b,',
    'a\n',
    'x=',
    'x=1\n',
    ' ',
    '\t',
    '\n',
    '\r',
  ],
  ...[
    '\\\n',
    '#\r(',
    '#\n',
    '@a\n',
    'def f():\n ',
    'if a:\n ',
    'match a:\n',
    'case ',
    'else:',
    'del a,',
    'import a.',
  ],
  ...[
    'import a\n',
    'from .',
    'class A(',
    'with a(',
    'type A[',
    'print ',
    'return ',
    'async ',
    'global a,',
    'is not ',
  ],
] as const

interface Cost {
  /** Of processor time. */
  readonly ms: number
  readonly error: NixieError | undefined
}

function costOf(work: () => unknown): Cost {
  let error: NixieError | undefined
  const ms = cpuMs(() => {
    try {
      work()
    } catch (cause) {
      if (!(cause instanceof NixieError)) throw cause
      error = cause
    }
  })
  return { ms, error }
}

const ASKED: Readonly<Record<string, (text: string) => unknown>> = {
  compile: (text) => compile(text, OPTIONS),
  check: (text) => check(text, OPTIONS),
  'complete at the end': (text) => complete(text, text.length, OPTIONS),
  'complete in the middle': (text) => complete(text, text.length >> 1, OPTIONS),
}

const repeated = (unit: string, length: number) => `x=${unit.repeat(Math.floor((length - 3) / unit.length))}1`

const BOUND_MS = 2_000

for (const [name, ask] of Object.entries(ASKED)) {
  test(`${name}: a text of 16 KiB costs a moment, whatever is repeated in it`, () => {
    const costs = [...NESTING, ...CHAINS, ...TOKENS].map((unit) => {
      const { ms } = costOf(() => ask(repeated(unit, LONGEST / 8)))
      return { unit, ms }
    })
    expect(costs.filter(({ ms }) => ms > BOUND_MS / 2)).toEqual([])
  })
}

/** The most expensive units, and those for which a parser with error recovery needs seconds. */
for (const unit of ['not ', ':', ',', '*', '~', 'a;', 'a,', 'a\n', '@a\n', '"" ', '{a: ', 'x=1\n', '#\r(']) {
  test(`the longest text of ${JSON.stringify(unit)}`, () => {
    const text = repeated(unit, LONGEST)
    for (const ask of Object.values(ASKED)) expect(costOf(() => ask(text)).ms).toBeLessThan(BOUND_MS)
  })
}

test('a longer text is refused at once', () => {
  for (const ask of [ASKED.compile!, ASKED.check!]) {
    const { ms, error } = costOf(() => ask(repeated('not ', 1 << 20)))
    expect(ms).toBeLessThan(200)
    if (ask === ASKED.compile) expect(error?.shape).toMatchObject({ code: 'too_large', line: 1 })
  }
})

test('so is one of too many words', () => {
  const { error } = costOf(() => compile(repeated('1,', LONGEST), OPTIONS))
  expect(error?.shape).toMatchObject({ code: 'too_large', hint: 'Keep it under 40000 words and marks.' })
})

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
const closed = (unit: string) =>
  [...unit]
    .map((c) => closing[c] ?? '')
    .reverse()
    .join('')

for (const depth of [300, 3_000, 30_000]) {
  test(`what nests ${depth} times is one clear error`, () => {
    const nested = NESTING.filter((unit) => !unit.startsWith('f"') && !unit.startsWith("f'"))
    const texts = [
      ...nested.map((unit) => `x = ${unit.repeat(depth)}1${closed(unit).repeat(depth)}`),
      ...CHAINS.map((unit) => `x = a${unit.repeat(depth)}`),
    ]
    for (const text of texts.filter(({ length }) => length <= LONGEST)) {
      const { error } = costOf(() => compile(text, OPTIONS))
      const { code, message, line } = error?.shape ?? {}
      expect([code, message, line], text.slice(0, 40)).toEqual([
        'compile_error',
        'The script nests too deeply here',
        1,
      ])
    }
  })
}

test('what nests less is read', () => {
  const text = `x = ${'('.repeat(150)}1${')'.repeat(150)}\ny = 1${' + 1'.repeat(150)}\nz = ${'-'.repeat(150)}1.`
  expect(costOf(() => compile(text, OPTIONS)).error).toBeUndefined()
})

test('memory grows by a fraction of a container’s limit', () => {
  const code = `
    import { check } from '${import.meta.dir}/../../src/pxl/editor/editor'
    const options = { tables: [], nowNs: 0n }
    check('import px', options)
    const before = process.resourceUsage().maxRSS
    for (const unit of ['not ', '*', ',', '(', 'a;', '"" ']) check('x=' + unit.repeat(${LONGEST - 3} / unit.length) + '1', options)
    console.log(process.resourceUsage().maxRSS - before)`
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', code])
  expect(stderr.toString()).toBe('')
  expect(Number(stdout.toString())).toBeLessThan(200 << 10)
})
