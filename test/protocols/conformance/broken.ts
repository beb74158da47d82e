/** Conversations that are broken on purpose, each in one way. */
import type { Conversation, Input, Link, Read, Side, Sink } from '../../../src/protocols/protocol'
import { Keyed, keyedTable } from '../../streams/keyed-protocol'

export class Silent extends Keyed {
  override emit(): void {}
}

export class Reader extends Keyed {
  override read(side: Side, input: Input): Read {
    return this.reads(side, input, super.read(side, input))
  }
  reads(_side: Side, _input: Input, read: Read): Read {
    return read
  }
}

export class ReadsNothing extends Keyed {
  override read(): Read {
    return 'need-more'
  }
}

export class Passes extends Keyed {
  override read(_: Side, input: Input): Read {
    input.pos = input.end
    return 'need-more'
  }
}

/** Takes much that has no end for a message that has ended. */
export class EndsTheEndless extends Reader {
  override reads(_: Side, input: Input, read: Read): Read {
    if (read !== 'need-more' || input.end - input.pos < 4096) return read
    input.pos = input.end
    this.link.dropped(1)
    return 'message'
  }
}

export class Constant extends Keyed {
  override emit(): void {
    const row = { upid: 'u', remote_port: 40_000, request: 'a', response: 'b', outcome: 'complete' }
    this.link.sink.append(keyedTable, { ...row, time_: 2e9, latency: 1 })
  }
}

/** Says what number of record it is, and nothing of the bytes. */
export class Counting extends Keyed {
  #count = 0
  override redacted(): string {
    return `1 record ${++this.#count}`
  }
}

export class Throws extends Keyed {
  override answers(): void {
    throw new Error('wire data')
  }
}

export class ThrowsAtNoise extends Keyed {
  override takes(mark: string, text: string, timeNs: number): void {
    if (/[^ -~]/.test(text)) throw new Error('no text')
    super.takes(mark, text, timeNs)
  }
}

/** What comes in two events is read as two. */
export class Eventwise extends Reader {
  override reads(_: Side, input: Input, read: Read): Read {
    if (read === 'need-more') input.pos = input.end
    return read
  }
}

/** Takes the newest request for the answered one, whatever its key. */
export class InOrder extends Keyed {
  override answers(_: string, response: string, timeNs: number): void {
    super.answers([...this.waiting.keys()].at(-1) ?? '', response, timeNs)
  }
}

export class Leaks extends Keyed {
  override redacted(text: string): string {
    return text
  }
}

/** Takes secrets out of what waits in the end, and shows them while it waits. */
export class LeaksUnderWay extends Keyed {
  override redacted(text: string): string {
    return text
  }
  override emit(...[row, outcome, nowNs, sink]: Parameters<Keyed['emit']>): void {
    const clean = (text: string) => (outcome === 'waiting' ? text : super.redacted(text))
    super.emit({ ...row, request: clean(row.request), response: clean(row.response) }, outcome, nowNs, sink)
  }
}

export class HoldsNothing extends Keyed {
  override get held(): number {
    return 0
  }
}

export class HoldsOne extends Keyed {
  #asked: string[] = []
  override get held(): number {
    return Math.min(1, this.waiting.size)
  }
  override asks(key: string, text: string, timeNs: number): void {
    this.#asked.push(text)
    if (!this.waiting.has(key)) super.asks(key, text, timeNs)
  }
}

export class HoldsNonsense extends Keyed {
  override get held(): number {
    return Number.NaN
  }
}

export class NeverGivesBack extends Keyed {
  override settle(): void {}
}

export class NeverSheds extends Keyed {
  override shed(): void {}
}

export class ForgetsWithoutCounting extends Keyed {
  override answers(key: string, response: string, timeNs: number): void {
    if (this.waiting.has(key)) super.answers(key, response, timeNs)
  }
}

export class DropsAtGap extends Keyed {
  override gap(): boolean {
    for (const key of this.waiting.keys()) this.giveUp(key)
    return false
  }
}

/** Reads on behind a hole as if nothing were missing. */
export class BlindToGaps extends Keyed {
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

export class NeverFindsBack extends Keyed {
  override seek(): number {
    return -1
  }
}

export class SeeksBehindTheEnd extends Keyed {
  override seek(_: Side, bytes: Uint8Array): number {
    return bytes.length + 5
  }
}

export class StoresWhatWaits extends Keyed {
  override underWay(nowNs: number, _: Sink): void {
    super.underWay(nowNs, this.link.sink)
  }
}

export class ShowsTwice extends Keyed {
  override underWay(nowNs: number, sink: Sink): void {
    super.underWay(nowNs, sink)
    super.underWay(nowNs, sink)
  }
}

export class ShowsNothing extends Keyed {
  override underWay(): void {}
}

/** Answers again what was answered. */
export class AnswersTwice extends Keyed {
  #done = new Map<string, [string, number]>()
  override answers(key: string, response: string, timeNs: number): void {
    const request = this.waiting.get(key)
    if (request) this.#done.set(key, [request.text, request.startNs])
    const known = this.#done.get(key)
    if (!request && known) super.asks(key, ...known)
    super.answers(key, response, timeNs)
  }
}

export class Stalls extends Reader {
  override reads(_side: Side, _input: Input, read: Read): Read {
    return read === 'need-more' ? 'message' : read
  }
}

export class StallsAtZero extends Reader {
  override reads(_side: Side, _input: Input, read: Read): Read {
    return read === 'need-more' ? { skip: 0 } : read
  }
}

export class GoesBack extends Reader {
  override reads(_: Side, input: Input, read: Read): Read {
    if (read === 'need-more') input.pos -= 1
    return read
  }
}

export class InvalidNowhere extends Reader {
  override reads(_side: Side, _input: Input, read: Read): Read {
    return typeof read === 'object' ? { invalid: 'nothing', bytes: 0 } : read
  }
}

/** Reads the first message of an event only. */
export class OnePerEvent extends Reader {
  override reads(_: Side, input: Input, read: Read): Read {
    if (read === 'message') input.pos = input.end
    return read
  }
}

export class DeafToPlaintext extends Keyed {
  override emit(...[row, outcome, nowNs, sink]: Parameters<Keyed['emit']>): void {
    if (this.link.transport !== 'tls') super.emit(row, outcome, nowNs, sink)
  }
}

/** Forgets the last request when another one comes. */
export class OneAtATime extends Keyed {
  override asks(key: string, text: string, timeNs: number): void {
    for (const other of this.waiting.keys()) this.giveUp(other)
    super.asks(key, text, timeNs)
  }
}

/** An answer without a request makes it forget everything. */
export class Confused extends Keyed {
  override answers(key: string, response: string, timeNs: number): void {
    if (!this.waiting.has(key)) for (const other of this.waiting.keys()) this.giveUp(other)
    super.answers(key, response, timeNs)
  }
}

export class ThrowsAtUnknown extends Keyed {
  override answers(key: string, response: string, timeNs: number): void {
    if (!this.waiting.has(key)) throw new Error('nobody asked')
    super.answers(key, response, timeNs)
  }
}

/** Keeps whatever was said. */
export class Hoards extends Keyed {
  #hoarded = 0
  override get held(): number {
    return this.#hoarded
  }
  override takes(mark: string, text: string, timeNs: number): void {
    this.#hoarded += 10 * text.length
    super.takes(mark, text, timeNs)
  }
}

/** One conversation for all connections. */
export const shared = (() => {
  let first: Conversation | undefined
  return function Shared(link: Link) {
    first ??= new Keyed(link)
    return first
  } as unknown as new (
    link: Link,
  ) => Conversation
})()
