/** wrk and nginx on all processors, and a CPU budget: every request has its row or is counted, and the ring loses none. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { keepBusy } from '../attack/busy'
import { wrk } from '../support/clients'
import { isRoot, Nixie, runNixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Server, startNginx } from '../support/servers'

const SECONDS = 3
const CONNECTIONS = 16
const BURSTS = 2
const CALM = 1500
const BURST = 4000
const CLIENTS = 8

/** Exchanges of nginx that were only counted. */
async function shedOf(nixie: Nixie, nginx: Server): Promise<number> {
  const children = readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, 'utf8').trim().split(' ')
  const rows = await nixie.query(`import px
df = px.DataFrame(table='shed_exchanges', start_time='-1h')
df = df[df.trace_role == 2]
df.pid = px.upid_to_pid(df.upid)
df = df.groupby(['pid', 'protocol']).agg(exchanges=('exchanges', px.sum))
px.display(df)
`)
  return rows
    .filter(({ pid }) => children.includes(String(pid)))
    .reduce((sum, { exchanges }) => sum + Number(exchanges), 0)
}

describe.skipIf(!isRoot)('a CPU budget (needs root)', () => {
  const scope = new Scope('budget')
  let nginx: Server

  beforeAll(async () => {
    nginx = await startNginx(scope)
  })
  afterAll(() => scope.close())

  test('at saturation rows and counts together are what the client counted, and the ring loses nothing', async () => {
    const nixie = await Nixie.start(scope, { flags: ['--cpu-budget', '5%'] })
    let answered = 0
    const count = async () => {
      const [rows, shed] = [await nixie.countByPort(nginx.port), await shedOf(nixie, nginx)]
      return { rows, shed }
    }
    const before = await count()
    let bursts = 0
    /** What is said while the load goes on: shares are those of the last ten seconds. */
    let said = { text: '', metrics: '', page: '' }
    const isSaid = () =>
      /^Capture {2}running.*sampled: [\d.]+ % of requests have rows$/m.test(said.text) &&
      /^nixie_sampled_ratio 0\.\d+$/m.test(said.metrics) &&
      /[\d.]+ % of the requests of the last ten seconds have rows/.test(said.page)
    let saturated = await nixie.status()
    await until('it is said that requests are sampled', async () => {
      const burst = wrk(nginx.port, `/hello?shed${bursts++}`, SECONDS, CONNECTIONS)
      try {
        const status = await nixie.status()
        const text = (await runNixie(['status', '--server', nixie.url])).stdout
        const metrics = await (await fetch(`${nixie.url}/metrics`)).text()
        const page = await (await fetch(`${nixie.url}/`)).text()
        if (status.capture.budget.shed > 0) {
          saturated = status
          said = { text, metrics, page }
        }
      } finally {
        answered += await burst
      }
      return bursts >= BURSTS && isSaid()
    })
    const { text, metrics, page } = said
    const all = await until('all of it is counted', async () => {
      const { rows, shed } = await count()
      const { parse, gaps } = (await nixie.status()).losses
      return rows + shed + parse + gaps - before.rows - before.shed >= answered && { rows, shed, parse, gaps }
    })
    const after = await nixie.status()
    const sum = all.rows + all.shed - before.rows - before.shed
    console.log(`${answered} answered, ${sum} known: ${all.rows} have rows, ${all.shed} were counted`)
    // wrk does not count what is under way when its time is over.
    expect(sum - answered).toBeLessThanOrEqual(bursts * CONNECTIONS)
    expect(all.rows).toBeGreaterThan(100)
    expect(all.shed).toBeGreaterThan(100)
    expect(after.losses.ring).toBe(0)
    expect(answered - sum).toBeLessThanOrEqual(answered / 1000)
    expect(after.losses.shed).toBeGreaterThanOrEqual(all.shed)
    expect(saturated.capture.budget).toMatchObject({ share: 0.05 })
    expect(text).toMatch(/^Capture {2}running.*sampled: [\d.]+ % of requests have rows$/m)
    expect(text).toMatch(/^Budget {3}5 % of .*; [\d.]+ % used$/m)
    expect(metrics).toMatch(/^nixie_sampled_ratio 0\.\d+$/m)
    expect(metrics).toMatch(/^nixie_cpu_budget_ratio 0\.05$/m)
    expect(page).toMatch(/[\d.]+ % of the requests of the last ten seconds have rows/)
    await nixie.stop()
  })

  const ask = async (n: number, { port } = nginx) =>
    (await fetch(`http://127.0.0.1:${port}/hello?calm${n}`)).text()

  /** One after the other, on one connection; when the machine is full, as many as it has time for. */
  async function askCalmly(count: number, server = nginx): Promise<void> {
    const from = performance.now()
    for (let n = 0; n < count; n++) {
      await ask(n, server)
      await Bun.sleep(Math.max(0, from + n * 3 - performance.now()))
    }
  }

  test('who asks little has all rows beside a program that takes all that there is, from the first second on', async () => {
    const calm = await startNginx(scope)
    const nixie = await Nixie.start(scope)
    const before = [await nixie.countByPort(calm.port), await shedOf(nixie, calm)] as const
    const crowd = wrk(nginx.port, '/hello?crowd', 2 * SECONDS, CONNECTIONS)
    await askCalmly(CALM / 2, calm)
    await crowd
    const all = async () => (await nixie.countByPort(calm.port)) - before[0]
    await until('all have rows', async () => (await all()) >= CALM / 2)
    expect([await all(), (await shedOf(nixie, calm)) - before[1]]).toEqual([CALM / 2, 0])
    expect(await shedOf(nixie, nginx)).toBeGreaterThan(0)
    expect((await nixie.status()).losses.ring).toBe(0)
    await nixie.stop()
  })

  const LOADS = {
    async 'some hundred requests a second'() {
      await askCalmly(CALM)
      return CALM
    },
    async 'a burst'() {
      let n = 0
      const client = async () => {
        while (n++ < BURST) await ask(n)
      }
      await Promise.all(Array.from({ length: CLIENTS }, client))
      return BURST
    },
  }

  for (const [load, drive] of Object.entries(LOADS))
    for (const beside of ['', ' beside a loop on each processor'])
      test(`every exchange has its row: ${load}${beside}`, async () => {
        const nixie = await Nixie.start(scope)
        const before = [await nixie.countByPort(nginx.port), await shedOf(nixie, nginx)]
        const end = beside === '' ? () => {} : keepBusy(scope)
        try {
          const asked = await drive()
          const all = async () => (await nixie.countByPort(nginx.port)) - before[0]!
          await until('all have rows', async () => (await all()) >= asked)
          expect(await all()).toBe(asked)
          expect((await shedOf(nixie, nginx)) - before[1]!).toBe(0)
          const { share } = await until('there is no pressure', async () => {
            const { budget } = (await nixie.status()).capture
            return budget.pressure === 'none' && budget
          })
          expect(share).toBe(0.1)
        } finally {
          end()
        }
        await nixie.stop()
      })
})
