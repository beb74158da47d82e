/**
 * The short form of `bun run attack`: one attack of each kind, a second each, on a Nixie under its shipped memory limit. The
 * requests of an innocent client have their rows all the while, and nothing is dropped without being counted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Figures, line, Stage } from '../attack/stage'
import { isRoot } from '../support/nixie'
import { Scope } from '../support/scope'

const ATTACK_MS = 1000
const MAX_MEMORY_MIB = 400
/** On a machine whose processors are taken by others, too. */
const MAX_DELAY_MS = 8000

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
  'half-heads',
  'churn',
  'datagrams',
  'command-lines',
]
/** What must have been counted in the end, whatever the machine did meanwhile. */
const COUNTED = ['undecodedBodies', 'parseFailures', 'unpairedFrames'] as const

const sum = (counts: Figures['lost']) => Object.values(counts).reduce((total, count) => total + count, 0)

describe.skipIf(!isRoot)('attacks (needs root)', () => {
  const scope = new Scope('attack')
  let stage: Stage
  const all: Figures[] = []

  beforeAll(async () => {
    stage = await Stage.open(scope)
  }, 60_000)
  afterAll(() => scope.close(), 20_000)

  for (const name of KINDS) {
    test(name, async () => {
      const figures = await stage.suffer(name, ATTACK_MS)
      console.log(line(figures))
      all.push(figures)
      const { asked, missing, lost, peakMiB, longestDelayMs } = figures
      expect(asked).toBeGreaterThan(0)
      expect(missing.length).toBeLessThanOrEqual(Math.min(sum(lost), asked / 10))
      expect(peakMiB).toBeLessThan(MAX_MEMORY_MIB)
      if (missing.length === 0) expect(longestDelayMs).toBeLessThan(MAX_DELAY_MS)
      const status = await stage.nixie.status()
      expect([status.ready, status.capture.running, stage.cgroup.oomKills]).toEqual([true, true, 0])
    }, 30_000)
  }

  test('of all requests of the innocent client at most one in a hundred has no row', () => {
    const asked = all.reduce((total, figures) => total + figures.asked, 0)
    const missing = all.reduce((total, { missing }) => total + missing.length, 0)
    expect(missing).toBeLessThanOrEqual(asked / 100)
  })
  test('what was dropped is in the status', async () => {
    const { counters } = await stage.nixie.status()
    for (const name of COUNTED) expect(counters[name], name).toBeGreaterThan(0)
  })
})
