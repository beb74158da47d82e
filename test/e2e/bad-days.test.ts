/** Bad requests, bad surroundings: the one error shape, a clear message, and what is left goes on. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { curl } from '../support/clients'
import { type Answer, AS_NOBODY, binary, isRoot, Nixie, runNixie } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { type Server, startNode } from '../support/servers'

const NOBODY = 65_534

/** The error of an answer, after a look at its shape. */
function errorOf(answer: Answer): { status: number; code: string; text: string } {
  const { status, error } = answer
  if (!error) throw new Error(`no error in ${status}: ${answer.text.slice(0, 500)}`)
  expect(
    Object.keys(error).filter((key) => !['code', 'message', 'hint', 'line', 'column'].includes(key)),
  ).toEqual([])
  expect(error.message).not.toBe('')
  expect(error.hint).not.toBe('')
  return { status, code: error.code, text: `${error.message} ${error.hint}` }
}

/** fetch does not let one choose the Host. */
function askAs(host: string, port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((done, failed) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { Host: host } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      response.on('end', () => done({ status: response.statusCode!, text }))
    })
    sent.on('error', failed)
    sent.end()
  })
}

describe.skipIf(!isRoot)('bad days (needs root)', () => {
  const scope = new Scope('bad-days')
  let nixie: Nixie
  let server: Server

  beforeAll(async () => {
    server = await startNode(scope)
    nixie = await Nixie.start(scope)
    await curl(server.port, '/hello?any')
    await nixie.waitForRows('/hello?any', 1)
  })
  afterAll(async () => {
    // Whatever was asked, it never fell.
    const { counters, ready } = await nixie.status()
    expect([ready, counters.requests > 0]).toEqual([true, true])
    await scope.close()
  })

  const refused: readonly [what: string, path: string, status: number, code: string, says: RegExp][] = [
    ['an unknown script', '/api/run/px/http_dta', 404, 'unknown_script', /http_data/],
    [
      'an unknown argument',
      '/api/run/px/http_data?destnation_filter=x',
      400,
      'unknown_argument',
      /destination_filter/,
    ],
    ['an argument of another type', '/api/run/px/http_data?max_num_records=many', 400, 'bad_request', /many/],
    [
      'a time range that is none',
      '/api/run/px/http_data?start_time=yesterdayish',
      400,
      'bad_time_range',
      /yesterdayish/,
    ],
    ['an unknown table', '/api/tables/http_evnts', 404, 'unknown_table', /http_events/],
    [
      'a table range that is none',
      '/api/tables/http_events?start_time=soonish',
      400,
      'bad_time_range',
      /soonish/,
    ],
    ['a limit that is none', '/api/tables/http_events?limit=-1', 400, 'bad_request', /limit/],
    ['a path that is none', '/api/nothing', 404, 'not_found', /nothing/],
  ]
  for (const [what, path, status, code, says] of refused) {
    test(`${what} is refused`, async () => {
      const said = errorOf(await nixie.ask(path))
      expect([said.status, said.code]).toEqual([status, code])
      expect(said.text).toMatch(says)
    })
  }

  const scripts: readonly [what: string, text: string, code: string, line: number][] = [
    ['a syntax error', "import px\ndf = px.DataFrame('http_events'\npx.display(df)\n", 'syntax_error', 2],
    ['an unknown table in PxL', "import px\npx.display(px.DataFrame('http_evnts'))\n", 'unknown_table', 2],
    [
      'an unknown column',
      "import px\ndf = px.DataFrame('http_events')\ndf.x = df.req_pth\npx.display(df)\n",
      'unknown_column',
      3,
    ],
    [
      'an unknown function',
      "import px\ndf = px.DataFrame('http_events')\ndf.x = px.nonsense(df.req_path)\npx.display(df)\n",
      'compile_error',
      3,
    ],
  ]
  for (const [what, text, code, line] of scripts) {
    test(`${what} is told with its line`, async () => {
      const answer = await nixie.ask('/api/query', { method: 'POST', body: text })
      errorOf(answer)
      expect([answer.error!.code, Math.abs(answer.error!.line! - line) <= 1]).toEqual([code as never, true])
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    })
  }

  test('a body over 1 MiB is too large', async () => {
    const body = `# ${'x'.repeat(1 << 20)}`
    expect(errorOf(await nixie.ask('/api/query', { method: 'POST', body }))).toMatchObject({
      status: 413,
      code: 'too_large',
    })
  })

  test('a wrong method names the right ones', async () => {
    expect(errorOf(await nixie.ask('/api/query'))).toMatchObject({ status: 405, code: 'method_not_allowed' })
  })

  test('a foreign Host is forbidden; loopback names are not', async () => {
    for (const path of ['/', '/api/status', '/api/run/px/http_data']) {
      expect((await askAs('attacker.example', nixie.port, path)).status).toBe(403)
    }
    const { text } = await askAs(`attacker.example:${nixie.port}`, nixie.port, '/api/status')
    expect(JSON.parse(text).error.code).toBe('forbidden_host')
    expect((await askAs(`localhost:${nixie.port}`, nixie.port, '/api/status')).status).toBe(200)
  })

  test('a browser gets errors as HTML', async () => {
    const answer = await nixie.ask('/nowhere', { headers: { Accept: 'text/html' } })
    expect(answer.status).toBe(404)
    expect(answer.text).toMatch(/<html|<div|<section|<p/)
  })

  test('bytes that are no HTTP do not disturb it', async () => {
    const { RawClient } = await import('../support/clients')
    const client = await RawClient.open(scope, nixie.port)
    client.write('\x00\xff\x16\x03garbage\r\n\r\n')
    await client.close()
    expect((await nixie.ask('/healthz')).status).toBe(200)
  })

  test('an account that may not look opens thousands of connections: others are answered, and capture goes on', async () => {
    const code =
      'use IO::Socket; for (1..3000) { push @k, IO::Socket::INET->new("127.0.0.1:$ARGV[0]") } print "held\\n"; $|=1; sleep 600'
    const [program, ...flags] = [...AS_NOBODY, 'perl', '-e', `$| = 1; ${code}`, String(nixie.port)]
    const holder = Bun.spawn([program!, ...flags], { stdout: 'pipe' })
    try {
      const answers: number[] = []
      let isHeld = false
      const held = new Response(holder.stdout)
        .body!.getReader()
        .read()
        .then(() => (isHeld = true))
      while (!isHeld) answers.push((await nixie.ask('/api/nodes')).status)
      await held
      expect(new Set(answers)).toEqual(new Set([200]))
      await curl(server.port, '/crowded?any')
      await nixie.waitForRows('/crowded?any', 1)
      const closed = async () => (await nixie.status()).counters.closedConnections > 2000 || undefined
      await until('those beyond the bound are closed', closed)
      const { ready, counters } = await nixie.status()
      expect([ready, counters.captureRestarts]).toEqual([true, 0])
    } finally {
      holder.kill()
      await holder.exited
    }
  })

  test('no descriptor is left for a while: it goes on, and captures again', async () => {
    const own = await Nixie.start(scope)
    const limit = async (descriptors: string) =>
      Bun.spawn(['prlimit', `--pid=${own.pid}`, `--nofile=${descriptors}`]).exited
    // On a connection that is there already; no query thread is, yet.
    await own.ask('/healthz')
    await limit('10:')
    const refused = await own.ask('/api/tables')
    expect([refused.status, refused.error?.code]).toEqual([503, 'unavailable'])
    await Bun.sleep(3000)
    await limit('20000:')
    await curl(server.port, '/after?any')
    await own.waitForRows('/after?any', 1)
    await until('it is ready again', async () => (await own.status()).ready)
    await own.stop()
  })

  test('a taken port: says so and ends', async () => {
    const dataDir = join(scope.dir, 'taken')
    const ended = await runNixie(['serve', '--listen', `127.0.0.1:${nixie.port}`, '--data-dir', dataDir])
    expect(ended.code).toBeGreaterThan(0)
    expect(ended.stderr).toMatch(/taken/)
    expect(ended.stderr).toMatch(/--listen/)
  })

  test('the data directory of a running Nixie: says so and ends', async () => {
    const listen = `127.0.0.1:${await freePort()}`
    const ended = await runNixie(['serve', '--listen', listen, '--data-dir', nixie.dataDir])
    expect(ended.code).toBeGreaterThan(0)
    expect(ended.stderr).toMatch(/Another Nixie/)
  })

  test('a data directory that cannot be: says so and ends', async () => {
    const listen = `127.0.0.1:${await freePort()}`
    const ended = await runNixie(['serve', '--listen', listen, '--data-dir', '/dev/null/nixie'])
    expect(ended.code).toBeGreaterThan(0)
    expect(ended.stderr).toContain('/dev/null/nixie')
    expect(ended.stderr).toMatch(/--data-dir/)
  })

  test('flags that make no sense: says so and ends', async () => {
    for (const flags of [
      ['--listen', 'nowhere'],
      ['--retention', 'long'],
      ['--lissten', '127.0.0.1:1'],
    ]) {
      const ended = await runNixie(['serve', ...flags])
      expect(ended.code).toBeGreaterThan(0)
      expect(ended.stderr).toContain(flags[0]!)
    }
  })

  test('an address beyond loopback needs a token', async () => {
    const listen = `0.0.0.0:${await freePort()}`
    const ended = await runNixie(['serve', '--listen', listen, '--data-dir', join(scope.dir, 'open')])
    expect(ended.code).toBeGreaterThan(0)
    expect(ended.stderr).toMatch(/token/)
  })

  describe('without root', () => {
    let program: string
    let plain: Nixie

    beforeAll(async () => {
      // The checkout may be where nobody may not look.
      program = join(scope.dir, 'nixie')
      copyFileSync(binary, program)
      chmodSync(program, 0o755)
      const rooted = await Nixie.start(scope)
      await curl(server.port, '/json?stored')
      await rooted.waitForRows('/json?stored', 1)
      await rooted.stop()
      chownSync(rooted.dataDir, NOBODY, NOBODY)
      for (const name of readdirSync(rooted.dataDir)) chownSync(join(rooted.dataDir, name), NOBODY, NOBODY)
      plain = await Nixie.start(scope, { dataDir: rooted.dataDir, under: AS_NOBODY, program, until: 'up' })
    })

    test('the status says what is missing and what to do', async () => {
      const status = await plain.status()
      expect(status.ready).toBe(false)
      // What needs no privilege may well be there.
      const missing = status.probes.filter((probe) => !probe.attached)
      expect(missing.map((probe) => probe.name)).toContain('sys_exit')
      for (const probe of missing) {
        expect(probe.error).not.toBe('')
        expect(probe.hint).toMatch(/root|CAP_/)
      }
    })

    test('stored data can be asked and the pages work', async () => {
      expect(await plain.httpRows('/json?stored')).toHaveLength(1)
      const run = await plain.ask('/api/run/px/http_data?start_time=-10m')
      expect(run.tables[0]!.rows.some((row) => row.req_path === '/json?stored')).toBe(true)
      for (const path of ['/', '/scripts/px/http_data?start_time=-10m']) {
        const page = await plain.ask(path, { headers: { Accept: 'text/html' } })
        expect([path, page.status]).toEqual([path, 200])
        expect(page.text).toContain('<html')
      }
    })

    test('nothing to record and nothing to show: one sentence, what to do, and the end', async () => {
      for (const args of [[], ['serve']]) {
        const dataDir = join(scope.dir, 'nothing-stored')
        const env = { NIXIE_LISTEN: `127.0.0.1:${await freePort()}`, NIXIE_DATA_DIR: dataDir }
        const { code, stderr, stdout } = await runNixie(args, { under: AS_NOBODY, program, env })
        expect(code).toBe(1)
        expect(stdout).toBe('')
        expect(stderr.trim().split('\n')).toEqual([
          'error: This user may not trace the machine: it takes root, or CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH',
          expect.stringMatching(/^hint: Run it with sudo\./),
        ])
      }
    })

    test('nixie check says so and ends with 1', async () => {
      const ended = await runNixie(['check'], { under: AS_NOBODY, program })
      expect(ended.code).toBe(1)
      expect(ended.stdout + ended.stderr).toMatch(/root|CAP_BPF/)
    })

    test('a data directory that it may not write to: says so and ends', async () => {
      const dataDir = join(scope.dir, 'roots-own')
      mkdirSync(dataDir, { mode: 0o700 })
      const listen = `127.0.0.1:${await freePort()}`
      const args = ['serve', '--listen', listen, '--data-dir', dataDir]
      const ended = await runNixie(args, { under: AS_NOBODY, program })
      expect(ended.code).toBeGreaterThan(0)
      expect(ended.stderr).toContain(dataDir)
      expect(ended.stderr).toMatch(/--data-dir/)
    })
  })
})
