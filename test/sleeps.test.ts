/**
 * A test waits for a condition (`until` in test/support/scope.ts), not for a time: a fixed time is too long on a quiet machine and too
 * short on a busy one. Where the time itself is the subject, the file is listed with its reason and its number of sleeps.
 */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Glob } from 'bun'

const root = resolve(import.meta.dir, '..')

/** Reason → file → sleeps. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'It is the pause between two looks at what is waited for': {
    'test/capture/client.test.ts': 1,
    'test/e2e/load.test.ts': 1,
    'test/e2e/nats.test.ts': 1,
    'test/kernel/connections.test.ts': 1,
    'test/kernel/identity.test.ts': 1,
  },
  'It is the pace of a load, or of pieces of one message': {
    'test/e2e/budget.test.ts': 1,
    'test/e2e/connections.test.ts': 1,
    'test/e2e/durability.test.ts': 1,
    'test/e2e/joined.test.ts': 1,
    'test/e2e/secrets.test.ts': 1,
    'test/e2e/visible.test.ts': 2,
    'test/e2e/windows.test.ts': 1,
    'test/store/bad-days.test.ts': 1,
  },
  'It is how often the gate changes': { 'test/kernel/shed-truth.test.ts': 1 },
  'It is how long the trouble lasts': {
    'test/cluster/traffic.test.ts': 1,
    'test/e2e/bad-days.test.ts': 1,
  },
  'It is how long a client rests, which shows that it waits': { 'test/e2e/connections.test.ts': 1 },
  'Nothing more may happen, and nothing tells that it could have': { 'test/api/connections.test.ts': 1 },
  'The window of a query has to pass': { 'test/e2e/visible.test.ts': 1 },
}

/** A statement of its own, of more than a turn of the event loop. */
const SLEEP = /^\s*await Bun\.sleep\((?!0\))/gm

test('tests sleep only where a reason is given', () => {
  const counts: Record<string, number> = {}
  for (const path of new Glob('test/**/*.test.ts').scanSync({ cwd: root })) {
    if (path.includes('node_modules')) continue
    const count = readFileSync(join(root, path), 'utf8').match(SLEEP)?.length ?? 0
    if (count > 0) counts[path] = count
  }
  const allowed: Record<string, number> = {}
  for (const files of Object.values(ALLOWED))
    for (const [path, count] of Object.entries(files)) allowed[path] = (allowed[path] ?? 0) + count
  expect(counts).toEqual(allowed)
})
