/** What is stored stays: over a restart, a SIGTERM at once, a kill -9 at any moment, a damaged file, a full disk. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { curl, wrk } from '../support/clients'
import { isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Server, startNginx, startNode } from '../support/servers'

const ROUNDS = 8
/** A second until a chunk is sealed, and the time that draining, parsing and sealing take. */
const AT_RISK_MS = 1000 + 400

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

describe.skipIf(!isRoot)('durability (needs root)', () => {
  const scope = new Scope('durability')
  let server: Server

  beforeAll(async () => {
    server = await startNode(scope)
  })
  afterAll(() => scope.close())

  test('a restart keeps the rows', async () => {
    const first = await Nixie.start(scope)
    for (let i = 0; i < 5; i++) await curl(server.port, `/json?kept-${i}`)
    const rows = await first.waitForRows('kept-', 5)
    expect(await first.stop()).toBe(0)
    const second = await Nixie.start(scope, { dataDir: first.dataDir })
    expect(await second.httpRows('kept-')).toEqual(rows)
    const scripted = await second.ask('/api/run/px/http_data?start_time=-5m&destination_filter=node')
    expect(scripted.tables[0]!.rows.filter((row) => String(row.req_path).includes('kept-'))).toHaveLength(5)
    expect(await second.stop()).toBe(0)
  })

  test('SIGTERM stores what is under way', async () => {
    const first = await Nixie.start(scope)
    for (let i = 0; i < 5; i++) await curl(server.port, `/hello?under-way-${i}`)
    expect(await first.stop()).toBe(0)
    const second = await Nixie.start(scope, {
      dataDir: first.dataDir,
      flags: ['--capture', 'false'],
      until: 'up',
    })
    expect(await second.httpRows('under-way-')).toHaveLength(5)
    await second.stop()
  })

  test('SIGTERM: a request that is answered later waits, and a response that streams is running', async () => {
    const first = await Nixie.start(scope)
    const answers: (() => void)[] = []
    const slow = createServer(({ url }, response) => {
      if (url === '/later-streams') response.write('first')
      answers.push(() => response.end('last'))
    })
    await new Promise<void>((done) => slow.listen(0, '127.0.0.1', done))
    scope.defer(() => {
      slow.closeAllConnections()
      slow.close()
    })
    const { port } = slow.address() as AddressInfo
    const texts = ['/later-waits', '/later-streams'].map(async (path) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).text(),
    )
    await until('both were asked', () => answers.length === 2)
    expect(await first.stop()).toBe(0)
    for (const answer of answers) answer()
    expect(await Promise.all(texts)).toEqual(['last', 'firstlast'])
    const second = await Nixie.start(scope, {
      dataDir: first.dataDir,
      flags: ['--capture', 'false'],
      until: 'up',
    })
    const pxl = [
      'import px',
      "df = px.DataFrame('http_events', start_time='-5m')",
      "df = df[px.contains(df.req_path, '/later-')]",
      "px.display(df[['req_path', 'resp_status', 'resp_body', 'outcome']])",
    ]
    const rows = await second.query(pxl.join('\n'))
    const said = rows.map((row) => [row.req_path, row.resp_status, row.resp_body, row.outcome])
    expect(said.sort()).toEqual([
      ['/later-streams', 200, 'first', 'running'],
      ['/later-waits', 0, '', 'waiting'],
    ])
    await second.stop()
  })

  test('kill -9 costs at most the last second', async () => {
    const next = random(20_260)
    const dataDir = join(scope.dir, 'killed')
    await Bun.write(join(dataDir, 'readme'), '')
    let nixie = await Nixie.start(scope, { dataDir })
    for (let round = 0; round < ROUNDS; round++) {
      const marker = `round-${round}-`
      const lasts = 1200 + next() * 1400
      const begun = performance.now()
      const ended: { path: string; at: number }[] = []
      let atRiskMs = AT_RISK_MS
      const isTwiceThat = () => performance.now() - (ended[0]?.at ?? Number.POSITIVE_INFINITY) > 2 * atRiskMs
      // On a busy machine it goes on until some exchanges are old enough to be kept.
      const isOldEnough = async () => {
        if (!isTwiceThat()) return false
        atRiskMs = AT_RISK_MS + (await heldUpMs(nixie))
        return isTwiceThat()
      }
      for (let i = 0; performance.now() - begun < lasts || !(await isOldEnough()); i++) {
        const path = `/hello?${marker}${i}.`
        await (await fetch(`http://127.0.0.1:${server.port}${path}`)).text()
        ended.push({ path, at: performance.now() })
        await Bun.sleep(5)
      }
      const killed = performance.now()
      await nixie.stop('SIGKILL')
      expect(integrity(dataDir)).toBe('ok')
      nixie = await Nixie.start(scope, { dataDir })
      const kept = new Set((await nixie.httpRows(marker)).map((row) => row.req_path))
      const gone = ended.filter(({ path, at }) => at < killed - atRiskMs && !kept.has(path))
      expect({ round, gone: gone.map(({ path, at }) => [path, killed - at]) }).toEqual({ round, gone: [] })
      expect(ended.some(({ path }) => kept.has(path))).toBe(true)
    }
    expect(readdirSync(dataDir).filter((name) => name.includes('damaged'))).toEqual([])
    await nixie.stop()
  })

  test('a damaged store is set aside, never deleted', async () => {
    const dataDir = join(scope.dir, 'damaged')
    const garbage = 'this is no database '.repeat(1000)
    await Bun.write(join(dataDir, 'nixie.db'), garbage)
    const nixie = await Nixie.start(scope, { dataDir })
    const aside = readdirSync(dataDir).filter((name) => name.startsWith('nixie.db.damaged-'))
    expect(aside).toHaveLength(1)
    expect(readFileSync(join(dataDir, aside[0]!), 'utf8')).toBe(garbage)
    expect(nixie.output).toContain(aside[0]!)
    await curl(server.port, '/hello?after-damage')
    await nixie.waitForRows('after-damage', 1)
    await nixie.stop()
  })

  test('a store damaged in its middle is told or set aside, and capture goes on', async () => {
    const first = await Nixie.start(scope)
    await curl(server.port, '/hello?before-damage')
    await first.waitForRows('before-damage', 1)
    await first.stop()
    const path = join(first.dataDir, 'nixie.db')
    emptyLog(path)
    const bytes = readFileSync(path)
    bytes.fill(0x5a, Math.min(4096, bytes.length >> 1), bytes.length)
    writeFileSync(path, bytes)
    const second = await Nixie.start(scope, { dataDir: first.dataDir })
    expect(second.output).toContain('damaged')
    await curl(server.port, '/hello?after-repair')
    await second.waitForRows('after-repair', 1)
    await second.stop()
  })

  test('a full disk: it says so, counts what it sheds, and answers', async () => {
    const nginx = await startNginx(scope)
    const dataDir = join(scope.dir, 'full')
    await Bun.write(join(dataDir, 'readme'), '')
    // The small disk is in a mount namespace of its own and goes with its last process.
    const script = 'mount -t tmpfs -o size=768k tmpfs "$0" && exec "$@"'
    const nixie = await Nixie.start(scope, {
      dataDir,
      under: ['unshare', '-m', 'sh', '-c', script, dataDir],
      // Left to itself it would never let a disk get full.
      flags: ['--disk-budget', '1G'],
    })
    const told = await until('the disk is full', async () => {
      await wrk(nginx.port, `/hello?full-${Math.random()}`, 1, 4)
      const status = await nixie.status()
      return status.losses.shed > 0 && status
    })
    expect(`${told.capture.error} ${nixie.output}`).toMatch(/full/i)
    expect((await nixie.ask('/api/run/px/http_data?start_time=-5m')).status).toBe(200)
    await nixie.stop()
  })
})

/** How long other programs and the disk have kept the capture thread from its work, at one time of the last minute. */
async function heldUpMs(nixie: Nixie): Promise<number> {
  const { longestAbsenceQueuedMs, longestAbsenceBlockedMs } = (await nixie.status()).capture
  return longestAbsenceQueuedMs + longestAbsenceBlockedMs
}

/** Moves what the write-ahead log holds into the file: a page that the log has again needs no undamaged one. */
function emptyLog(path: string): void {
  const db = new Database(path)
  db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

/** SQLite's own check of the file as the killed process left it. */
function integrity(dataDir: string): string {
  const db = new Database(join(dataDir, 'nixie.db'))
  try {
    return Object.values(db.query('PRAGMA integrity_check').get() as object).join()
  } finally {
    db.close()
  }
}
