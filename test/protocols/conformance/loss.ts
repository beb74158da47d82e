/** What is cut off, missing or garbage costs what it touches, and never makes a wrong pair. */
import { random, silence } from '../../streams/wire'
import { type Check, isFound, isStream } from './check'
import { type Cost, costs, without } from './compare'
import { noise, positions } from './cut'
import { piece, play, whole } from './play'
import {
  can,
  isInOrder,
  isPipelined,
  type Member,
  messagesOf,
  type Piece,
  partsOf,
  piecesOf,
  type Sample,
  untouched,
} from './sample'

export const lossChecks: readonly Check[] = [
  {
    name: 'truncated: what was complete is said, nothing else',
    applies: isStream,
    problems: truncated,
  },
  {
    name: 'a start that is cut off costs the first message only',
    applies: (sample, member) => isStream(sample) && isFound(sample, member),
    problems: (member, sample) => {
      const [first, ...rest] = piecesOf(sample)
      return positions(first!.bytes.length, 60).flatMap((at) => {
        const pieces = [{ ...first!, bytes: first!.bytes.subarray(at) }, ...rest].slice(at === 0 ? 1 : 0)
        const found = play(member, sample, pieces, { isFresh: false })
        return costs(found, whole(member, sample), costOf(sample, 0), `cut at ${at}`)
      })
    },
  },
  {
    name: 'joined under way at any message',
    applies: isFound,
    problems: (member, sample) =>
      piecesOf(sample).flatMap((_, at) => {
        const pieces = piecesOf(sample).slice(at)
        const found = play(member, sample, pieces, {
          isFresh: false,
          before: ({ streams, wire }, piece) => {
            if (piece === pieces.length) silence(streams, wire)
          },
        })
        // What comes first may be too little to know the protocol by.
        const isLost = (message: number) => (at === 0 ? false : message <= at)
        const whatFollows = untouched(sample, isLost)
        const cut = new Set(
          partsOf(sample)
            .slice(0, at + 1)
            .flat(),
        ).size
        // With pairing by order the first messages are unsure if it isn't known what came before.
        const kept = isPipelined(sample) ? [] : whatFollows
        return costs(found, whole(member, sample), { kept, changed: cut }, `from message ${at} on`)
      }),
  },
  {
    name: 'garbage in front costs the first message at most',
    applies: (sample, member) => isStream(sample) && isFound(sample, member),
    problems: (member, sample) => {
      const next = random(11)
      return Array.from({ length: 30 }, (_, round) => {
        const garbage = piece(piecesOf(sample)[0]!.from, noise(next, 1 + Math.floor(next() * 400)))
        const found = play(member, sample, [garbage, ...piecesOf(sample)], { isFresh: false })
        return costs(found, whole(member, sample), costOf(sample, 0), `round ${round}`)
      }).flat()
    },
  },
  {
    name: 'a gap at any place costs only what it touches',
    problems: (member, sample) =>
      piecesOf(sample).flatMap(({ bytes: { length } }, message) =>
        positions(length, 50).flatMap((at) =>
          [1, 17].flatMap((bytes) => gap(member, sample, message, at, Math.min(bytes, length - at))),
        ),
      ),
  },
  {
    name: 'a lost message costs its record, and pairs nobody with another',
    problems: (member, sample) =>
      piecesOf(sample).flatMap(({ bytes }, message) => gap(member, sample, message, 0, bytes.length)),
  },
  {
    name: 'behind a lost message and a silence all is as before',
    applies: (sample) => isInOrder(sample) && isStream(sample),
    problems: (member, sample) => piecesOf(sample).flatMap((_, message) => followed(member, sample, message)),
  },
]

const SILENCE_NS = 5e9

/** What a loss in one message may cost. */
function costOf(sample: Sample, message: number): Cost {
  const owed = mayBeAnswer(sample, message)
  const touched = new Set([...partsOf(sample)[message]!, ...owed])
  const kept = untouched(sample, (other) => other === message).filter((record) => !touched.has(record))
  if (!isInOrder(sample)) return { kept, changed: touched.size }
  // Later messages may stay unpaired until there was silence.
  const before = kept.filter((record) => messagesOf(sample)[record]!.every((other) => other < message))
  return { kept: before, changed: sample.records.length - before.length }
}

/** Where the order alone tells what an answer answers, a pushed message that is lost may have been the one to the next request. */
function mayBeAnswer(sample: Sample, message: number): number[] {
  if (can(sample, 'keyed') || can(sample, 'multiplexed') || sample.messages[message]!.from === 'client')
    return []
  const records = messagesOf(sample)
  if (partsOf(sample)[message]!.some((record) => records[record]!.length > 1)) return []
  const next = records.findIndex((own) => own.length > 1 && own.at(-1)! > message)
  return next < 0 ? [] : [next]
}

function followed(member: Member, sample: Sample, message: number): string[] {
  const all = piecesOf(sample)
  const lost = all.map((one) =>
    one.message === message ? { ...one, lost: { at: 0, bytes: one.bytes.length } } : one,
  )
  // What is lost right before a silence is noticed behind it; the next one is as good.
  const thrice = (first: readonly Piece[]) =>
    play(member, sample, [...first, ...all, ...all], {
      before: ({ streams, wire }, piece) => {
        if (piece % all.length !== 0) return
        wire.timeNs += SILENCE_NS
        streams.tick(wire.timeNs)
      },
    }).records
  const { records } = whole(member, sample)
  // What ends with the connection can't be said again.
  if (without([...records, ...records, ...records], thrice(all)).length > 0) return []
  const missing = without(without(without(thrice(all), records), records), thrice(lost))
  return missing.map((record) => `message ${message} lost: behind it is no ${record}`)
}

function gap(member: Member, sample: Sample, message: number, at: number, bytes: number): string[] {
  const pieces = piecesOf(sample).map((one) =>
    one.message === message ? { ...one, lost: { at, bytes } } : one,
  )
  const where = `${bytes} bytes at ${at} of message ${message}`
  return costs(play(member, sample, pieces), whole(member, sample), costOf(sample, message), where)
}

function truncated(member: Member, sample: Sample): string[] {
  const pieces = piecesOf(sample)
  return pieces.flatMap((last, index) =>
    positions(last.bytes.length, 40).flatMap((at) => {
      const shown: Piece[] = [...pieces.slice(0, index), { ...last, bytes: last.bytes.subarray(0, at) }]
      const kept = untouched(sample, (message) => message >= index)
      const begun = untouched(sample, (message) => message < index || (message === index && at > 0))
      const changed = sample.records.length - kept.length - begun.length
      const found = play(
        member,
        sample,
        shown.filter(({ bytes }) => bytes.length > 0),
      )
      return costs(found, whole(member, sample), { kept, changed }, `message ${index} cut at ${at}`)
    }),
  )
}
