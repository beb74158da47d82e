/**
 * The short form of `bun run attack`: one attack of each kind, a second each, on a Nixie under its shipped memory limit. The
 * requests of an innocent client have their rows all the while, and nothing is dropped without being counted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { keepBusy } from '../attack/busy'
import { line, Stage } from '../attack/stage'
import { isRoot } from '../support/nixie'
import { slowness } from '../support/pace'
import { Scope } from '../support/scope'

const ATTACK_MS = 1000
const MAX_MEMORY_MIB = 400
/** On a machine whose processors are taken by others, too. */
const MAX_DELAY_MS = 8000
/** With a loop on each processor besides. */
const MAX_DELAY_BESIDE_LOOPS_MS = 15_000

const KINDS = [
  'bombs',
  'unanswered-headers',
  'unanswered-targets',
  'unfinished-heads',
  'huge-headers',
  'words-and-versions',
  'line-feeds-only',
  'pipelined',
  'alternating',
  'http2',
  'half-heads',
  'churn',
  'datagrams',
  'command-lines',
  'dns-questions',
  'mix',
]
/** Those that fill the ring, or the memory. */
const BESIDE_LOOPS = ['unanswered-headers', 'huge-headers', 'dns-questions', 'pipelined', 'mix']
/** What must have been counted in the end, whatever the machine did meanwhile. */
const COUNTED = ['undecodedBodies', 'parseFailures', 'unpairedFrames'] as const

describe.skipIf(!isRoot)('attacks (needs root)', () => {
  const scope = new Scope('attack')
  let stage: Stage

  beforeAll(async () => {
    stage = await Stage.open(scope)
  })
  afterAll(() => scope.close())

  /** `others`: how slow the machine is without what the test itself runs. */
  async function suffer(name: string, maxDelayMs: number, others: () => number): Promise<void> {
    const before = others()
    const figures = await stage.suffer(name, ATTACK_MS)
    console.log(line(figures))
    const { asked, missing, peakMiB, longestDelayMs } = figures
    expect(asked).toBeGreaterThan(0)
    expect(missing).toEqual([])
    expect(peakMiB).toBeLessThan(MAX_MEMORY_MIB)
    expect(longestDelayMs / Math.max(before, others())).toBeLessThan(maxDelayMs)
    const status = await stage.nixie.status()
    expect([status.ready, status.capture.running, stage.cgroup.oomKills]).toEqual([true, true, 0])
  }

  for (const name of KINDS) test(name, () => suffer(name, MAX_DELAY_MS, slowness))

  describe('beside a loop on each processor', () => {
    let end = () => {}
    let others = 1
    beforeAll(() => {
      others = slowness()
      end = keepBusy(scope)
    })
    afterAll(() => end())

    for (const name of BESIDE_LOOPS) test(name, () => suffer(name, MAX_DELAY_BESIDE_LOOPS_MS, () => others))
  })

  test('what was dropped is in the status', async () => {
    const { counters } = await stage.nixie.status()
    for (const name of COUNTED) expect(counters[name], name).toBeGreaterThan(0)
  })
})
