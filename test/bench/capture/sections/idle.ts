/** What an agent takes while next to nothing happens, and how large its file is. */
import { statSync } from 'node:fs'
import { cpuSeconds, rssMiB } from '../../stage'
import type { Built } from '../against'
import { beside, byDefault } from '../agents'
import type { Section, Terms } from '../section'

/** Compiling at the start, and what the first look at the processes made, is over then. */
const SETTLE_MS = 4000
const MIB = 2 ** 20

async function idle({ scope, seconds }: Terms, built: Built): Promise<{ cpu: number; rss: number }> {
  return beside(scope, byDefault(built), async ({ pid }) => {
    await Bun.sleep(SETTLE_MS)
    const before = cpuSeconds(pid)
    const from = performance.now()
    await Bun.sleep(seconds * 1000)
    const cpu = ((cpuSeconds(pid) - before) / (performance.now() - from)) * 1e5
    return { cpu, rss: rssMiB(pid) }
  })
}

const sizes = ({ program, runtimeBytes }: Built) => {
  const { size } = statSync(program)
  return { over: (size - runtimeBytes) / MIB, whole: size / MIB }
}

export const IDLE: Section = {
  name: 'idle',
  measures: 'what an agent takes while nothing happens; the size of its file',
  pairs: 2,
  seconds: 30,
  async measure(terms: Terms) {
    const found = { before: [] as { cpu: number; rss: number }[], now: [] as { cpu: number; rss: number }[] }
    for (let i = 0; i < terms.pairs; i++) {
      found.before.push(await idle(terms, terms.before))
      found.now.push(await idle(terms, terms.now))
    }
    const both = (of: (it: { cpu: number; rss: number }) => number) => ({
      before: found.before.map(of),
      now: found.now.map(of),
    })
    const size = { before: sizes(terms.before), now: sizes(terms.now) }
    return {
      figures: [
        { what: 'agent CPU, % of a core', aim: '≤ 0.3', ...both(({ cpu }) => cpu) },
        { what: 'RSS, MiB', aim: '≤ 64', digits: 0, ...both(({ rss }) => rss) },
        {
          what: 'binary over the runtime, MiB',
          before: [size.before.over],
          now: [size.now.over],
        },
        { what: 'binary, MiB', digits: 1, before: [size.before.whole], now: [size.now.whole] },
      ],
    }
  },
}
