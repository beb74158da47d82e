/**
 * A machine of one processor, 512 MiB and a card of 4 GB, with 50 requests a second: memory, disk and rows. Its processor is emulated, so
 * what Nixie takes of it is said beside what server and client take, and held to nothing: `test/bench/small.ts` measures a real one.
 * NIXIE_VM_SECONDS=600 asks for ten minutes.
 */
import { afterAll, expect, test } from 'bun:test'
import { boot, isWhole, MACHINE_MS, noMachine, removeRoots } from './machine'
import { lostIn, parsed, rowsIn, type Status } from './told'

afterAll(removeRoots)

const RATE = 50
const SECONDS = Number(process.env.NIXIE_VM_SECONDS ?? 60)
const MOST_MIB = 110
const CARD_BYTES = 4e9
const KERNEL = { arch: 'x64', suite: 'trixie', release: '6.12' } as const
const TICKS_PER_SECOND = 100

const why = isWhole ? noMachine(KERNEL.arch) : 'is in the whole matrix'
test.skipIf(why !== '')(
  `every request of ${SECONDS} s is a row, within ${MOST_MIB} MiB and a tenth of the card${why && ` (${why})`}`,
  async () => {
    const said = await boot(KERNEL, `sh /files/small.sh ${SECONDS}`, {
      memory: 512,
      processors: 1,
      longer: SECONDS,
    })
    const part = (name: string) => said.get(name) ?? ''
    const [own = 0, others = 0, residentKiB = 0] = part('used').split(' ').map(Number)
    const share = (ticks: number) => `${((100 * ticks) / TICKS_PER_SECOND / SECONDS).toFixed(1)} %`
    const residentMiB = residentKiB / 1024
    const { store, losses } = parsed<Status>(part('status'))
    console.log(
      `${RATE} requests/s for ${SECONDS} s: ${residentMiB.toFixed(0)} MiB at most; of an emulated processor ${share(own)}, ` +
        `server and client ${share(others)}; ${store.bytes} bytes stored of ${store.budgetBytes}`,
    )
    const made = Number(part('flooded'))
    // A request that comes late on a busy machine is not asked twice.
    expect(made).toBeGreaterThan((RATE * SECONDS) / 2)
    expect({
      rows: rowsIn<{ n: number }>(part('counted'))[0]?.n,
      losses: lostIn(losses),
      end: part('end'),
      kernel: part('kernel'),
    }).toEqual({ rows: made, losses: {}, end: '0', kernel: '' })
    expect(residentMiB).toBeGreaterThan(0)
    expect(residentMiB).toBeLessThanOrEqual(MOST_MIB)
    expect(store.budgetBytes).toBeGreaterThan(0)
    expect(store.budgetBytes).toBeLessThanOrEqual(CARD_BYTES / 10)
    expect(store.bytes).toBeLessThanOrEqual(store.budgetBytes)
  },
  MACHINE_MS + SECONDS * 1000,
)
