/**
 * The invariants that every protocol must keep (`src/protocols/protocol.ts`), as one suite. A protocol gives a few
 * conversations on one connection; everything is checked through `Streams`, as live traffic would be.
 */
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT, type SocketEvent } from '../../src/events/socket-event'
import type { Protocol } from '../../src/protocols/protocol'
import { end, type Row, random, rig, Wire } from '../streams/wire'

/** One message that one side sends in one piece. */
export interface Message {
  readonly from: 'client' | 'server'
  readonly bytes: string | Uint8Array
}

export interface Sample {
  readonly name: string
  /** Request and response in turns: the client waits for each answer. */
  readonly messages: readonly Message[]
  /** The records that it makes. */
  readonly records: number
}

const STREAM_BYTES = 64 << 10

interface Piece {
  readonly from: 'client' | 'server'
  readonly bytes: Uint8Array
  /** Bytes that didn't make it into the ring: from here, so many. */
  readonly lost?: { readonly at: number; readonly bytes: number }
}

const piecesOf = (sample: Sample): Piece[] =>
  sample.messages.map(({ from, bytes }) => ({
    from,
    bytes: typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'latin1')) : bytes,
  }))

/** The events of the pieces; a loss splits its piece in two around what is missing. */
function eventsOf(wire: Wire, pieces: readonly Piece[]): SocketEvent[] {
  return pieces.flatMap(({ from, bytes, lost }) => {
    const direction = from === 'client' ? RECEIVED : SENT
    if (!lost) return [wire.data(direction, bytes)]
    const { at, bytes: missing } = lost
    const parts = [
      wire.data(direction, bytes.subarray(0, at)),
      wire.data(direction, bytes.subarray(at, at + missing)),
      wire.data(direction, bytes.subarray(at + missing)),
    ]
    return [parts[0]!, parts[2]!].filter(({ size }) => size > 0)
  })
}

/** What a record says, whatever the times were. */
function said(row: Row): string {
  const { time_, latency, ...rest } = row
  return JSON.stringify(rest)
}

interface Outcome {
  readonly records: string[]
  readonly rows: Row[]
  readonly parseFailures: number
}

function play(protocol: Protocol, pieces: readonly Piece[], fresh = true): Outcome {
  const { streams, sink, counters } = rig([protocol], { streamBytes: STREAM_BYTES })
  const wire = new Wire()
  if (fresh) streams.handle(wire.open())
  for (const event of eventsOf(wire, pieces)) streams.handle(event)
  end(streams, wire)
  const rows = protocol.tables.flatMap(({ name }) => sink.rows(name))
  return { records: rows.map(said), rows, parseFailures: counters.parseFailures }
}

const split = (pieces: readonly Piece[], cuts: (length: number) => number[]): Piece[] =>
  pieces.flatMap(({ from, bytes }) => {
    const ends = [...cuts(bytes.length), bytes.length]
    return ends.map((end, i) => ({ from, bytes: bytes.subarray(i === 0 ? 0 : ends[i - 1]!, end) }))
  })

/** Positions to try: all of a short message, a spread of a long one. */
function positions(length: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(length / most))
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step)
}

/** The records of the exchanges that a loss in message `index` doesn't touch. */
function untouched(sample: Sample, expected: readonly string[], index: number): string[] {
  const exchange = sample.messages.slice(0, index + 1).filter(({ from }, i) => {
    return from === 'client' && (i === 0 || sample.messages[i - 1]!.from === 'server')
  }).length
  return expected.filter((_, i) => i !== exchange - 1)
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0
  for (const item of whole) if (item === part[at]) at++
  return at === part.length
}

/**
 * `samples`: conversations whose exchanges make one record each, in order, and differ in what they say. One sample at
 * least should have three exchanges.
 */
export function conformance(protocol: Protocol, samples: readonly Sample[]): void {
  describe(`${protocol.name} keeps the invariants`, () => {
    for (const sample of samples) sampleTests(protocol, sample)
    interleaving(protocol, samples)
    hostileBytes(protocol, samples)
  })
}

function sampleTests(protocol: Protocol, sample: Sample): void {
  const pieces = piecesOf(sample)
  const expected = play(protocol, pieces).records

  describe(sample.name, () => {
    test('whole messages', () => {
      expect(expected).toHaveLength(sample.records)
      expect(new Set(expected).size).toBe(expected.length)
    })

    test('every byte in an event of its own', () => {
      const bytes = split(pieces, (length) => Array.from({ length: length - 1 }, (_, i) => i + 1))
      expect(play(protocol, bytes).records).toEqual(expected)
    })

    test('every message cut in two at every place', () => {
      const longest = Math.max(...pieces.map(({ bytes }) => bytes.length))
      for (const at of positions(longest, 300)) {
        const halves = split(pieces, (length) => (at > 0 && at < length ? [at] : []))
        expect(play(protocol, halves).records, `cut at ${at}`).toEqual(expected)
      }
    })

    test('random pieces', () => {
      const next = random(7)
      for (let round = 0; round < 40; round++) {
        const cut = split(pieces, (length) =>
          Array.from({ length: 4 }, () => 1 + Math.floor(next() * (length - 1))).sort((a, b) => a - b),
        ).filter(({ bytes }) => bytes.length > 0)
        expect(play(protocol, cut).records, `round ${round}`).toEqual(expected)
      }
    })

    test('times are the times of the first and the last byte', () => {
      const bytes = split(pieces, (length) => (length > 3 ? [1, length - 1] : []))
      const whole = play(protocol, bytes).rows
      for (const row of whole) {
        expect(row.latency).toBeGreaterThan(0)
        expect(row.time_).toBeGreaterThan(1e9)
      }
      expect(whole.map(({ time_ }) => time_)).toEqual(
        whole.map(({ time_ }) => time_ as number).sort((a, b) => a - b),
      )
    })

    test('truncated: what was complete is said, nothing else', () => {
      for (let last = 0; last < pieces.length; last++) {
        for (const at of positions(pieces[last]!.bytes.length, 40)) {
          const cut = [
            ...pieces.slice(0, last),
            { from: pieces[last]!.from, bytes: pieces[last]!.bytes.subarray(0, at) },
          ].filter(({ bytes }) => bytes.length > 0)
          const { records } = play(protocol, cut)
          expect(records.length).toBeLessThanOrEqual(Math.ceil((last + 1) / 2))
        }
      }
    })

    test('a start that is cut off costs the first exchange only', () => {
      const first = pieces[0]!.bytes
      for (const at of positions(first.length, 60)) {
        if (at === 0) continue
        const cut = [{ from: pieces[0]!.from, bytes: first.subarray(at) }, ...pieces.slice(1)]
        const { records } = play(protocol, cut, false)
        expect(isSubsequence(expected.slice(1), records), `cut at ${at}: ${records}`).toBe(true)
        expect(records.length - expected.length, `cut at ${at}`).toBeLessThanOrEqual(0)
      }
    })

    test('garbage in front costs the first exchange at most', () => {
      const next = random(11)
      for (let round = 0; round < 30; round++) {
        const garbage = Uint8Array.from({ length: 1 + Math.floor(next() * 400) }, () => next() * 256)
        const { records } = play(protocol, [{ from: 'client', bytes: garbage }, ...pieces], false)
        expect(isSubsequence(expected.slice(1), records), `round ${round}`).toBe(true)
        expect(isSubsequence(records, expected), `round ${round}`).toBe(true)
      }
    })

    gaps(protocol, sample, pieces, expected)
  })
}

function gaps(
  protocol: Protocol,
  sample: Sample,
  pieces: readonly Piece[],
  expected: readonly string[],
): void {
  const withLoss = (index: number, at: number, bytes: number) =>
    pieces.map((piece, i) => (i === index ? { ...piece, lost: { at, bytes } } : piece))

  const check = (index: number, at: number, bytes: number) => {
    const { records } = play(protocol, withLoss(index, at, bytes))
    const where = `${bytes} bytes at ${at} of message ${index}`
    const missing = untouched(sample, expected, index).filter((record) => !records.includes(record))
    expect(missing, `${where}: exchanges that it doesn't touch`).toEqual([])
    expect(records.length, where).toBeLessThanOrEqual(expected.length)
  }

  test('a gap at any place costs only what it touches', () => {
    for (let index = 0; index < pieces.length; index++)
      for (const at of positions(pieces[index]!.bytes.length, 50)) {
        check(index, at, Math.min(1, pieces[index]!.bytes.length - at))
        check(index, at, Math.min(17, pieces[index]!.bytes.length - at))
      }
  })

  test('a lost message costs its exchange, and pairs nobody with another', () => {
    for (let index = 0; index < pieces.length; index++) {
      check(index, 0, pieces[index]!.bytes.length)
      const { records } = play(protocol, withLoss(index, 0, pieces[index]!.bytes.length))
      expect(isSubsequence(records, expected), `message ${index}: ${records}`).toBe(true)
    }
  })
}

function interleaving(protocol: Protocol, samples: readonly Sample[]): void {
  test('what other sockets say changes nothing', () => {
    const next = random(3)
    const { streams, sink } = rig([protocol])
    const talks = Array.from({ length: 12 }, (_, i) => {
      const sample = samples[i % samples.length]!
      const wire = new Wire({ pid: 1000 + i, remote: ['10.0.0.2', 20_000 + i] })
      const pieces = split(piecesOf(sample), (length) =>
        length > 1 ? [Math.ceil(next() * (length - 1))] : [],
      )
      return { sample, pid: 1000 + i, events: [wire.open(), ...eventsOf(wire, pieces), wire.close()] }
    })
    const waiting = talks.map(({ events }) => [...events])
    while (waiting.some(({ length }) => length > 0)) {
      const event = waiting[Math.floor(next() * waiting.length)]!.shift()
      if (event) streams.handle(event)
    }
    streams.close()
    const rows = protocol.tables.flatMap(({ name }) => sink.rows(name))
    for (const { sample, pid } of talks) {
      const own = rows.filter(({ upid }) => upid === `1:${pid}:5`)
      const wanted = play(protocol, piecesOf(sample)).rows
      const plain = (row: Row) => said({ ...row, upid: '', remote_port: 0 })
      expect(own.map(plain)).toEqual(wanted.map(plain))
    }
  })
}

function hostileBytes(protocol: Protocol, samples: readonly Sample[]): void {
  test('changed bytes never throw', () => {
    const next = random(5)
    for (let round = 0; round < 300; round++) {
      const pieces = piecesOf(samples[round % samples.length]!).map(({ from, bytes }) => {
        const changed = bytes.slice()
        for (let i = 0; i < 1 + next() * 5; i++) changed[Math.floor(next() * changed.length)] = next() * 256
        return { from, bytes: changed }
      })
      play(protocol, pieces)
    }
  })

  test('random bytes never throw', () => {
    const next = random(9)
    for (let round = 0; round < 100; round++) {
      const start = piecesOf(samples[round % samples.length]!)[0]!
      const noise = Array.from({ length: 6 }, (_, i) => ({
        from: i % 2 === 0 ? ('client' as const) : ('server' as const),
        bytes: Uint8Array.from({ length: 1 + Math.floor(next() * 600) }, () => next() * 256),
      }))
      play(protocol, [start, ...noise])
    }
  })

  test('a message that never ends is given up', () => {
    const { streams, counters, sink } = rig([protocol], { streamBytes: STREAM_BYTES })
    const sample = samples[0]!
    const wire = new Wire()
    const pieces = piecesOf(sample)
    streams.handle(wire.open())
    const first = pieces[0]!
    streams.handle(wire.data(RECEIVED, first.bytes.subarray(0, first.bytes.length - 1)))
    const filler = new Uint8Array(4096).fill(0x61)
    for (let i = 0; i < 100; i++) streams.handle(wire.data(RECEIVED, filler))
    streams.tick(wire.timeNs + 20e9)
    const { resets, parseFailures, frames } = counters
    expect(resets + parseFailures + frames).toBeGreaterThan(0)
    expect(protocol.tables.flatMap(({ name }) => sink.rows(name))).toEqual([])
  })
}
