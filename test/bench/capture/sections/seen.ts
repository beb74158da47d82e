/** How soon after its start an agent has a request's row, and how soon after a request. */
import { median, type Scope, until } from '../../../support/scope'
import { Stage } from '../../stage'
import type { Built } from '../against'
import { beside, byDefault } from '../agents'
import type { Section } from '../section'

const REQUESTS = 30
/** A row that isn't there by then is taken as missing. */
const PATIENCE_MS = 3000

interface Seen {
  readonly startMs: number
  readonly delaysMs: readonly number[]
}

async function look(scope: Scope, stage: Stage, built: Built): Promise<Seen> {
  const url = `http://127.0.0.1:${stage.port}/`
  const started = performance.now()
  return beside(scope, byDefault(built), async (nixie) => {
    const rows = () => nixie.countByPort(stage.port)
    const first = async () => {
      await fetch(url)
      return (await rows()) > 0
    }
    await until('the first row', first)
    const startMs = performance.now() - started
    const delaysMs: number[] = []
    for (let i = 0; i < REQUESTS; i++) {
      // Anywhere in the second that the agent works by.
      await Bun.sleep(Math.random() * 100)
      const before = await rows()
      await fetch(url)
      const sent = performance.now()
      while ((await rows()) <= before && performance.now() - sent < PATIENCE_MS) await Bun.sleep(5)
      delaysMs.push(performance.now() - sent)
    }
    return { startMs, delaysMs }
  })
}

const p99 = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!

export const SEEN: Section = {
  name: 'seen',
  measures: `from the start to the first row; from a request to its row in a query (${REQUESTS} of them)`,
  pairs: 2,
  seconds: 10,
  async measure({ scope, before, now, pairs }) {
    const stage = await Stage.open(scope)
    const found = { before: [] as Seen[], now: [] as Seen[] }
    for (let i = 0; i < pairs; i++) {
      found.before.push(await look(scope, stage, before))
      found.now.push(await look(scope, stage, now))
    }
    const both = (of: (seen: Seen) => number) => ({
      digits: 0,
      before: found.before.map(of),
      now: found.now.map(of),
    })
    return {
      figures: [
        { what: 'start → first request seen, ms', ...both(({ startMs }) => startMs) },
        { what: 'request → in a query, p50, ms', ...both(({ delaysMs }) => median(delaysMs)) },
        { what: 'request → in a query, p99, ms', aim: '≤ 1,500', ...both(({ delaysMs }) => p99(delaysMs)) },
        {
          what: 'requests without a row after 3 s',
          aim: '0',
          ...both(({ delaysMs }) => delaysMs.filter((ms) => ms >= PATIENCE_MS).length),
        },
      ],
    }
  },
}
