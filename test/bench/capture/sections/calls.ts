/** What calls that are no socket's take of the processor, without an agent and beside each: none should be slower for it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../../support/nixie'
import { beside, byDefault } from '../agents'
import type { Section } from '../section'

const KINDS = ['getppid', 'pread'] as const
type Took = Record<(typeof KINDS)[number], number>

export const CALLS: Section = {
  name: 'calls',
  measures: 'six million calls of getppid and pread, with and without',
  pairs: 7,
  seconds: 1,
  async measure({ scope, before, now, pairs }) {
    const program = join(scope.dir, 'calls')
    const compiler = Bun.which('cc') ? 'cc' : 'clang'
    execFileSync(compiler, ['-O2', '-o', program, join(root, 'test/bench/capture/calls.c')])
    const take = async (): Promise<Took> => {
      const text = await Bun.$`${program}`.text()
      const [getppid, pread] = text.split(' ').map(Number)
      return { getppid: getppid!, pread: pread! }
    }
    const found = { without: [await take()], before: [] as Took[], now: [] as Took[] }
    for (let i = 0; i < pairs; i++) {
      for (const which of ['before', 'now'] as const) {
        const built = which === 'before' ? before : now
        found[which].push(await beside(scope, byDefault(built), take))
        found.without.push(await take())
      }
    }
    /** What they take without, next to the measurement. */
    const without = (kind: keyof Took, i: number) =>
      (found.without[i]![kind] + found.without[i + 1]![kind]) / 2
    return {
      figures: KINDS.flatMap((kind) => [
        {
          what: `${kind}: CPU with / without`,
          aim: '≤ 1.01',
          digits: 3,
          before: found.before.map((took, i) => took[kind] / without(kind, 2 * i)),
          now: found.now.map((took, i) => took[kind] / without(kind, 2 * i + 1)),
        },
        {
          what: `${kind}: ns added to each`,
          digits: 1,
          before: found.before.map((took, i) => took[kind] - without(kind, 2 * i)),
          now: found.now.map((took, i) => took[kind] - without(kind, 2 * i + 1)),
        },
      ]),
    }
  },
}
