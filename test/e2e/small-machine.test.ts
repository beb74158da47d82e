/** A machine of one processor and 512 MiB, with 50 requests a second: what Nixie takes of it. `bun run bench small` measures for longer. */
import { afterAll, expect, test } from 'bun:test'
import { Scope, until } from '../support/scope'
import { noSmallMachine, requests, SmallMachine } from '../support/small-machine'

const scope = new Scope('small-machine')
afterAll(() => scope.close(), 20_000)

const RATE = 50
const SECONDS = 15
const MOST_MIB = 110

const missing = noSmallMachine()
test.skipIf(missing !== '')(
  `every request is a row, within ${MOST_MIB} MiB${missing && ` (${missing})`}`,
  async () => {
    const machine = await SmallMachine.start(scope)
    let answered = 0
    const used = await machine.during(async () => {
      answered = await requests(RATE, SECONDS)
    })
    expect(answered).toBe(RATE * SECONDS)
    expect(used.residentMiB).toBeLessThanOrEqual(MOST_MIB)
    const rows = async () =>
      (
        await machine.nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m')
df = df[px.contains(df.req_path, '/things/')]
df.one = 1
px.display(df.groupby('one').agg(n=('latency', px.count)))
`)
      )[0]?.n
    await until('every request is a row', async () => (await rows()) === answered, 10_000)
  },
  60_000,
)
