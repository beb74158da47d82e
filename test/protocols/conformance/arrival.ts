/** However the same bytes arrive, they say the same. */
import { PROTOCOLS } from '../../../src/protocols'
import { type Row, random } from '../../streams/wire'
import { type Check, isStream } from './check'
import { costs, located, same } from './compare'
import { everyByte, joined, positions, split } from './cut'
import { interleaved } from './interleaved'
import { type Outcome, play, said, whole } from './play'
import { messagesOf, piecesOf, type Sample, textsOf } from './sample'

export const arrivalChecks: readonly Check[] = [
  {
    name: 'whole messages give the records',
    problems: (member, sample) => {
      const outcome = whole(member, sample)
      return [
        ...says(outcome, sample),
        ...located(outcome, 'whole'),
        ...outcome.rows.flatMap((row) => dated(row, sample)),
        ...(outcome.counters.unpairedFrames > 0
          ? [`${outcome.counters.unpairedFrames} messages counted as dropped`]
          : []),
      ]
    },
  },
  {
    name: 'every byte in an event of its own',
    applies: isStream,
    problems: (member, sample) =>
      same(play(member, sample, split(piecesOf(sample), everyByte)), whole(member, sample), 'bytes'),
  },
  {
    name: 'messages cut in two at every place',
    applies: isStream,
    problems: (member, sample) => {
      const pieces = piecesOf(sample)
      const longest = Math.max(...pieces.map(({ bytes }) => bytes.length))
      return positions(longest, 300).flatMap((at) => {
        const halves = split(pieces, (length) => (at > 0 && at < length ? [at] : []))
        return same(play(member, sample, halves), whole(member, sample), `cut at ${at}`)
      })
    },
  },
  {
    name: 'random pieces',
    applies: isStream,
    problems: (member, sample) => {
      const next = random(7)
      return Array.from({ length: 40 }, (_, round) => {
        const pieces = split(piecesOf(sample), (length) =>
          Array.from({ length: 4 }, () => Math.floor(next() * length)).sort((a, b) => a - b),
        )
        return same(play(member, sample, pieces), whole(member, sample), `round ${round}`)
      }).flat()
    },
  },
  {
    name: 'messages that one side says in a row come in one event',
    applies: isStream,
    problems: (member, sample) =>
      same(play(member, sample, joined(piecesOf(sample))), whole(member, sample), 'joined'),
  },
  {
    name: 'other connections in between change nothing',
    problems: interleaved,
  },
  {
    name: 'the other protocols in the list change nothing',
    problems: (member, sample) => {
      const others = PROTOCOLS.filter(({ name }) => name !== member.protocol.name)
      return same(play(member, sample, piecesOf(sample), { others }), whole(member, sample), 'among others')
    },
  },
  {
    name: 'the plaintext of TLS says the same',
    applies: isStream,
    problems: (member, sample) => {
      if (!member.protocol.transports.includes('tls')) return []
      const plain = encrypted(whole(member, sample), sample)
      const found = play(member, sample, piecesOf(sample), { isPlaintext: true })
      // Where plaintext begins and ends isn't known: the first and the last record may be unsure.
      const kept = sample.records.map((_, i) => i).slice(1, -1)
      return costs(found, plain, { kept, changed: 1 }, 'plaintext')
    },
  },
]

/** The rows hold the texts, each its own. */
function says({ records }: Outcome, sample: Sample): string[] {
  const texts = textsOf(sample)
  if (records.length !== texts.length)
    return [`${records.length} records instead of ${texts.length}: ${records}`]
  return texts.flatMap((wanted, i) =>
    wanted.flatMap((text) => {
      const quoted = JSON.stringify(text).slice(1, -1)
      const holders = records.flatMap((record, at) => (record.includes(quoted) ? [at] : []))
      return holders.length === 1 && holders[0] === i
        ? []
        : [`'${text}' is of record ${i} and in ${holders.join(', ') || 'none'}`]
    }),
  )
}

const START_NS = 1e9

function dated({ time_, latency, first_body_latency: first }: Row, sample: Sample): string[] {
  const isExchange = messagesOf(sample).every(({ length }) => length > 1)
  if (!(typeof time_ === 'number' && time_ > START_NS)) return [`time_ is ${time_}`]
  if (latency === undefined) return []
  const isRight = typeof latency === 'number' && (isExchange ? latency > 0 : latency >= 0)
  if (!isRight) return [`latency is ${latency}`]
  // The content begins within the exchange.
  const isWithin = typeof first !== 'number' || (first >= -1 && first <= latency)
  return isWithin ? [] : [`first_body_latency is ${first} of ${latency}`]
}

function encrypted(outcome: Outcome, sample: Sample): Outcome {
  const rows = outcome.rows.map((row) => ('encrypted' in row ? { ...row, encrypted: true } : row))
  return { ...outcome, rows, records: rows.map((row) => said(row, sample)) }
}
