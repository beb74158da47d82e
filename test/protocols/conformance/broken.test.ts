/** The suite is able to fail: protocols that are broken on purpose, and the check that says so. */
import { expect, test } from 'bun:test'
import { http } from '../../../src/protocols/http'
import type { Conversation, Input, Link, Protocol, Read, Side, Sink } from '../../../src/protocols/protocol'
import { Keyed, keyedProtocol, keyedTable } from '../../streams/keyed-protocol'
import { SAMPLES } from '../http/samples'
import { problemsOf } from '.'
import { keyed } from './members'
import type { Member, Sample } from './sample'

class Silent extends Keyed {
  override emit(): void {}
}

class Reader extends Keyed {
  override read(side: Side, input: Input): Read {
    return this.reads(side, input, super.read(side, input))
  }
  reads(_side: Side, _input: Input, read: Read): Read {
    return read
  }
}

class ReadsNothing extends Keyed {
  override read(): Read {
    return 'need-more'
  }
}

class Passes extends Keyed {
  override read(_: Side, input: Input): Read {
    input.pos = input.end
    return 'need-more'
  }
}

class Constant extends Keyed {
  override emit(): void {
    const row = { upid: 'u', remote_port: 40_000, request: 'a', response: 'b', outcome: 'complete' }
    this.link.sink.append(keyedTable, { ...row, time_: 2e9, latency: 1 })
  }
}

/** Says what number of record it is, and nothing of the bytes. */
class Counting extends Keyed {
  #count = 0
  override redacted(): string {
    return `1 record ${++this.#count}`
  }
}

class Throws extends Keyed {
  override answers(): void {
    throw new Error('wire data')
  }
}

class ThrowsAtNoise extends Keyed {
  override takes(mark: string, text: string, timeNs: number): void {
    if (/[^ -~]/.test(text)) throw new Error('no text')
    super.takes(mark, text, timeNs)
  }
}

/** What comes in two events is read as two. */
class Eventwise extends Reader {
  override reads(_: Side, input: Input, read: Read): Read {
    if (read === 'need-more') input.pos = input.end
    return read
  }
}

/** Takes the newest request for the answered one, whatever its key. */
class InOrder extends Keyed {
  override answers(_: string, response: string, timeNs: number): void {
    super.answers([...this.waiting.keys()].at(-1) ?? '', response, timeNs)
  }
}

class Leaks extends Keyed {
  override redacted(text: string): string {
    return text
  }
}

/** Takes secrets out of what waits in the end, and shows them while it waits. */
class LeaksUnderWay extends Keyed {
  override redacted(text: string): string {
    return text
  }
  override emit(...[row, outcome, nowNs, sink]: Parameters<Keyed['emit']>): void {
    const clean = (text: string) => (outcome === 'waiting' ? text : super.redacted(text))
    super.emit({ ...row, request: clean(row.request), response: clean(row.response) }, outcome, nowNs, sink)
  }
}

class HoldsNothing extends Keyed {
  override get held(): number {
    return 0
  }
}

class HoldsOne extends Keyed {
  #asked: string[] = []
  override get held(): number {
    return Math.min(1, this.waiting.size)
  }
  override asks(key: string, text: string, timeNs: number): void {
    this.#asked.push(text)
    if (!this.waiting.has(key)) super.asks(key, text, timeNs)
  }
}

class HoldsNonsense extends Keyed {
  override get held(): number {
    return Number.NaN
  }
}

class NeverGivesBack extends Keyed {
  override settle(): void {}
}

class NeverSheds extends Keyed {
  override shed(): void {}
}

class ForgetsWithoutCounting extends Keyed {
  override answers(key: string, response: string, timeNs: number): void {
    if (this.waiting.has(key)) super.answers(key, response, timeNs)
  }
}

class DropsAtGap extends Keyed {
  override gap(): boolean {
    for (const key of this.waiting.keys()) this.giveUp(key)
    return false
  }
}

/** Reads on behind a hole as if nothing were missing. */
class BlindToGaps extends Keyed {
  override gap(_side: Side, bytes: number): boolean {
    return bytes !== Number.POSITIVE_INFINITY
  }
  override read(side: Side, input: Input): Read {
    const read = super.read(side, input)
    if (typeof read !== 'object') return read
    const end = input.bytes.indexOf(10, input.pos)
    if (end < 0 || end >= input.end) return 'need-more'
    const text = Buffer.from(input.bytes.subarray(input.pos, end)).toString('latin1')
    input.pos = end + 1
    this.answers([...this.waiting.keys()][0] ?? '', text, input.timeAt(end))
    return 'message'
  }
}

class NeverFindsBack extends Keyed {
  override seek(): number {
    return -1
  }
}

class SeeksBehindTheEnd extends Keyed {
  override seek(_: Side, bytes: Uint8Array): number {
    return bytes.length + 5
  }
}

class StoresWhatWaits extends Keyed {
  override underWay(nowNs: number, _: Sink): void {
    super.underWay(nowNs, this.link.sink)
  }
}

class ShowsTwice extends Keyed {
  override underWay(nowNs: number, sink: Sink): void {
    super.underWay(nowNs, sink)
    super.underWay(nowNs, sink)
  }
}

class ShowsNothing extends Keyed {
  override underWay(): void {}
}

/** Answers again what was answered. */
class AnswersTwice extends Keyed {
  #done = new Map<string, [string, number]>()
  override answers(key: string, response: string, timeNs: number): void {
    const request = this.waiting.get(key)
    if (request) this.#done.set(key, [request.text, request.startNs])
    const known = this.#done.get(key)
    if (!request && known) super.asks(key, ...known)
    super.answers(key, response, timeNs)
  }
}

class Stalls extends Reader {
  override reads(_side: Side, _input: Input, read: Read): Read {
    return read === 'need-more' ? 'message' : read
  }
}

class StallsAtZero extends Reader {
  override reads(_side: Side, _input: Input, read: Read): Read {
    return read === 'need-more' ? { skip: 0 } : read
  }
}

class GoesBack extends Reader {
  override reads(_: Side, input: Input, read: Read): Read {
    if (read === 'need-more') input.pos -= 1
    return read
  }
}

class InvalidNowhere extends Reader {
  override reads(_side: Side, _input: Input, read: Read): Read {
    return typeof read === 'object' ? { invalid: 'nothing', bytes: 0 } : read
  }
}

/** One conversation for all connections. */
const shared = (() => {
  let first: Conversation | undefined
  return function Shared(link: Link) {
    first ??= new Keyed(link)
    return first
  } as unknown as new (
    link: Link,
  ) => Conversation
})()

const WHOLE = 'whole messages give the records'
const GAPS = 'a gap at any place costs only what it touches'

const BROKEN: readonly (readonly [new (link: Link) => Conversation, string])[] = [
  [Silent, WHOLE],
  [ReadsNothing, WHOLE],
  [Passes, WHOLE],
  [Constant, WHOLE],
  [Counting, WHOLE],
  [Throws, WHOLE],
  [ThrowsAtNoise, 'changed bytes do no harm'],
  [Eventwise, 'messages cut in two at every place'],
  [Eventwise, 'every byte in an event of its own'],
  [InOrder, 'keyed: messages come in any order'],
  [InOrder, 'a lost message costs its record, and pairs nobody with another'],
  [Leaks, WHOLE],
  [LeaksUnderWay, 'under way: shown while it lasts, and stored once'],
  [HoldsNothing, 'held is what waits'],
  [HoldsOne, 'held grows with what waits, or what is given up is counted'],
  [HoldsNonsense, 'held is what waits'],
  [NeverGivesBack, 'truncated: what was complete is said, nothing else'],
  [NeverSheds, 'shed gives up what waits, and goes on'],
  [ForgetsWithoutCounting, 'a lost message costs its record, and pairs nobody with another'],
  [DropsAtGap, GAPS],
  [BlindToGaps, GAPS],
  [NeverFindsBack, GAPS],
  [SeeksBehindTheEnd, GAPS],
  [StoresWhatWaits, 'under way: shown while it lasts, and stored once'],
  [ShowsTwice, 'under way: shown while it lasts, and stored once'],
  [ShowsNothing, 'under way: shown while it lasts, and stored once'],
  [AnswersTwice, 'datagrams that come twice are no second record'],
  [Stalls, 'every byte in an event of its own'],
  [StallsAtZero, 'every byte in an event of its own'],
  [GoesBack, 'every byte in an event of its own'],
  [InvalidNowhere, 'changed bytes do no harm'],
  [shared, 'other connections in between change nothing'],
]

const failing = (member: Member, check: string): string[] =>
  member.samples.flatMap((sample) => problemsOf(check, member, sample))

test.each(BROKEN)('%p fails: %s', (Broken, check) => {
  expect(failing({ ...keyed, protocol: keyedProtocol(Broken) }, check)).not.toEqual([])
})

const with_ = (protocol: Partial<Protocol>): Member => ({
  ...keyed,
  protocol: { ...keyedProtocol(), ...protocol },
})

test.each<readonly [string, Member, string]>([
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
])('a protocol %s fails', (_, member, check) => {
  expect(failing(member, check)).not.toEqual([])
})

test('a sample that shows less than it claims fails', () => {
  for (const shows of ['greeting', 'pushed', 'one-way', 'multiplexed', 'hand-over'] as const) {
    const sample: Sample = { ...keyed.samples[0]!, shows: [shows] }
    expect(problemsOf('the sample shows what it claims', keyed, sample), shows).not.toEqual([])
  }
})

test('HTTP that pairs what it doesn’t know fails', () => {
  const open = (link: Link) => {
    const inner = http.open(link)
    return Object.create(inner, {
      gap: { value: () => false },
      held: { get: () => inner.held },
      isUndecided: { get: () => inner.isUndecided },
      ...Object.fromEntries(
        (['read', 'seek', 'settle', 'underWay', 'shed'] as const).map((name) => [
          name,
          { value: (inner[name] as () => unknown).bind(inner) },
        ]),
      ),
    }) as Conversation
  }
  const member: Member = { protocol: { ...http, open }, samples: SAMPLES }
  expect(failing(member, 'a lost message costs its record, and pairs nobody with another')).not.toEqual([])
})
