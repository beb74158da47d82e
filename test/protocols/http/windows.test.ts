/**
 * Clients that never have fewer requests outstanding than they can, on connections that were joined under way: seen at one end,
 * they look as if they took turns. No pair is wrong, whoever is slow, and however it ends.
 */
import { describe, expect, test } from 'bun:test'
import { random } from '../../streams/wire'
import { playWindow, type WindowPlay } from './window-play'

const SEEDS = 40
const SEEDS_OF_LENGTHS = 3

type Times = Pick<WindowPlay, 'works' | 'thinks' | 'sends' | 'stalls'>

/** How long the server works and the client thinks, given random numbers for the connection. */
const TIMES: Record<string, (draw: () => number) => Times> = {
  'a client that asks at once': (draw) => {
    const work = 10 ** (-1 + 3 * draw())
    return { works: (one) => work * (0.5 + one()), thinks: (one) => 0.05 * one() }
  },
  'answers that take fifty times as long now and then': (draw) => {
    const work = 10 ** (-1 + 2 * draw())
    return {
      works: (one) => work * (one() < 0.02 ? 50 : 1) * (0.5 + one()),
      thinks: (one) => 0.05 * one(),
    }
  },
  'a client that always thinks less than the server works': (draw) => {
    const [work, part] = [10 ** (3 * draw()), draw()]
    return { works: () => work, thinks: (one) => work * part * (0.3 + 0.7 * one()) }
  },
  'work and thought of any length': (draw) => {
    const [work, part] = [10 ** (3 * draw()), 10 ** (-2 + 3 * draw())]
    return { works: (one) => work * 2 * one(), thinks: (one) => work * part * 2 * one() }
  },
  'work and thought with long tails': (draw) => {
    const [work, part] = [10 ** (3 * draw()), 10 ** (-2 + 3 * draw())]
    const tail = (one: () => number) => -Math.log(1 - one())
    return { works: (one) => work * tail(one), thinks: (one) => work * part * tail(one) }
  },
  'a client that pauses now and then': (draw) => {
    const work = 10 ** (-1 + 3 * draw())
    return {
      works: (one) => work * (0.5 + one()),
      thinks: (one) => (one() < 0.08 ? 150 + 3000 * one() : 4 * one()),
    }
  },
  'requests that take long to be sent': (draw) => {
    const [work, part] = [10 ** (3 * draw()), 10 ** (-1 + 2 * draw())]
    return {
      works: (one) => work * 2 * one(),
      thinks: (one) => 0.05 * one(),
      sends: (one) => work * part * 2 * one(),
    }
  },
  'requests that always take as long to be sent': (draw) => {
    const [work, part] = [10 ** (3 * draw()), 0.9 * draw()]
    return { works: (one) => work * (0.99 + 0.02 * one()), thinks: () => 0, sends: () => work * part }
  },
  'both ends of a group whose time is used up now and then': (draw) => {
    const work = 10 ** (-1 + 2 * draw())
    return {
      works: (one) => work * (0.5 + one()),
      thinks: (one) => work * 0.3 * one(),
      stalls: { perSecond: 2 + 8 * draw(), ms: 10 + 240 * draw() },
    }
  },
}

/** Pauses and answers of ordinary programs, in ms: each from … to. */
const ORDINARY = [
  [100, 200, 30, 33],
  [75, 225, 28, 36],
  [50, 80, 98, 106],
  [250, 251, 30, 36],
  [500, 502, 50, 60],
] as const

const ENDS = ['answered', 'anywhere', 'behind an answer'] as const

/** What is said: other lengths, with each exchange or now and then, or always the same; and large bodies without a pause. */
const LENGTHS = {
  'short messages': {},
  'short messages of one length': { isEven: true },
  'large uploads': { bodies: [200_000, 2] },
  'large uploads of one length': { bodies: [200_000, 2], isEven: true },
  'large downloads': { bodies: [0, 200_000] },
  'large downloads of one length': { bodies: [0, 200_000], isEven: true },
} as const satisfies Record<string, Pick<WindowPlay, 'bodies' | 'isEven'>>

type Lengths = keyof typeof LENGTHS

function played(
  name: string,
  window: number,
  atClient: boolean,
  isBlocking: boolean,
  lengths: Lengths = 'short messages',
  seeds = SEEDS,
) {
  const wrong: string[] = []
  let right = 0
  let all = 0
  let answered = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const draw = random(seed * 7919)
    const outcome = playWindow({
      ...TIMES[name]!(draw),
      ...LENGTHS[lengths],
      seed,
      window,
      atClient,
      isBlocking,
      exchanges: 80 + 80 * (seed % 3),
      travelMs: 10 ** (-1.5 + 3 * draw()),
      goesMs: draw() < 0.3 ? 0 : 10 ** (-1.5 + 3 * draw()),
      ends: ENDS[seed % 3]!,
    })
    wrong.push(...outcome.wrong)
    right += outcome.right
    all += outcome.played
    answered += outcome.answered
  }
  return { wrong, right: right / all, rightOfAnswered: right / answered }
}

const ENDS_SEEN = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const

describe.each(Object.keys(TIMES))('%s', (name) => {
  describe.each(ENDS_SEEN)(
    'at the client: %p, reads when it has nothing else to do: %p',
    (atClient, isBlocking) => {
      test.each([2, 3])('%p outstanding: no pair is wrong', (window) => {
        expect(played(name, window, atClient, isBlocking).wrong).toEqual([])
      })

      test('one outstanding: no pair is wrong', () => {
        expect(played(name, 1, atClient, isBlocking).wrong).toEqual([])
      })

      describe.each(Object.keys(LENGTHS).slice(1) as Lengths[])('%s', (lengths) => {
        test.each([1, 2, 3])('%p outstanding: no pair is wrong', (window) => {
          const { wrong, rightOfAnswered } = played(
            name,
            window,
            atClient,
            isBlocking,
            lengths,
            SEEDS_OF_LENGTHS,
          )
          expect(wrong).toEqual([])
          // The second exchange shows it, whatever the times, and nearly all have rows.
          if (window === 1 && lengths.endsWith('of one length')) expect(rightOfAnswered).toBeGreaterThan(0.95)
        })
      })
    },
  )
})

describe('of clients that wait for each answer', () => {
  test.each(ENDS_SEEN)(
    'and pause, most have rows (at the client: %p, blocking: %p)',
    (atClient, isBlocking) => {
      expect(played('a client that pauses now and then', 1, atClient, isBlocking).right).toBeGreaterThan(0.65)
    },
  )

  test.each(ORDINARY)(
    'and pause as programs do, most have rows (%p to %p ms, answers %p to %p ms)',
    (least, most, fast, slow) => {
      for (const [atClient, isBlocking] of ENDS_SEEN) {
        let right = 0
        let all = 0
        for (let seed = 1; seed <= SEEDS; seed++) {
          const outcome = playWindow({
            works: (one) => fast + (slow - fast) * one(),
            thinks: (one) => least + (most - least) * one(),
            seed,
            window: 1,
            atClient,
            isBlocking,
            exchanges: 160,
            travelMs: 0.1,
            goesMs: 0,
            ends: 'anywhere',
          })
          expect(outcome.wrong).toEqual([])
          right += outcome.right
          all += outcome.played
        }
        expect(right / all).toBeGreaterThan(0.65)
      }
    },
  )

  test('and never pause, those whose server answers in one go', () => {
    expect(played('a client that asks at once', 1, false, true).right).toBeGreaterThan(0.4)
  })
})
