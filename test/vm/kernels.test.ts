/** The built binary on kernels of other releases: which hooks it takes, and that it sees every request. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boot, kernelOf, noMachine, pack } from './machine'

/** Debian's suite → the programs that tell of the ends of processes, and of sent bytes, there. */
const KERNELS = {
  bookworm: { release: '6.1', programs: ['process_exit', 'sys_exit'] },
  trixie: { release: '6.12', programs: ['process_exit', 'sent_typed'] },
  // From 7.2 on typed programs are passed over while another task is preempted in them.
  'trixie-backports': { release: '7.3', programs: ['process_exit_classic', 'sent_classic'] },
} as const

const HOOKS: readonly string[] = Object.values(KERNELS).flatMap(({ programs }) => programs)

const TIMEOUT = 700_000

interface Row {
  readonly req_method: string
  readonly req_path: string
  readonly resp_status: number
  readonly req_body_size: number
  readonly resp_body_size: number
}
interface Tables<T> {
  readonly tables: readonly { readonly rows: readonly T[] }[]
}
interface Status {
  readonly losses: Readonly<Record<string, number>>
  readonly probes: readonly { readonly name: string; readonly attached: boolean }[]
}

const missing = noMachine()
const folder = missing === '' ? mkdtempSync(join(tmpdir(), 'nixie-vm-')) : ''
beforeAll(() => {
  if (missing !== '') return
  mkdirSync(join(folder, 'files'))
  pack(folder)
}, TIMEOUT)
afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true })
})

const inWords = (row: Row) =>
  `${row.req_method} ${row.req_path} ${row.resp_status} ${row.req_body_size} ${row.resp_body_size}`

for (const [suite, { release, programs }] of Object.entries(KERNELS)) {
  const kernel = missing === '' ? kernelOf(suite) : undefined
  const why = missing || (kernel ? '' : `the archive has no kernel of ${suite}`)
  test.skipIf(why !== '')(
    `Linux ${release}: every request is a row, by ${programs[1]}${why && ` (${why})`}`,
    async () => {
      expect(kernel).toContain(release)
      const said = await boot(kernel!, folder)
      const part = (name: string) => said.get(name) ?? ''
      const { losses, probes }: Status = JSON.parse(part('status'))
      const attached = probes.filter((probe) => probe.attached && HOOKS.includes(probe.name))
      expect(attached.map(({ name }) => name).sort()).toEqual([...programs])
      const rows = (JSON.parse(part('rows')) as Tables<Row>).tables[0]!.rows
      expect(rows.map(inWords).sort()).toEqual(part('truth').split('\n').sort())
      const made = Number(part('flooded'))
      expect(made).toBeGreaterThan(100)
      // All at once: what was lost, and which programs were skipped, explains a row that is missing.
      expect({
        flood: Number(/"n": ?(\d+)/.exec(part('flood'))?.[1]),
        losses: Object.fromEntries(Object.entries(losses).filter(([, count]) => count !== 0)),
        skipping: part('skipping'),
        kernel: part('kernel'),
        end: part('end'),
      }).toEqual({ flood: made, losses: {}, skipping: '', kernel: '', end: '0' })
    },
    TIMEOUT,
  )
}
