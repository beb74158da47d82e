/** Connections that the kernel sheds for a while: each stream has its row or is counted, and none is mistaken for another. */
import { describe, expect, test } from 'bun:test'
import { EVENT_BACK, EVENT_SHED, type SocketEvent } from '../../../src/events/socket-event'
import { brief, client, closed, joined, server, type Talk, talk } from './stage'
import { answer, data, END_HEADERS, END_STREAM, frame, get, headers, integer, post, remembered } from './talk'

const after = (event: SocketEvent, isWithin = false): SocketEvent => ({ ...event, afterShed: true, isWithin })

/** From here on the connection is shed; these streams begin meanwhile, of which the kernel counts so many. */
function shed(stage: Talk, streams: readonly number[], isTold = true): void {
  if (isTold) stage.streams.handle({ ...stage.wire.found(), kind: EVENT_SHED, pid: 0, startTicks: 0 })
  for (const stream of streams) {
    stage.wire.request(get(stream, '/shed'))
    stage.wire.response(answer(stream, 200, {}, END_STREAM))
  }
}

let kernelCount = 0
/** The kernel's sum so far reaches user space now and then. */
function tell({ streams, wire }: Talk, more: number): void {
  kernelCount += more
  streams.totals({
    connId: wire.connId,
    bytesSent: 0,
    bytesReceived: 0,
    lostEvents: 0,
    shedExchanges: kernelCount,
  })
}

function back(stage: Talk, counted: number, bytes: Uint8Array, isWithin = false): void {
  stage.streams.handle({ ...stage.wire.found(), kind: EVENT_BACK, size: counted })
  stage.streams.handle(after(stage.wire.request(bytes), isWithin))
}

function exchange(stage: Talk, stream: number, path = `/${stream}`): void {
  stage.say(client(get(stream, path)), server(answer(stream, 200, {}, END_STREAM)))
}

/** What was counted, and the rows. */
function sum(stage: Talk): { shed: number; rows: string[] } {
  const rows = closed(stage).map(brief)
  stage.streams.shedExchanges(stage.wire.timeNs)
  const all = stage.sink.rows('shed_exchanges')
  return { shed: all.reduce((shed, { exchanges }) => shed + Number(exchanges), 0), rows }
}

const start = (): Talk => {
  kernelCount = 0
  return talk({ isGated: true })
}

describe('a connection is shed and comes back', () => {
  // The kernel sees all, some, none, or more than there are (what looks like a stream in bytes that it joined in the middle).
  test.each([10, 7, 0, 12])(
    'streams are counted by their numbers, whatever the kernel has seen (%d of 10)',
    (seen) => {
      const stage = start()
      exchange(stage, 1)
      shed(
        stage,
        Array.from({ length: 10 }, (_, i) => 3 + 2 * i),
      )
      back(stage, seen, get(23, '/23'))
      stage.say(server(answer(23, 200, {}, END_STREAM)))
      tell(stage, seen)
      exchange(stage, 25)
      expect(sum(stage)).toEqual({
        shed: 10,
        rows: ['GET /1 200 complete 0 0', 'GET /23 200 complete 0 0', 'GET /25 200 complete 0 0'],
      })
      expect(stage.counters).toMatchObject({ gaps: 0, unpairedFrames: 0, parseFailures: 0 })
    },
  )

  test('what waits is counted, what is under way is cut, and later answers are nobody’s', () => {
    const stage = start()
    stage.say(
      client(get(1, '/under-way')),
      server(answer(1, 200)),
      client(get(3, '/waits')),
      client(post(5, '/up')),
    )
    shed(stage, [7, 9])
    back(stage, 2, joined(data(5, 'end', END_STREAM), get(11, '/11')))
    stage.say(
      server(answer(3, 203, {}, END_STREAM)),
      server(answer(9, 209, {}, END_STREAM)),
      server(answer(11, 211, {}, END_STREAM)),
      server(data(1, 'end', END_STREAM)),
      server(answer(5, 205, {}, END_STREAM)),
    )
    tell(stage, 2)
    expect(sum(stage)).toEqual({ shed: 4, rows: ['GET /under-way 200 cut 0 0', 'GET /11 211 complete 0 0'] })
    expect(stage.counters).toMatchObject({ gaps: 0, unpairedFrames: 0, parseFailures: 0 })
  })

  test('it comes back within the bytes of a client, with a part of a frame', () => {
    const stage = start()
    exchange(stage, 1)
    shed(stage, [3])
    const upload = data(3, 'x'.repeat(500), END_STREAM)
    stage.wire.request(upload.subarray(0, 300))
    back(stage, 1, joined(upload.subarray(300), get(5, '/5')), true)
    stage.say(client(get(7, '/7')), server(answer(3, 203, {}, END_STREAM)))
    stage.say(server(answer(7, 207, {}, END_STREAM)), server(answer(5, 205, {}, END_STREAM)))
    tell(stage, 1)
    expect(sum(stage)).toEqual({
      shed: 1,
      rows: ['GET /1 200 complete 0 0', 'GET /7 207 complete 0 0', 'GET /5 205 complete 0 0'],
    })
  })

  test('often, also without a word of the kernel, and to the end', () => {
    const stage = start()
    exchange(stage, 1)
    shed(stage, [3, 5])
    back(stage, 2, get(7, '/7'))
    shed(stage, [9, 11, 13], false)
    back(stage, 3, get(15, '/15'))
    stage.say(server(answer(15, 200, {}, END_STREAM)))
    shed(stage, [17])
    tell(stage, 6)
    expect(sum(stage)).toEqual({ shed: 7, rows: ['GET /1 200 complete 0 0', 'GET /15 200 complete 0 0'] })
  })

  test('numbers that a client leaves out are no streams beyond its bytes', () => {
    const stage = start()
    exchange(stage, 1)
    shed(stage, [3])
    back(stage, 1, get(0x7fff_ffff, '/last'))
    stage.say(server(answer(0x7fff_ffff, 200, {}, END_STREAM)))
    tell(stage, 1)
    const { shed: counted, rows } = sum(stage)
    expect(rows).toHaveLength(2)
    expect(counted).toBeLessThan(10)
  })

  test('fields from before are unknown, and never something else', () => {
    const stage = start()
    const asked = joined(Uint8Array.from([0x82]), remembered({ ':path': '/before' }))
    stage.say(client(frame(1, END_HEADERS | END_STREAM, 1, asked)), server(answer(1, 200, {}, END_STREAM)))
    shed(stage, [3])
    back(stage, 1, frame(1, END_HEADERS | END_STREAM, 5, Uint8Array.from([0x82, ...integer(62, 7, 0x80)])))
    stage.say(server(answer(5, 200, {}, END_STREAM)))
    exchange(stage, 7, '/literal')
    tell(stage, 1)
    expect(sum(stage).rows).toEqual([
      'GET /before 200 complete 0 0',
      'GET <unknown> 200 complete 0 0',
      'GET /literal 200 complete 0 0',
    ])
  })

  test('trailers of a stream that was shed begin nothing', () => {
    const stage = start()
    exchange(stage, 1)
    shed(stage, [3])
    back(stage, 1, get(5, '/5'))
    stage.say(
      client(frame(1, END_HEADERS | END_STREAM, 3, Uint8Array.from(integer(70, 7, 0x80)))),
      server(frame(1, END_HEADERS | END_STREAM, 3, Uint8Array.from(integer(70, 7, 0x80)))),
      server(headers(5, { ':status': '200' }, END_STREAM)),
    )
    tell(stage, 1)
    expect(sum(stage)).toEqual({ shed: 1, rows: ['GET /1 200 complete 0 0', 'GET /5 200 complete 0 0'] })
  })
})
