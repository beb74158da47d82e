/** The most memory that an agent took under each attack of `bun run attack`. Takes minutes, so it runs only where it is named. */
import { join } from 'node:path'
import { ATTACKS } from '../../../attack/attacks'
import { root } from '../../../support/nixie'
import type { Scope } from '../../../support/scope'
import type { Built } from '../against'
import type { Section } from '../section'

/** Which, by name, as all of them take longer than one sitting. */
const NAMES = process.env.BENCH_ATTACKS?.split(',') ?? ATTACKS.map(({ name }) => name)

interface Peak {
  readonly attack: string
  readonly mib: number
}

async function suffer(scope: Scope, { program }: Built, seconds: number): Promise<Peak[]> {
  const command = [process.execPath, join(root, 'test/attack/run.ts'), ...NAMES, '--seconds', String(seconds)]
  const child = Bun.spawn(command, {
    stdout: 'pipe',
    stderr: 'inherit',
    env: { ...process.env, NIXIE_BINARY: program },
  })
  scope.defer(() => child.kill('SIGTERM'))
  const text = await new Response(child.stdout).text()
  process.stdout.write(text)
  // Its exit code says whether the innocent client's rows were all there, which isn't asked here.
  await child.exited
  return NAMES.flatMap((attack) => {
    const line = text.split('\n').find((it) => it.startsWith(`${attack} `))
    const mib = /(\d+) MiB/.exec(line ?? '')?.[1]
    return mib === undefined ? [] : [{ attack, mib: Number(mib) }]
  })
}

const worst = (peaks: readonly Peak[]) => peaks.reduce((a, b) => (b.mib > a.mib ? b : a))

export const ATTACK: Section = {
  name: 'attack',
  measures: 'the most memory under attacks (BENCH_ATTACKS=NAME,… for some of them)',
  pairs: 1,
  seconds: 4,
  apart: true,
  async measure({ scope, before, now, pairs, seconds }) {
    const found = { before: [] as Peak[][], now: [] as Peak[][] }
    for (let i = 0; i < pairs; i++) {
      found.before.push(await suffer(scope, before, seconds))
      found.now.push(await suffer(scope, now, seconds))
    }
    const failed = [...found.before, ...found.now].some((peaks) => peaks.length < NAMES.length)
    const whole = NAMES.length === ATTACKS.length && !failed
    const most = (runs: readonly Peak[][]) => runs.flatMap((run) => (run.length > 0 ? [worst(run)] : []))
    const said = (which: string, runs: readonly Peak[][]) =>
      most(runs).map(({ attack, mib }) => `${which}: ${mib} MiB under ${attack}`)
    return {
      figures: [
        {
          what: `most RSS under ${whole ? 'all attacks' : `${NAMES.length} of ${ATTACKS.length} attacks`}, MiB`,
          aim: '≤ 400',
          digits: 0,
          before: most(found.before).map(({ mib }) => mib),
          now: most(found.now).map(({ mib }) => mib),
        },
      ],
      notes: [
        ...said('before', found.before),
        ...said('now', found.now),
        ...(failed ? ['an attack ended without a figure: the agent had ended'] : []),
      ],
    }
  },
}
