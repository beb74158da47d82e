/** No pair is wrong, whatever was lost, also for clients that pipeline; most pairs that can be known are found. */
import { describe, expect, test } from 'bun:test'
import { type Play, play } from './play'

const SEEDS = 30

function playedOften(kind: Omit<Play, 'seed' | 'exchanges'>) {
  const wrong: string[] = []
  let right = 0
  let played = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = play({ ...kind, seed, exchanges: 20 + (seed % 4) * 20 })
    wrong.push(...outcome.wrong)
    right += outcome.right
    played += outcome.played
  }
  return { wrong, right: right / played }
}

// Window, how often it doesn't wait, lost calls, calls that are cut; what part is there at least, and if joined under way.
describe.each([
  ['takes turns', 1, 0, 0, 0, 0.999, 0.92],
  ['takes turns', 1, 0, 0.02, 0, 0.9, 0.6],
  ['takes turns', 1, 0, 0.1, 0, 0.45, 0.2],
  ['takes turns', 1, 0, 0.3, 0, 0.03, 0.01],
  ['takes turns', 1, 0, 0, 0.3, 0.1, 0.08],
  ['takes turns', 1, 0, 0.3, 1, 0, 0],
  ['pipelines now and then', 4, 0.1, 0.02, 0, 0.75, 0.6],
  ['pipelines now and then', 4, 0.02, 0.1, 0, 0.35, 0.25],
  ['pipelines now and then', 4, 0.1, 0.3, 0, 0.02, 0.01],
  ['pipelines often', 4, 0.5, 0.02, 0, 0.65, 0.35],
  ['pipelines often', 2, 0.5, 0.02, 0, 0.65, 0.35],
  ['pipelines often', 3, 0.9, 0.1, 0, 0.05, 0.01],
  ['pipelines often', 4, 0.5, 0.3, 0.3, 0, 0],
  ['pipelines often', 4, 0.3, 0, 1, 0, 0],
  ['pipelines often', 4, 0.3, 0.3, 1, 0, 0],
  ['always pipelines', 2, 1, 0.02, 0, 0.2, 0],
] as const)('a client that %s (%p, %p), %p lost, %p cut', (_, window, eager, lost, cut, least, joined) => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('joined: %p, at the client: %p', (isJoined, atClient) => {
    const { wrong, right } = playedOften({ window, eager, lost, cut, isJoined, atClient })
    expect(wrong).toEqual([])
    expect(right).toBeGreaterThanOrEqual(isJoined ? joined : least)
  })
})

// Window, how often it doesn't wait, lost calls; what part is there at least.
describe.each([
  ['takes turns', 1, 0, 0, 0.95],
  ['takes turns', 1, 0, 0.02, 0.85],
  ['pipelines often', 2, 0.5, 0, 0.85],
  ['pipelines often', 3, 0.5, 0.02, 0.7],
] as const)('a client that %s (%p, %p), %p lost, and takes long to send', (_, window, eager, lost, least) => {
  test.each([false, true])('at the client: %p', (atClient) => {
    const { wrong, right } = playedOften({
      window,
      eager,
      lost,
      cut: 0,
      isJoined: true,
      atClient,
      uploads: 0.5,
    })
    expect(wrong).toEqual([])
    expect(right).toBeGreaterThanOrEqual(least)
  })
})
