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
    'test/access/owner.test.ts': 1,
    'test/attack/field.ts': 1,
    'test/attack/stage.ts': 2,
    'test/cluster/node/down.sh': 1,
    'test/cluster/node/lib.sh': 2,
    'test/e2e/install.test.ts': 1,
    'test/e2e/nats.test.ts': 1,
    'test/e2e/windows.test.ts': 1,
    'test/kernel/connections.test.ts': 1,
    'test/kernel/http2-ring.test.ts': 2,
    'test/kernel/identified.ts': 1,
    'test/kernel/identity.test.ts': 1,
    'test/kernel/traced.ts': 2,
    'test/support/clients/nats.mjs': 2,
    'test/support/scope.ts': 1,
    'test/vm/degraded.sh': 1,
    'test/vm/lib.sh': 2,
    'test/vm/small.sh': 1,
  },
  'It is the pace of a load, or of pieces of one message': {
    'test/attack/attacks/connections.ts': 1,
    'test/attack/attacks/datagrams.ts': 2,
    'test/attack/attacks/texts.ts': 2,
    'test/attack/field.ts': 1,
    'test/e2e/budget.test.ts': 1,
    'test/e2e/connections.test.ts': 1,
    'test/e2e/durability.test.ts': 1,
    'test/e2e/joined.test.ts': 2,
    'test/e2e/large-calls.test.ts': 2,
    'test/e2e/node-local.test.ts': 1,
    'test/e2e/secrets.test.ts': 1,
    'test/e2e/visible.test.ts': 2,
    'test/e2e/windows.test.ts': 2,
    'test/support/clients/http2.mjs': 1,
    'test/support/clients/mysql.mjs': 1,
    'test/support/clients/tls-client.mjs': 1,
    'test/support/clients/tls-client.py': 2,
    'test/support/clients/tls-wheels.py': 3,
    'test/support/small-machine.ts': 1,
    'test/kernel/shed-truth.test.ts': 11,
    'test/store/bad-days.test.ts': 1,
  },
  'What was said last is told before the program ends': {
    'test/kernel/http2-ring.test.ts': 2,
    'test/kernel/shed-truth.test.ts': 13,
  },
  'It is how often the gate changes': { 'test/kernel/shed-truth.test.ts': 1 },
  'It is how long the trouble lasts': {
    'test/cluster/traffic.test.ts': 1,
    'test/e2e/bad-days.test.ts': 1,
    'test/vm/degraded.sh': 1,
  },
  'It plays what is slow, or stands still': {
    'test/access/owner.test.ts': 1,
    'test/api/connections.test.ts': 1,
    'test/capture/pipeline.test.ts': 3,
    'test/capture/played-worker.ts': 1,
    'test/cli/data-dir.test.ts': 1,
    'test/kernel/hanging-capture.ts': 1,
    'test/kernel/order-flags.test.ts': 1,
    'test/query/deadline.test.ts': 2,
    'test/runner/crediting-worker.ts': 2,
    'test/runner/endless-worker.ts': 1,
    'test/runner/trickling-worker.ts': 1,
    'test/streams/shares.test.ts': 1,
    'test/support/servers/api-server.mjs': 1,
    'test/support/servers/http2-server.mjs': 1,
    'test/support/servers/node-server.mjs': 1,
    'test/support/servers/python-server.py': 1,
    'test/ui/browser.test.ts': 1,
  },
  'It is a program that runs until it is ended': {
    'test/cli/clean-up.test.ts': 1,
    'test/deploy/dev.test.ts': 1,
    'test/deploy/install.test.ts': 1,
    'test/e2e/bad-days.test.ts': 1,
    'test/metadata/identities.test.ts': 2,
  },
  'It is the text of a command, which is not run': {
    'test/metadata/command/program-name.test.ts': 1,
    'test/metadata/identities.test.ts': 2,
  },
  'It ends what takes too long, or is to be ended in its middle': {
    'test/support/children.ts': 2,
    'test/runner/client.test.ts': 2,
    'test/support/servers.ts': 1,
    'test/ui/access.browser.test.ts': 1,
  },
  'It is how long a client rests, which shows that it waits': {
    'test/e2e/connections.test.ts': 1,
  },
  'What is bounded by the second is free again': {
    'test/kernel/peek.test.ts': 1,
  },
  'Nothing more may happen, and nothing tells that it could have': {
    'test/api/connections.test.ts': 1,
    'test/ui/browser.test.ts': 1,
  },
  'The editor takes no key for its proposals right after it has shown them': {
    'test/ui/editor.browser.test.ts': 1,
  },
  'The window of a query has to pass': {
    'test/e2e/visible.test.ts': 1,
  },
}

/** Ways to wait for a time, in TypeScript, Python, Perl and shell, also under another name. A turn of the event loop is none. */
const SLEEPS: readonly RegExp[] = [
  /\bBun\.sleep(Sync)?\b(?!\(0\))/g,
  /\bwaitForTimeout\b/g,
  /(?<![\w.])setTimeout\b(?!')/g,
  /\bAtomics\.wait(Async)?\b/g,
  /timers\/promises/g,
  /\bsleep(Sync)?\b[^\n;]*\}\s*(=\s*Bun|from 'bun')/g,
  /time\.sleep\b/g,
  /\bfrom time import\b/g,
  // Of a shell or of Perl: the word, then how long.
  /(?<![\w.-])sleep [\d.$]/g,
]
/** What is said about sleeps is none. */
const COMMENT = /^\s*(\/\/|\/?\*|#).*$/gm

const countIn = (text: string): number =>
  SLEEPS.reduce((sum, sleep) => sum + (text.replace(COMMENT, '').match(sleep)?.length ?? 0), 0)

const OWN = 'test/sleeps.test.ts'
/** They are no tests: they run loads at a pace, and measure. */
const BENCHES = 'test/bench/'

test('tests sleep only where a reason is given', () => {
  const counts: Record<string, number> = {}
  for (const path of new Glob('test/**/*.{ts,tsx,mjs,js,py,sh}').scanSync({ cwd: root })) {
    if (path.includes('node_modules') || path === OWN || path.startsWith(BENCHES)) continue
    const count = countIn(readFileSync(join(root, path), 'utf8'))
    if (count > 0) counts[path] = count
  }
  const allowed: Record<string, number> = {}
  for (const files of Object.values(ALLOWED))
    for (const [path, count] of Object.entries(files)) allowed[path] = (allowed[path] ?? 0) + count
  expect(counts).toEqual(allowed)
})
