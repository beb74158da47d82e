/** Whatever the bytes: nothing throws, nothing hangs, nothing that is secret comes out. */
import { random } from '../../streams/wire'
import { type Check, isStream } from './check'
import { located } from './compare'
import { changed, everyByte, noise, split } from './cut'
import { type Outcome, piece, play } from './play'
import { type Member, piecesOf, type Sample } from './sample'

/**
 * Where the bytes are changed, it isn't known what a secret is, or how many messages there are: what can be checked is throws,
 * hangs, leaks of memory and answers that the contract doesn't have.
 */
const harmed = (found: Outcome, where: string) =>
  uncounted(found, where).filter((problem) => !problem.includes('holds the secret'))

const uncounted = (found: Outcome, where: string) =>
  located(found, where).filter((problem) => !problem.includes('counted as dropped'))

export const hostileChecks: readonly Check[] = [
  {
    name: 'changed bytes do no harm',
    problems: (member, sample) => {
      const next = random(5)
      return Array.from({ length: 100 }, (_, round) => {
        const pieces = piecesOf(sample).map((one) => changed(one, next))
        return harmed(play(member, sample, pieces), `round ${round}`)
      }).flat()
    },
  },
  {
    name: 'changed bytes one by one do no harm',
    applies: isStream,
    problems: (member, sample) => {
      const next = random(6)
      return Array.from({ length: 10 }, (_, round) => {
        // By the first message the protocol is known.
        const pieces = split(
          piecesOf(sample).map((one, i) => (i === 0 ? one : changed(one, next))),
          everyByte,
        )
        return harmed(play(member, sample, pieces), `round ${round}`)
      }).flat()
    },
  },
  {
    name: 'random bytes do no harm',
    problems: (member, sample) => {
      const next = random(9)
      return Array.from({ length: 40 }, (_, round) => {
        const start = piecesOf(sample)[round % sample.messages.length]!
        const rest = Array.from({ length: 6 }, (_, i) =>
          piece(i % 2 === 0 ? 'client' : 'server', noise(next, 1 + Math.floor(next() * 600))),
        )
        return harmed(play(member, sample, [start, ...rest]), `round ${round}`)
      }).flat()
    },
  },
  {
    name: 'messages in any order, from either side, do no harm',
    problems: anyOrder,
  },
]

function anyOrder(member: Member, sample: Sample): string[] {
  const next = random(13)
  const pieces = piecesOf(sample)
  return Array.from({ length: 40 }, (_, round) => {
    const order = Array.from({ length: 12 }, () => {
      const one = pieces[Math.floor(next() * pieces.length)]!
      return next() < 0.2
        ? { ...one, from: one.from === 'client' ? ('server' as const) : ('client' as const) }
        : one
    })
    return uncounted(play(member, sample, order), `round ${round}`)
  }).flat()
}
