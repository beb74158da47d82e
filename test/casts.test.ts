/**
 * A cast (`x as T`) is a claim that nobody checks. Where JSON, SQL, the kernel's libraries or the browser come in, it gives a shape to
 * what has none; everywhere else each cast is in the list below. The list only gets shorter: a file with fewer casts than it says
 * fails too, so that the list is shortened with it.
 */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Glob } from 'bun'

const root = resolve(import.meta.dir, '..')

/** Where values come from outside: what stands on the line of a cast there. */
const EDGES: Readonly<Record<string, RegExp>> = {
  'JSON and YAML': /(JSON|YAML)\.parse\(|\.json\(\)/,
  'rows of SQLite': /\bdb\.query\(.* as |\b(row|rows|known) as \{/,
  'what was thrown': /\bcause as \b/,
  'pointers of C': / as Pointer\b/,
  'numbers in events of the kernel': /#(bytes|u16)[[(].* as /,
  'what the browser tells of an event': /\bevent(\.target)? as \w|\bentry as FileSystem/,
}

/** Reason → file → casts. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'A library’s types are narrower than what it takes or gives': {
    'src/api/errors.ts': 1,
    'src/api/guard.ts': 1,
    'src/api/serve.ts': 1,
    'src/cli/cluster/forward.ts': 2,
    'src/cli/cluster/run-program.ts': 1,
    'src/cli/image/archive.ts': 1,
    'src/cli/image/read.ts': 4,
    'src/cli/stream.ts': 1,
    'src/direct.ts': 1,
    'src/kubernetes/cluster.ts': 3,
    'src/peers/ask.ts': 1,
    'src/query/grouping.ts': 2,
    'src/runner/formats/arrow.ts': 2,
    'src/runner/worker.ts': 1,
    'src/store/blob.ts': 1,
    'ui/client/charts/index.ts': 3,
    'ui/client/graph/layout.ts': 3,
    'ui/index.tsx': 3,
  },
  'Buffer’s methods work on any bytes, which their types don’t say': {
    'src/protocols/lib/bytes.ts': 3,
  },
  'The keys of a table of our own, which Object.keys and fromEntries take for any text': {
    'src/config.ts': 2,
    'src/keys.ts': 2,
  },
  'The command line has checked the word against its choices': {
    'src/cli/commands/demo.ts': 2,
    'src/cli/commands/index.ts': 1,
    'src/cli/commands/serve.ts': 1,
  },
  'What another program or node answers, or wrote in a file': {
    'src/cli/server.ts': 1,
    'src/cli/cluster/manifests.ts': 3,
    'src/cli/cluster/purge.ts': 2,
    'src/metadata/container-names.ts': 1,
    'src/store/database.ts': 1,
  },
  'Cut out of a text whose pattern says what it is': {
    'src/protocols/nats/recognise.ts': 1,
    'src/pxl/editor/cursor.ts': 1,
    'src/pxl/language/parse.ts': 2,
    'src/pxl/modules/virtual-tables.ts': 1,
    'src/query/functions/values/arithmetic.ts': 1,
  },
  'One type for a list whose members have each their own: which one it is was decided before, by a name or a signature':
    {
      'src/capture/row-builders.ts': 2,
      'src/protocols/http/conversation.ts': 1,
      'src/protocols/lib/unsure.ts': 1,
      'src/pxl/evaluate/methods.ts': 1,
      'src/pxl/frames/operators.ts': 1,
      'src/pxl/language/logic.ts': 1,
      'src/query/cells.ts': 1,
      'src/query/functions/aggregates/accumulators.ts': 1,
      'src/query/functions/values/comparison.ts': 2,
      'src/query/functions/values/json.ts': 1,
      'src/query/functions/base/lift.ts': 4,
      'src/query/functions/values/text.ts': 1,
      'src/query/fuse.ts': 1,
      'src/query/operand.ts': 2,
      'src/query/vectors.ts': 5,
      'src/records/builder.ts': 1,
      'src/records/text-index.ts': 1,
      'src/runner/client.ts': 1,
      'src/store/columns.ts': 2,
      'ui/format.ts': 1,
      'ui/traffic.ts': 1,
    },
}

/** Code without comments, texts and imports: there `as` is a word. */
function bare(code: string): string {
  return code
    .replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\\w])\/\/[^\n]*/g, '')
    .replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`[^`\n]*`/g, "''")
    .replace(/^(import|export)\s[^;]*?\sfrom ''$/gm, '')
}

const PLAIN = 'string|number|bigint|boolean|object|unknown|never|any|uPlot'
const CAST = new RegExp(
  String.raw`[\w)\]}!'>] as (?!const\b)(?:[A-Z{([']|readonly |keyof |(?:${PLAIN})\b)(?!\w+ [a-z])`,
  'g',
)

/** The lines with casts that are at no edge, once for each cast; `x as unknown as T` is one. */
function castsIn(path: string): string[] {
  const lines = bare(readFileSync(join(root, path), 'utf8'))
    .replaceAll('as unknown as', 'as')
    .split('\n')
  const isText = (line: string) => /^\s*</.test(line)
  const inside = lines.filter(
    (line) => !isText(line) && !Object.values(EDGES).some((edge) => edge.test(line)),
  )
  return inside.flatMap((line) => [...line.matchAll(CAST)].map(() => line.trim()))
}

const files = ['src/**/*.ts', 'ui/*.{ts,tsx}', 'ui/{client,pages,widgets}/**/*.{ts,tsx}'].flatMap(
  (pattern) => [...new Glob(pattern).scanSync(root)],
)

test('casts are at the edges, or each has its reason', () => {
  const allowed = Object.fromEntries(Object.values(ALLOWED).flatMap((counts) => Object.entries(counts)))
  const found = files.flatMap((path) => {
    const casts = castsIn(path)
    return casts.length === (allowed[path] ?? 0) ? [] : [{ path, allowed: allowed[path] ?? 0, casts }]
  })
  expect(found).toEqual([])
  expect(Object.keys(allowed).filter((path) => !files.includes(path))).toEqual([])
})

test('a cast is told from the word', () => {
  const count = (code: string) => [...bare(code).matchAll(CAST)].length
  expect(count('const a = b as Table')).toBe(1)
  expect(count('f(b as never, c! as string[])')).toBe(2)
  expect(count('const { a } = (b ?? {}) as { a?: string }')).toBe(1)
  expect(count("import { a as B } from './c'")).toBe(0)
  expect(count('const a = { b: 1 } as const')).toBe(0)
  expect(count('// what stands as Table\nsay(`it is as Table`, "x as Table")')).toBe(0)
})
