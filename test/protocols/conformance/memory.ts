/** What waits is known, bounded, and given back. */
import type { Conversation, Protocol } from '../../../src/protocols/protocol'
import { Wire } from '../../streams/wire'
import { type Check, isStream } from './check'
import { costs, located } from './compare'
import { piece, play, STREAM_BYTES, type Stage, whole } from './play'
import { can, isInOrder, type Member, messagesOf, type Piece, piecesOf, type Sample } from './sample'

const FLOOD = 3000
const BUDGET = 256 << 10
/** A buffer has room for twice what is in it, in each direction. */
const MOST_BUFFERED = 4 * STREAM_BYTES

export const memoryChecks: readonly Check[] = [
  {
    name: 'held is what waits',
    problems: (member, sample) => {
      const problems: string[] = []
      const found = play(member, sample, piecesOf(sample), {
        before: ({ streams }, at) => {
          if (waiting(sample, at).length > 0 && streams.heldBytes === 0)
            problems.push(`before message ${at} a record waits for its rest, and nothing is held`)
        },
      })
      return [...problems, ...located(found, 'whole')]
    },
  },
  {
    name: 'a request is held, in a row, or given up and counted',
    applies: (sample) => can(sample, 'in-order') || can(sample, 'keyed'),
    problems: (member, sample) => {
      const first = messagesOf(sample).flatMap((own) => (own.length > 1 ? [own[0]!] : []))
      const requests = first.map((message) => piecesOf(sample)[message]!)
      // With a key what is said again may be the same request.
      const many = can(sample, 'keyed') ? requests : Array<Piece>(50).fill(requests[0]!)
      const once = becameOf(member, sample, [requests[0]!])
      const all = becameOf(member, sample, many)
      const held = once.heldBytes === 0 ? 0 : all.heldBytes / once.heldBytes
      if (held + all.inRows + all.givenUp >= many.length / 2) return []
      const words = `${all.heldBytes} bytes are held (of one ${once.heldBytes}), ${all.inRows} are in rows`
      return [`of ${many.length} requests ${words}, ${all.givenUp} are given up`]
    },
  },
  {
    name: 'shed gives up what waits, and goes on',
    problems: (member, sample) =>
      piecesOf(sample).flatMap((_, at) => {
        const touched = waiting(sample, at)
        const all = sample.records.map((_, record) => record)
        const kept = isInOrder(sample) ? [] : all.filter((record) => !touched.includes(record))
        const found = play(member, sample, piecesOf(sample), {
          others: [HOG],
          limits: { heldBytes: BUDGET },
          before: (stage, i) => {
            if (i === at) starve(stage)
          },
        })
        const changed = kept.length === all.length ? 0 : all.length - kept.length
        return costs(found, whole(member, sample), { kept, changed }, `shed before message ${at}`)
      }),
  },
  ...(['client', 'server'] as const).map(
    (side): Check => ({
      name: `what the ${side} says again and again stays within the budget`,
      applies: (sample) => sample.messages.some(({ from }) => from === side),
      problems: (member, sample) => flood(member, sample, side),
    }),
  ),
  { name: 'a message that never ends is given up', applies: isStream, problems: endless },
]

/** Records with messages both before message `at` and from it on. */
function waiting(sample: Sample, at: number): number[] {
  return messagesOf(sample).flatMap((own, record) => (own[0]! < at && own.at(-1)! >= at ? [record] : []))
}

/** What became of requests without an answer so far. */
function becameOf(member: Member, sample: Sample, pieces: readonly Piece[]) {
  const became = { heldBytes: 0, inRows: 0, givenUp: 0 }
  play(member, sample, pieces, {
    before: ({ streams, counters, sink }, i) => {
      if (i !== pieces.length) return
      became.heldBytes = streams.heldBytes
      became.inRows = [...sink.tables.values()].flat().length
      became.givenUp = counters.unpairedFrames
    },
  })
  return became
}

/** Holds more than the budget and gives nothing up: everyone else has to. */
const hog: Conversation = {
  held: BUDGET + 1,
  isUndecided: false,
  read: (_, input) => {
    input.pos = input.end
    return 'need-more'
  },
  seek: () => -1,
  gap: () => true,
  settle: () => {},
  shed: () => {},
}

const HOG: Protocol = {
  name: 'hog',
  label: 'Hog',
  code: 98,
  tables: [],
  transports: ['tcp'],
  captureCap: 4096,
  recognise: ({ bytes }) =>
    Buffer.from(bytes).toString('latin1') === 'HOG' ? { side: 'client', sure: true } : 'no',
  open: () => hog,
}

function starve({ streams }: Stage): void {
  const wire = new Wire({ remote: ['10.0.0.9', 9] })
  streams.handle(wire.open())
  streams.handle(wire.request('HOG'))
  streams.handle(wire.close())
  streams.tick(wire.timeNs + 200e6)
}

function flood(member: Member, sample: Sample, side: Piece['from']): string[] {
  const own = piecesOf(sample).filter(({ from }) => from === side)
  const pieces = Array.from({ length: FLOOD }, (_, i) => own[i % own.length]!)
  let most = 0
  const found = play(member, sample, pieces, {
    limits: { heldBytes: BUDGET },
    before: ({ streams }) => {
      most = Math.max(most, streams.heldBytes)
    },
  })
  const tooMuch = most > BUDGET ? [`${most} bytes were held, of ${BUDGET}`] : []
  return [...tooMuch, ...located(found, 'flood')]
}

function endless(member: Member, sample: Sample): string[] {
  const first = piecesOf(sample)[0]!
  const begun = { ...first, bytes: first.bytes.subarray(0, first.bytes.length - 1) }
  const filler = piece(first.from, new Uint8Array(4096).fill(0x61))
  const before = can(sample, 'once') ? [] : [first]
  const pieces = [...before, begun, ...Array<Piece>(100).fill(filler)]
  let most = 0
  let noticed = 0
  const found = play(member, sample, pieces, {
    before: ({ streams, wire, counters }, i) => {
      most = Math.max(most, streams.heldBytes)
      if (i === pieces.length) streams.tick(wire.timeNs + 20e9)
      const { resets, parseFailures, unknownConnections } = counters
      const sum = resets + parseFailures + unknownConnections
      if (i === 1) noticed = -sum
      if (i === pieces.length) noticed += sum
    },
  })
  return [
    ...(most > MOST_BUFFERED ? [`${most} bytes were held`] : []),
    ...(noticed === 0 ? ['nobody gave it up'] : []),
    ...located(found, 'endless'),
  ]
}
