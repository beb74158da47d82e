/** The reader gets on whatever a conversation answers. */
import { describe, expect, test } from 'bun:test'
import { newCounters } from '../../src/health/counters'
import type { Conversation, Input, Read, Side } from '../../src/protocols/protocol'
import { Half } from '../../src/streams/half'
import { DEFAULT_STREAM_LIMITS } from '../../src/streams/limits'
import { Reader } from '../../src/streams/reader'
import { WorkBudget } from '../../src/streams/work'
import { bytesOf, random } from './wire'

interface Gap {
  readonly side: Side
  readonly bytes: number
}

/** Answers as told, and keeps what it was asked. */
class Told implements Conversation {
  readonly held = 0
  readonly isUndecided = false
  reads = 0
  sought = 0
  readonly gaps: Gap[] = []
  readonly seen: string[] = []
  passes = false
  readonly #answer: (input: Input, read: number) => Read
  readonly #seek: (bytes: Uint8Array, from: number) => number

  constructor(
    answer: (input: Input, read: number) => Read,
    seek: (bytes: Uint8Array, from: number) => number = (_, from) => from,
  ) {
    this.#answer = answer
    this.#seek = seek
  }

  read(_: Side, input: Input): Read {
    this.seen.push(Buffer.from(input.bytes.subarray(input.pos, input.end)).toString('latin1'))
    return this.#answer(input, this.reads++)
  }

  seek(_: Side, bytes: Uint8Array, from: number): number {
    this.sought += bytes.length - from
    return this.#seek(bytes, from)
  }

  gap(side: Side, bytes: number): boolean {
    this.gaps.push({ side, bytes })
    return this.passes && bytes !== Number.POSITIVE_INFINITY
  }

  settle(): void {}
  shed(): void {}
}

function reading(told: Told, limits = {}) {
  const counters = newCounters()
  const client = new Half(true)
  const server = new Half(true)
  server.side = 'server'
  const reader = new Reader(told, [client, server], {
    counters,
    limits: { ...DEFAULT_STREAM_LIMITS, ...limits },
    searches: new WorkBudget(64 << 20),
  })
  return { reader, counters, client, server, told }
}

const line = (input: Input): Read => {
  const at = input.bytes.indexOf(10, input.pos)
  if (at < 0 || at >= input.end) return 'need-more'
  input.pos = at + 1
  return 'message'
}

describe('a conversation that doesn’t get on', () => {
  const answers: readonly (readonly [string, (input: Input, read: number) => Read])[] = [
    ['message', () => 'message'],
    ['skips nothing', () => ({ skip: 0 })],
    ['skips backwards', () => ({ skip: -7 })],
    ['skips NaN', () => ({ skip: Number.NaN })],
    ['is invalid for 0 bytes', () => ({ invalid: 'x', bytes: 0 })],
    ['is invalid for -5 bytes', () => ({ invalid: 'x', bytes: -5 })],
    ['is invalid for NaN bytes', () => ({ invalid: 'x', bytes: Number.NaN })],
    [
      'goes back',
      (input) => {
        input.pos -= 3
        return 'message'
      },
    ],
    [
      'goes behind the end',
      (input) => {
        input.pos = input.end + 9
        return 'message'
      },
    ],
    [
      'goes to NaN',
      (input) => {
        input.pos = Number.NaN
        return 'message'
      },
    ],
    ['message and nothing by turns', (_, read) => (read % 2 === 0 ? 'message' : { skip: 0 })],
  ]

  test.each(answers)('%s', (_, answer) => {
    for (const payload of ['x', 'x'.repeat(1000)]) {
      const { reader, counters, client, told } = reading(new Told(answer))
      for (let i = 0; i < 20; i++) if (reader.bytes(client, bytesOf(payload), i) === 'mistaken') break
      expect(told.reads).toBeLessThanOrEqual(10 * 20 * payload.length)
      expect(counters.parseFailures + counters.frames).toBeGreaterThan(0)
      expect(client.length).toBeLessThanOrEqual(payload.length * 20)
    }
  })

  test.each([
    ['before', () => 0],
    ['far before', () => -100],
    ['behind the end', (bytes: Uint8Array) => bytes.length + 3],
    ['NaN', () => Number.NaN],
  ] as const)('seeks %s', (_, seek) => {
    const { reader, client, told } = reading(
      new Told((input) => (input.pos < 3 ? 'message' : line(input)), seek),
    )
    for (let i = 0; i < 5; i++) reader.bytes(client, bytesOf('bytes\n'.repeat(100)), i)
    expect(told.reads).toBeLessThan(10_000)
  })
})

describe('bytes', () => {
  test('that lie whole in one event aren’t kept', () => {
    const { reader, client, told, counters } = reading(new Told(line))
    reader.bytes(client, bytesOf('one\ntwo\n'), 1)
    expect(told.seen).toEqual(['one\ntwo\n', 'two\n'])
    expect(client.bytes.length).toBe(0)
    expect(counters.frames).toBe(2)
  })

  test('that are left wait for the rest, with their times', () => {
    const times: number[] = []
    const told = new Told((input) => {
      const start = input.pos
      const read = line(input)
      if (read === 'message') times.push(input.timeAt(start), input.timeAt(input.pos - 1))
      return read
    })
    const { reader, client } = reading(told)
    reader.bytes(client, bytesOf('a\nfi'), 1)
    reader.bytes(client, bytesOf('rs'), 2)
    reader.bytes(client, bytesOf('t\nlast\n'), 3)
    expect(times).toEqual([1, 1, 1, 3, 3, 3])
  })

  test('skipped ones are never seen, arrived or lost', () => {
    const told = new Told((input) => {
      if (input.bytes[input.pos] !== 0x73) return line(input)
      input.pos++
      return { skip: 10 }
    })
    const { reader, client, counters } = reading(told)
    reader.bytes(client, bytesOf('s12'), 1)
    reader.bytes(client, bytesOf('345'), 2)
    reader.missing(client, 4, 3)
    reader.bytes(client, bytesOf('0next\n'), 4)
    expect(told.seen).toEqual(['s12', 'next\n'])
    expect(told.gaps).toEqual([])
    expect(counters).toMatchObject({ gaps: 0, frames: 1 })
  })

  test('a hole that goes beyond what is skipped is one of the rest', () => {
    const told = new Told((input) => {
      if (input.bytes[input.pos] !== 0x73) return line(input)
      input.pos++
      return { skip: 10 }
    })
    const { reader, client, counters } = reading(told)
    reader.bytes(client, bytesOf('s12'), 1)
    reader.missing(client, 11, 2)
    expect(told.gaps).toEqual([{ side: 'client', bytes: 3 }])
    expect(counters).toMatchObject({ gaps: 1, gapBytes: 3 })
    expect(client.lost).toBe(true)
  })

  test('holes behind a hole cost nothing more until a message is found', () => {
    const told = new Told(line, (bytes, from) => {
      const at = bytes.indexOf(0x73, from)
      return at < 0 ? bytes.length : at
    })
    const { reader, client, counters } = reading(told)
    for (let at = 1; at < 6; at += 2) {
      reader.missing(client, 10, at)
      reader.bytes(client, bytesOf('???'), at + 1)
    }
    expect(counters).toMatchObject({ gaps: 1, gapBytes: 30 })
    reader.bytes(client, bytesOf('said\n'), 7)
    reader.missing(client, 10, 8)
    expect(counters).toMatchObject({ gaps: 2, gapBytes: 40, frames: 1 })
  })

  test('in front of a hole are missing their end', () => {
    const { reader, client, told, counters } = reading(new Told(line))
    told.passes = true
    reader.bytes(client, bytesOf('half'), 1)
    reader.missing(client, 5, 2)
    expect(told.gaps).toEqual([{ side: 'client', bytes: 'half'.length + 5 }])
    expect(counters).toMatchObject({ gaps: 0 })
    expect(client.bytes.length).toBe(0)
  })

  test('beyond what one end may hold back are given up, and counted', () => {
    const { reader, client, counters } = reading(new Told(() => 'need-more'), { streamBytes: 1000 })
    for (let i = 0; i < 5; i++) reader.bytes(client, new Uint8Array(300), i)
    expect(counters.resets).toBe(1)
    expect(client.bytes.length).toBeLessThanOrEqual(4096 + 1000)
  })

  test('what one side says lets the other go on', () => {
    let isParked = true
    const told = new Told((input) => {
      const isServer = input.bytes[input.pos] === 0x21
      if (isServer) isParked = false
      return isParked ? 'need-more' : line(input)
    })
    const { reader, client, server, counters } = reading(told)
    reader.bytes(client, bytesOf('waits\n'), 1)
    expect(counters.frames).toBe(0)
    reader.bytes(server, bytesOf('!go\n'), 2)
    expect(counters.frames).toBe(2)
  })

  test('the first places that are no message prove a mistake; after a message nothing does', () => {
    const never = reading(new Told(() => ({ invalid: 'x' })))
    expect(never.reader.bytes(never.client, new Uint8Array(100), 1)).toBe('mistaken')
    const once = reading(new Told((input, read) => (read === 0 ? line(input) : { invalid: 'x' })))
    expect(once.reader.bytes(once.client, bytesOf(`ok\n${'x'.repeat(100)}`), 1)).toBeUndefined()
    expect(once.counters.parseFailures).toBe(100)
  })

  test('what leaves gives what wasn’t read', () => {
    const { reader, client } = reading(
      new Told((input) => {
        line(input)
        return { leave: 'other' }
      }),
    )
    const outcome = reader.bytes(client, bytesOf('bye\nhello'), 1)
    expect(outcome).toMatchObject({ next: 'other', half: client })
    expect(typeof outcome === 'object' && Buffer.from(outcome.rest).toString()).toBe('hello')
  })
})

describe('the work is linear', () => {
  /** Bytes in which a beginning was looked for. */
  const soughtIn = (pieces: number, size: number, passed: number) => {
    const told = new Told(
      () => ({ invalid: 'x', bytes: passed }),
      () => -1,
    )
    const { reader, client } = reading(told)
    reader.messages = 1
    for (let i = 0; i < pieces; i++) reader.bytes(client, new Uint8Array(size), 1 + i * 1e6)
    return told.sought
  }

  test.each([
    ['byte by byte', 100_000, 1],
    ['in pieces of 16 KiB', 256, 16 << 10],
    ['in pieces of 1 MiB', 4, 1 << 20],
  ])('in a lost stream, %s', (_, pieces, size) => {
    // What waits between two searches is at most a tail.
    expect(soughtIn(pieces, size, 1)).toBeLessThanOrEqual(pieces * (size + 4096))
  })

  test('a second’s searches of one connection are bounded', () => {
    const told = new Told(
      () => ({ invalid: 'x' }),
      () => -1,
    )
    const { reader, client } = reading(told)
    reader.messages = 1
    for (let i = 0; i < 1000; i++) reader.bytes(client, new Uint8Array(64 << 10), 5e9 + i)
    expect(told.sought).toBeLessThanOrEqual((8 << 20) + (64 << 10) + 4096)
  })
})

test('random answers to random bytes: no hang, nothing held beyond the limit', () => {
  const next = random(21)
  const any = (): number => [0, 1, -1, 5, 100, Number.NaN, Number.POSITIVE_INFINITY][Math.floor(next() * 7)]!
  for (let round = 0; round < 200; round++) {
    const told = new Told(
      (input) => {
        if (next() < 0.3) input.pos = Math.min(input.end, input.pos + Math.floor(next() * 20))
        const kind = next()
        if (kind < 0.3) return 'message'
        if (kind < 0.6) return 'need-more'
        if (kind < 0.8) return { skip: any() }
        return { invalid: 'x', bytes: any() }
      },
      (_, from) => (next() < 0.5 ? -1 : from + Math.floor(next() * 50) - 5),
    )
    const { reader, client, server } = reading(told, { streamBytes: 2000 })
    for (let i = 0; i < 50; i++) {
      const half = next() < 0.5 ? client : server
      const outcome =
        next() < 0.1
          ? reader.missing(half, 1 + Math.floor(next() * 50), i)
          : reader.bytes(half, new Uint8Array(Math.floor(next() * 300)), i)
      if (outcome !== undefined) break
      expect(half.length).toBeLessThanOrEqual(2000)
      expect(half.skip).toBeGreaterThanOrEqual(0)
    }
    expect(told.reads).toBeLessThan(50 * 300 * 10)
  }
})
