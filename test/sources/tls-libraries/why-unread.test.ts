/** Why a program's TLS isn't read: from the files that it runs. */
import { afterAll, expect, test } from 'bun:test'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROLE_SERVER } from '../../../src/records/types'
import { UnreadPrograms } from '../../../src/sources/tls-libraries/unread-programs'
import { filesOf, whyUnread } from '../../../src/sources/tls-libraries/why-unread'
import { UnreadTls } from '../../../src/streams/unread-tls'
import { Scope, until } from '../../support/scope'

const scope = new Scope('why-unread')
afterAll(() => scope.close())

function resultOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

const whyOf = (pid: number, files = filesOf(pid)) => resultOf(whyUnread(pid, files))

/** A program that waits, with these words among its constants. */
async function runs(words: string): Promise<number> {
  const path = join(scope.dir, `waits-${words.length}`)
  const source = `#include <unistd.h>
const char words[] = "${words}";
int main(void) { pause(); return words[0]; }`
  execFileSync('cc', ['-s', '-xc', '-', '-o', path], { input: source })
  const child = spawn(path, [], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(() => {
    child.kill('SIGKILL')
    return ended
  })
  await until('it runs', () => filesOf(child.pid!)[0]?.path === path)
  return child.pid!
}

test('the runtime of these tests has BoringSSL within it', () => {
  expect(whyOf(process.pid)).toMatchObject({ library: 'BoringSSL' })
})

test.each([
  ['/usr/lib/jvm/lib/server/libjvm.so', 'JSSE'],
  ['/usr/lib/libmbedtls.so.14', 'Mbed TLS'],
])('a process that runs %s uses %s', (path, library) => {
  expect(whyOf(1, [{ pid: 1, key: '1:1:1', path }])).toMatchObject({ library })
})

test('the program itself comes first, and a program without TLS has no library', async () => {
  const pid = await runs('nothing')
  const [first] = filesOf(pid)
  expect(first!.path).toContain('waits-7')
  expect(whyOf(pid)).toMatchObject({ library: '', reason: expect.stringContaining('no file with functions') })
})

test('a program that is gone has no reason that names a library', () => {
  expect(whyOf(2 ** 22 + 1)).toMatchObject({ library: '' })
})

test.each(['rustls-0.23.46/src/lib.rs', 'OpenSSL 3.6.0 1 Oct 2025'])(
  'a stripped program that holds %s',
  async (words) => {
    const [, library = ''] = /^(rustls|OpenSSL)/.exec(words)!
    expect(whyOf(await runs(words))).toMatchObject({
      library,
      reason: `${library} is within the program, and its symbols were removed`,
      hint: expect.stringContaining('A build with symbols'),
    })
  },
)

test('a rustls of another version than the one that is read', async () => {
  expect(whyOf(await runs('rustls-0.21.12/src/lib.rs'))).toMatchObject({
    library: 'rustls',
    reason: expect.stringContaining('in a version that can’t be read'),
    hint: expect.not.stringContaining('symbols'),
  })
})

/** One process is unread; what is known of it differs. */
function statusesOf(reading: {
  pid?: number
  refused?: string
  refusal?: string
  left?: boolean
  calls?: number
  of?: RegExp
}) {
  const unread = new UnreadTls()
  const programs = new UnreadPrograms(unread, {
    refused: reading.refused,
    isLeftOut: () => reading.left ?? false,
    callsOf: ({ path }) => ((reading.of ?? /./).test(path) ? reading.calls : undefined),
    refusalOf: () => reading.refusal,
  })
  const upid = `1:${reading.pid ?? process.pid}:5`
  const ends = { upid, role: ROLE_SERVER, localPort: 8443, remotePort: 5 } as const
  unread.look({ ...ends, isUnread: true, isReadWithin: false, countedUnread: false }, 1e9)
  for (let i = 0; i < 5000 && programs.statuses.length === 0; i++) {
    programs.tick(2e9)
    programs.work()
  }
  const { statuses } = programs
  unread.look({ ...ends, isUnread: false, isReadWithin: true, countedUnread: false }, 3e9)
  expect(programs.tick(4e9)).toBe(true)
  expect(programs.statuses).toEqual([])
  return statuses
}

test('a status says the program, the library, where it is met, and why; once it is read there is none', () => {
  const [status, ...rest] = statusesOf({})
  expect(rest).toEqual([])
  expect(status).toMatchObject({ source: 'tls_tracer', attached: false, required: false })
  expect(status!.name).toStartWith('TLS of ')
  expect(status!.purpose).toContain(`(BoringSSL), such as process ${process.pid}, a server on port 8443`)
  expect(status!.error).toContain('symbols were removed')
})

test('a kernel that takes no program, and a setting, are reasons too', () => {
  expect(statusesOf({ refused: 'Nothing can be read' })).toMatchObject([{ error: 'Nothing can be read' }])
  expect(statusesOf({ left: true })).toMatchObject([{ error: 'It is left out by --tls' }])
  expect(statusesOf({ refusal: 'Go 1.19 is too old' })).toMatchObject([{ error: 'Go 1.19 is too old' }])
})

test('a probe that never fires while its process speaks TLS is told, and one whose calls belong elsewhere', async () => {
  const pid = await runs('no library')
  const [silent] = statusesOf({ pid, calls: 0 })
  expect(silent!.error).toMatch(/waits-10 is probed, but no call of its functions was seen$/)
  expect(silent!.hint).toStartWith('Restart the program')
  expect(statusesOf({ pid, calls: 7 })[0]!.error).toContain('none that belongs to these connections')
})

test('of a library within the program the program’s own probe is asked, not that of a file beside it', async () => {
  const pid = await runs('rustls-0.23.46/src/lib.rs is within')
  expect(statusesOf({ pid, calls: 7 })[0]!.error).toContain('none that belongs to these connections')
  expect(statusesOf({ pid, calls: 7, of: /\.so/ })[0]!.error).toContain('its symbols were removed')
})
