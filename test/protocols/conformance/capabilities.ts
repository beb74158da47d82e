/** What the samples say that they show, and what follows from each capability. */
import type { Protocol } from '../../../src/protocols/protocol'
import { linesProtocol } from '../../streams/plain-protocol'
import type { Check } from './check'
import { costs, located, same, without } from './compare'
import { everyByte, joined, shuffled, split } from './cut'
import { type Outcome, piece, play, said, whole } from './play'
import { can, type Member, messagesOf, type Piece, partsOf, piecesOf, type Sample, untouched } from './sample'

export const capabilityChecks: readonly Check[] = [
  {
    name: 'pipelined: requests before their responses',
    applies: (sample) => can(sample, 'pipelined'),
    problems: (member, sample) => {
      const pieces = [...from(sample, 'client'), ...from(sample, 'server')]
      return [pieces, joined(pieces), split(pieces, everyByte)].flatMap((order, i) =>
        same(play(member, sample, order), whole(member, sample), ['one by one', 'joined', 'bytes'][i]!),
      )
    },
  },
  {
    name: 'keyed: messages come in any order',
    applies: (sample) => can(sample, 'keyed') || can(sample, 'multiplexed'),
    problems: (member, sample) =>
      Array.from({ length: 30 }, (_, seed) => {
        const order = shuffled(sample, piecesOf(sample), seed)
        return sameSet(play(member, sample, order), whole(member, sample), `order ${seed}`)
      }).flat(),
  },
  {
    name: 'greeting: the server alone makes the protocol known',
    applies: (sample) => can(sample, 'greeting'),
    problems: (member, sample) => {
      const [greeting] = piecesOf(sample)
      return [[greeting!], split([greeting!], everyByte)].flatMap((pieces) => {
        const { rows, counters } = play(member, sample, pieces)
        return counters.frames + rows.length > 0 ? [] : ['the greeting alone is not read']
      })
    },
  },
  {
    name: 'hand-over: what follows is the next one’s',
    applies: (sample) => can(sample, 'hand-over'),
    problems: handOver,
  },
  {
    name: 'under way: shown while it lasts, and stored once',
    applies: (sample) => can(sample, 'under-way'),
    problems: underWay,
  },
  {
    name: 'datagrams that come twice are no second record',
    applies: (sample) => can(sample, 'datagram'),
    problems: (member, sample) => {
      const expected = whole(member, sample)
      const all = sample.records.map((_, i) => i)
      return piecesOf(sample).flatMap((twice, i) => {
        const pieces = piecesOf(sample).toSpliced(i, 0, twice)
        const found = play(member, sample, pieces)
        const where = `message ${i} twice`
        const again = without(found.records, expected.records).filter((record) =>
          expected.records.includes(record),
        )
        return [
          ...costs(found, expected, { kept: all, changed: 1 }, where),
          ...again.map((record) => `${where}: stored twice: ${record}`),
        ]
      })
    },
  },
  {
    name: 'datagrams that change places cost their own records only',
    applies: (sample) => can(sample, 'datagram'),
    problems: (member, sample) =>
      piecesOf(sample)
        .slice(1)
        .flatMap((later, i) => {
          const pieces = piecesOf(sample).toSpliced(i, 2, later, piecesOf(sample)[i]!)
          const parts = partsOf(sample)
          const isSame = parts[i]!.some((record) => parts[i + 1]!.includes(record))
          const kept = untouched(sample, (message) => isSame && (message === i || message === i + 1))
          const changed = isSame ? 2 * (sample.records.length - kept.length) : 0
          return costs(
            play(member, sample, pieces),
            whole(member, sample),
            { kept, changed },
            `${i} after ${i + 1}`,
          )
        }),
  },
]

const from = (sample: Sample, side: Piece['from']) => piecesOf(sample).filter((one) => one.from === side)

/** The same records, in whatever order. */
function sameSet(found: Outcome, expected: Outcome, where: string): string[] {
  const missing = without(expected.records, found.records)
  const extra = without(found.records, expected.records)
  return [
    ...missing.map((record) => `${where}: missing ${record}`),
    ...extra.map((record) => `${where}: extra ${record}`),
    ...located(found, where),
  ]
}

function handOver(member: Member, sample: Sample): string[] {
  const next = linesProtocol({ name: sample.next!, client: '?', server: '!' })
  const pieces = piecesOf(sample)
  const asks = piece('client', '?asks\n')
  const says = piece('server', '!says\n')
  const early = pieces.at(-1)!.from === 'server' ? [pieces.toSpliced(-1, 0, asks).concat(says)] : []
  const orders = [[...pieces, asks, says], [...pieces, says, asks], ...early]
  return orders.flatMap((order, i) =>
    [order, joined(order), split(order, everyByte)].flatMap((cut, way) =>
      goesOn(play(member, sample, cut, { others: [next] }), whole(member, sample), `order ${i}, ${way}`),
    ),
  )
}

function goesOn(found: Outcome, expected: Outcome, where: string): string[] {
  const lines = found.rows.filter(({ text }) => text === '?asks' || text === '!says')
  const rest = found.records.filter((_, i) => !lines.includes(found.rows[i]!))
  const own = without(expected.records, rest).map((record) => `${where}: missing ${record}`)
  return [
    ...own,
    ...(lines.length === 2 ? [] : [`${where}: the next protocol read ${lines.length} of 2 messages`]),
    ...located(found, where),
  ]
}

/** Lets an exchange last at each message, and looks at what is shown of it. */
function underWay(member: Member, sample: Sample): string[] {
  const expected = whole(member, sample)
  let shown = 0
  const problems = piecesOf(sample).flatMap((_, at) => {
    const looks: number[] = []
    const found = play(member, sample, piecesOf(sample), {
      before: ({ streams, live, wire }, i) => {
        if (i !== at) return
        wire.timeNs += sample.underWayNs! + 1e9
        streams.tick(wire.timeNs)
        for (let look = 0; look < 3; look++) {
          const before = [...live.tables.values()].flat().length
          streams.underWay(wire.timeNs)
          looks.push([...live.tables.values()].flat().length - before)
        }
      },
    })
    const waiting = messagesOf(sample).filter(
      (messages) => messages[0]! < at && messages.at(-1)! >= at,
    ).length
    shown += looks[0] ?? 0
    const where = `a pause before message ${at}`
    return [
      ...same(found, expected, where),
      ...(looks.some((rows) => rows > waiting) ? [`${where}: ${looks} rows of ${waiting} that last`] : []),
      ...(looks.some((rows) => rows !== looks[0])
        ? [`${where}: rows are shown at one look only: ${looks}`]
        : []),
      ...found.live
        .filter((row) => expected.records.includes(said(row, sample)))
        .map((row) => `${where}: not marked as under way: ${said(row)}`),
    ]
  })
  return shown > 0 ? problems : [...problems, 'nothing is shown while it lasts']
}

/** For each capability, what a sample shows that has it. */
const CLAIMS = {
  'in-order': (sample) => exchanges(sample).length === sample.records.length,
  pipelined: (sample) => exchanges(sample).length > 1 && can(sample, 'in-order'),
  keyed: (sample) => exchanges(sample).length > 1,
  multiplexed: (sample) => messagesOf(sample).some(({ length }) => length > 2),
  greeting: (sample) => sample.messages[0]?.from === 'server',
  'one-way': (sample) => saidBy(sample, 'client'),
  pushed: (sample) => saidBy(sample, 'server'),
  'hand-over': (sample) => sample.next !== undefined,
  'under-way': (sample) => sample.underWayNs !== undefined,
  once: (sample) => sample.records.length === 1 && exchanges(sample).length === 1,
  datagram: (_, { transports }) => transports.includes('udp'),
} as const satisfies Record<string, (sample: Sample, protocol: Protocol) => boolean>

export const claimChecks: readonly Check[] = [
  {
    name: 'the sample shows what it claims',
    problems: ({ protocol }, sample) =>
      sample.shows.flatMap((capability) =>
        (CLAIMS[capability] as (sample: Sample, protocol: Protocol) => boolean)(sample, protocol)
          ? []
          : [`it shows nothing that is ${capability}`],
      ),
  },
]

/** Records that both sides have a part in, the client first. */
const exchanges = ({ messages, ...rest }: Sample) =>
  messagesOf({ messages, ...rest }).filter(
    (own) => messages[own[0]!]?.from === 'client' && own.some((i) => messages[i]!.from === 'server'),
  )

/** A record that this side alone says. */
const saidBy = (sample: Sample, side: Piece['from']) =>
  messagesOf(sample).some((own) => own.length > 0 && own.every((i) => sample.messages[i]!.from === side))
