/** The suite is able to fail: protocols that are broken on purpose, and the check that says so. */
import { expect, test } from 'bun:test'
import { http } from '../../../src/protocols/http'
import type { Conversation, Link, Protocol } from '../../../src/protocols/protocol'
import { keyedProtocol } from '../../streams/keyed-protocol'
import { linesProtocol } from '../../streams/plain-protocol'
import { SAMPLES } from '../http/samples'
import { problemsOf } from '.'
import * as Broken from './broken'
import { CHECKS } from './checks'
import { keyed, lines } from './members'
import type { Member, Sample } from './sample'

const CLAIMS = 'the sample shows what it claims'
const WHOLE = 'whole messages give the records'
const GAPS = 'a gap at any place costs only what it touches'

const BROKEN: readonly (readonly [new (link: Link) => Conversation, string])[] = [
  [Broken.Silent, WHOLE],
  [Broken.ReadsNothing, WHOLE],
  [Broken.Passes, WHOLE],
  [Broken.Constant, WHOLE],
  [Broken.Counting, WHOLE],
  [Broken.Throws, WHOLE],
  [Broken.ThrowsAtNoise, 'changed bytes do no harm'],
  [Broken.Eventwise, 'messages cut in two at every place'],
  [Broken.Eventwise, 'every byte in an event of its own'],
  [Broken.InOrder, 'keyed: messages come in any order'],
  [Broken.InOrder, 'a lost message costs its record, and pairs nobody with another'],
  [Broken.Leaks, WHOLE],
  [Broken.LeaksUnderWay, 'under way: shown while it lasts, and stored once'],
  [Broken.HoldsNothing, 'held is what waits'],
  [Broken.HoldsOne, 'a request is held, in a row, or given up and counted'],
  [Broken.HoldsNonsense, 'held is what waits'],
  [Broken.NeverGivesBack, 'truncated: what was complete is said, nothing else'],
  [Broken.NeverSheds, 'shed gives up what waits, and goes on'],
  [Broken.ForgetsWithoutCounting, 'a lost message costs its record, and pairs nobody with another'],
  [Broken.DropsAtGap, GAPS],
  [Broken.BlindToGaps, GAPS],
  [Broken.NeverFindsBack, GAPS],
  [Broken.SeeksBehindTheEnd, GAPS],
  [Broken.StoresWhatWaits, 'under way: shown while it lasts, and stored once'],
  [Broken.ShowsTwice, 'under way: shown while it lasts, and stored once'],
  [Broken.ShowsNothing, 'under way: shown while it lasts, and stored once'],
  [Broken.AnswersTwice, 'datagrams that come twice are no second record'],
  [Broken.Stalls, 'every byte in an event of its own'],
  [Broken.StallsAtZero, 'every byte in an event of its own'],
  [Broken.GoesBack, 'every byte in an event of its own'],
  [Broken.InvalidNowhere, 'changed bytes do no harm'],
  [Broken.Eventwise, 'random pieces'],
  [Broken.OnePerEvent, 'messages that one side says in a row come in one event'],
  [Broken.DeafToPlaintext, 'the plaintext of TLS says the same'],
  [Broken.NeverFindsBack, 'a start that is cut off costs the first message only'],
  [Broken.NeverFindsBack, 'joined under way at any message'],
  [Broken.NeverFindsBack, 'garbage in front costs the first message at most'],
  [Broken.OneAtATime, 'pipelined: requests before their responses'],
  [Broken.Confused, 'datagrams that change places cost their own records only'],
  [Broken.Hoards, 'what the client says again and again stays within the budget'],
  [Broken.Hoards, 'what the server says again and again stays within the budget'],
  [Broken.Passes, 'a message that never ends is given up'],
  [Broken.EndsTheEndless, 'a message that never ends is given up'],
  [Broken.ThrowsAtNoise, 'changed bytes one by one do no harm'],
  [Broken.ThrowsAtNoise, 'random bytes do no harm'],
  [Broken.ThrowsAtUnknown, 'messages in any order, from either side, do no harm'],
  [Broken.shared, 'other connections in between change nothing'],
]

function leavingTo(next: string, inner: Conversation): Conversation {
  return {
    held: 0,
    isUndecided: false,
    read: (side, input) => {
      const read = inner.read(side, input)
      return typeof read === 'object' && 'leave' in read ? { leave: next } : read
    },
    seek: (side, bytes, from) => inner.seek(side, bytes, from),
    gap: () => false,
    settle: () => {},
    shed: () => {},
  }
}

const failing = (member: Member, check: string): string[] =>
  member.samples.flatMap((sample) => problemsOf(check, member, sample))

/** Beside its own samples one in which both ends take turns. */
const withTurns: Member = {
  ...keyed,
  samples: [
    ...keyed.samples,
    {
      name: 'turns',
      shows: ['in-order', 'pipelined'],
      records: ['1 one', '2 two', '3 three'],
      messages: [1, 2, 3].flatMap((n) => [
        { from: 'client' as const, bytes: `?${n} ${['one', 'two', 'three'][n - 1]}\n` },
        { from: 'server' as const, bytes: `!${n} yes\n` },
      ]),
    },
  ],
}

test.each(BROKEN)('%p fails: %s', (Conversation, check) => {
  expect(failing({ ...withTurns, protocol: keyedProtocol(Conversation) }, check)).not.toEqual([])
})

const with_ = (protocol: Partial<Protocol>): Member => ({
  ...keyed,
  protocol: { ...keyedProtocol(), ...protocol },
})

const OTHER_PROTOCOLS: readonly (readonly [string, Member, string])[] = [
  [
    'sure of everything',
    with_({ recognise: () => ({ side: 'client', sure: true }) }),
    'noise is not taken for sure',
  ],
  ['knowing nothing', with_({ recognise: () => 'no' }), WHOLE],
  [
    'knowing long openings only',
    with_({ recognise: (head) => (head.bytes.length < 9 ? 'no' : keyedProtocol().recognise(head)) }),
    'more bytes never contradict what fewer said',
  ],
  [
    'deaf to greetings',
    with_({ recognise: (head) => (head.from === 'server' ? 'no' : keyedProtocol().recognise(head)) }),
    'greeting: the server alone makes the protocol known',
  ],
  ['finding places before', with_({ search: () => 0 }), 'search finds places in the bytes'],
  [
    'that takes what is another’s',
    {
      protocol: linesProtocol({ client: 'GET ', server: 'HTTP/', sure: false }),
      samples: [
        {
          name: 'HTTP',
          shows: ['one-way'],
          records: ['GET /a', 'GET /b', 'GET /c'],
          messages: ['a', 'b', 'c'].map((path, i) => ({
            from: 'client',
            bytes: `GET /${path} HTTP/1.1\r\n\r\n`,
            of: [i],
          })),
        },
      ],
    },
    'the other protocols in the list change nothing',
  ],
  [
    'that says a wrong name when it leaves',
    {
      ...lines,
      protocol: { ...lines.protocol, open: (link) => leavingTo('nobody', lines.protocol.open(link)) },
    },
    'hand-over: what follows is the next one’s',
  ],
]

test.each(OTHER_PROTOCOLS)('a protocol %s fails', (_, member, check) => {
  expect(failing(member, check)).not.toEqual([])
})

test('a sample that shows less than it claims fails', () => {
  for (const shows of ['greeting', 'pushed', 'one-way', 'multiplexed', 'hand-over'] as const) {
    const sample: Sample = { ...keyed.samples[0]!, shows: [shows] }
    expect(problemsOf(CLAIMS, keyed, sample), shows).not.toEqual([])
  }
})

const FOLLOWED = 'behind a lost message and a silence all is as before'

test('every check is failed by one that is broken', () => {
  const failed = [
    ...BROKEN.map(([, check]) => check),
    ...OTHER_PROTOCOLS.map(([, , check]) => check),
    CLAIMS,
    FOLLOWED,
  ]
  expect(CHECKS.map(({ name }) => name).filter((name) => !failed.includes(name))).toEqual([])
})

/** HTTP, except for how it takes holes. */
function withGap(gap: (link: Link, inner: Conversation) => Conversation['gap']): Member {
  const open = (link: Link) => {
    const inner = http.open(link)
    return Object.create(inner, {
      gap: { value: gap(link, inner) },
      held: { get: () => inner.held },
      isUndecided: { get: () => inner.isUndecided },
      ...Object.fromEntries(
        (['read', 'seek', 'settle', 'underWay', 'shed'] as const).map((name) => [
          name,
          { value: (...rest: []) => (inner[name] as () => unknown).apply(inner, rest) },
        ]),
      ),
    }) as Conversation
  }
  return { protocol: { ...http, open }, samples: SAMPLES }
}

test('HTTP that never finds its way back fails', () => {
  const member = withGap((_, inner) => (side, bytes, timeNs) => {
    for (let i = 0; i < 2; i++) inner.gap(side, bytes, timeNs)
    inner.gap = () => false
    inner.seek = () => -1
    inner.read = (__, input) => {
      input.pos = input.end
      return 'need-more'
    }
    return false
  })
  expect(failing(member, FOLLOWED)).not.toEqual([])
})

test('HTTP that pairs what it doesn’t know fails', () => {
  const member = withGap(() => () => false)
  expect(failing(member, 'a lost message costs its record, and pairs nobody with another')).not.toEqual([])
})
