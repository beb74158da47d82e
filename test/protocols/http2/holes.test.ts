/** Calls of which the kernel brought a part: what is known of the frames in a hole, and of the header table behind it. */
import { describe, expect, test } from 'bun:test'
import { brief, client, closed, joined, server, type Talk, talk } from './stage'
import { answer, data, END_HEADERS, END_STREAM, frame, get, headers, integer, post, remembered } from './talk'

const FRAME = 16_384
const CAPTURED = 1 << 20

/** `bytes` of content as frames that are as large as they may be. */
function content(stream: number, bytes: number | Uint8Array, flags = END_STREAM, size = FRAME): Uint8Array {
  const all = typeof bytes === 'number' ? new Uint8Array(bytes).fill(120) : bytes
  const frames: Uint8Array[] = []
  for (let at = 0; at < all.length; at += size)
    frames.push(data(stream, all.subarray(at, at + size), at + size >= all.length ? flags : 0))
  return joined(...frames)
}

/** A message of gRPC (5 bytes longer than its content). */
const message = (bytes: number) =>
  new Uint8Array(
    Buffer.concat([
      Uint8Array.from([0, ...Buffer.from(Uint32Array.of(bytes).buffer).reverse()]),
      Buffer.alloc(bytes, 120),
    ]),
  )

/** What both sides name by the number 62 from then on. */
const KNOWN = '/known'
const begin = (stage: Talk) =>
  stage.say(
    client(
      frame(
        1,
        END_HEADERS | END_STREAM,
        1,
        joined(Uint8Array.from([0x82, 0x86]), remembered({ ':path': KNOWN })),
      ),
    ),
    server(
      frame(1, END_HEADERS | END_STREAM, 1, joined(Uint8Array.from([0x88]), remembered({ server: 'known' }))),
    ),
  )

/** A later exchange that names fields by their numbers: its path and its header, as rows have them. */
const ASKS = (stream: number) =>
  frame(1, END_HEADERS | END_STREAM, stream, Uint8Array.from([0x82, 0x86, ...integer(62, 7, 0x80)]))
const SAYS = (stream: number) =>
  frame(1, END_HEADERS | END_STREAM, stream, Uint8Array.from([0x88, ...integer(62, 7, 0x80)]))

const inPart = (stage: Talk, side: 'client' | 'server', bytes: Uint8Array, captured = CAPTURED) =>
  stage.streams.handle(
    side === 'client' ? stage.wire.request(bytes, captured) : stage.wire.response(bytes, captured),
  )

const length = (bytes: number) => ({ 'content-length': String(bytes) })

/** Rows beside the first and the last exchange, and what the last one knows of the table. */
function rest(stage: Talk): { rows: string[]; path: unknown; server: unknown } {
  stage.say(client(ASKS(99)), server(SAYS(99)))
  const rows = closed(stage)
  const last = rows.find(({ req_path }) => req_path === KNOWN || req_path === '<unknown>')
  const newest = rows.at(-1)!
  expect(last).toBeDefined()
  return {
    rows: rows.slice(1, -1).map(brief),
    path: newest.req_path,
    server: JSON.parse(String(newest.resp_headers)).server,
  }
}

describe('frames of a message that is known to need them', () => {
  test.each([
    ['a request of which the end is missing', 1_500_000],
    ['one whose last frame is a whole one', 92 * FRAME],
  ])('%s', (_, bytes) => {
    const stage = talk()
    begin(stage)
    inPart(stage, 'client', joined(post(3, '/up', length(bytes)), content(3, bytes)))
    stage.say(server(answer(3, 201, {}, END_STREAM)))
    expect(rest(stage)).toEqual({ rows: [`POST /up 201 complete ${bytes} 0`], path: KNOWN, server: 'known' })
    expect(stage.counters.gaps).toBe(0)
  })

  test.each([100, 8000, FRAME - 10, 2 * FRAME + 50, 5 * FRAME])(
    'a response that goes on %d bytes behind the hole',
    (behind) => {
      const bytes = 1_500_000
      const stage = talk()
      begin(stage)
      const said = joined(answer(3, 200, length(bytes)), content(3, bytes))
      stage.say(client(get(3, '/down')))
      inPart(stage, 'server', said.subarray(0, said.length - behind))
      stage.say(server(said.subarray(said.length - behind)))
      expect(rest(stage)).toEqual({
        rows: [`GET /down 200 complete 0 ${bytes}`],
        path: KNOWN,
        server: 'known',
      })
      expect(stage.counters.gaps).toBe(0)
    },
  )

  test('a message of gRPC each way, and the trailers behind the hole', () => {
    const [asked, said] = [message(1_300_000), message(1_400_001)]
    const grpc = { 'content-type': 'application/grpc' }
    const stage = talk()
    begin(stage)
    inPart(stage, 'client', joined(post(3, '/shop/Put', grpc), content(3, asked)))
    inPart(stage, 'server', joined(answer(3, 200, grpc), content(3, said, 0)))
    stage.say(server(headers(3, { 'grpc-status': '0' }, END_STREAM)))
    stage.say(client(ASKS(5)), server(SAYS(5)))
    const rows = closed(stage)
    expect(rows.slice(1)).toMatchObject([
      {
        req_path: '/shop/Put',
        req_body_size: asked.length,
        resp_body_size: said.length,
        req_messages: 1,
        resp_messages: 1,
        outcome: 'complete',
      },
      { req_path: KNOWN, outcome: 'complete' },
    ])
    expect(stage.counters.gaps).toBe(0)
  })
})

describe('frames of a message without a length', () => {
  const whole = content(3, 2_000_000)
  test.each([40, 60, 61.5, 75, 100.3])('which go on behind the hole (%d frames in)', (frames) => {
    const behind = CAPTURED + Math.floor(frames * 1000)
    const stage = talk()
    begin(stage)
    stage.say(client(get(3, '/feed')), server(answer(3, 200)))
    inPart(stage, 'server', whole.subarray(0, behind))
    stage.say(server(whole.subarray(behind)))
    expect(rest(stage)).toEqual({ rows: ['GET /feed 200 complete 0 2000000'], path: KNOWN, server: 'known' })
  })

  test('of two streams in turns: both are cut, and the table is known', () => {
    const parts: Uint8Array[] = []
    for (let i = 0; i < 120; i++) parts.push(data(i % 2 === 0 ? 3 : 5, new Uint8Array(FRAME)))
    const stage = talk()
    begin(stage)
    stage.say(client(get(3, '/one')), client(get(5, '/two')), server(answer(3, 200)), server(answer(5, 200)))
    inPart(stage, 'server', joined(...parts.slice(0, 100)))
    stage.say(
      server(joined(...parts.slice(100))),
      server(data(3, 'end', END_STREAM)),
      server(data(5, 'end', END_STREAM)),
    )
    const { rows, ...known } = rest(stage)
    expect(known).toEqual({ path: KNOWN, server: 'known' })
    expect(rows.map((row) => row.split(' ').slice(0, 4).join(' '))).toEqual([
      'GET /one 200 cut',
      'GET /two 200 cut',
    ])
  })
})

describe('other frames in the hole', () => {
  const other = frame(
    1,
    END_HEADERS | END_STREAM,
    5,
    joined(Uint8Array.from([0x88]), remembered({ server: 'lost' })),
  )

  test.each([0, 1, 100, FRAME, 3 * FRAME])(
    'a head, %d bytes before its end: what was known is unknown, and never something else',
    (behind) => {
      const stage = talk()
      begin(stage)
      const said = joined(answer(3, 200), content(3, 1_300_000, 0), other, content(3, 100_000))
      stage.say(client(get(3, '/feed')), client(get(5, '/lost')))
      inPart(stage, 'server', said.subarray(0, said.length - behind))
      if (behind > 0) stage.say(server(said.subarray(said.length - behind)))
      stage.say(
        server(frame(1, END_HEADERS | END_STREAM, 7, Uint8Array.from([0x88, ...integer(63, 7, 0x80)]))),
      )
      stage.say(client(get(7, '/after')))
      const rows = closed(stage)
      const [after] = rows.filter(({ req_path }) => req_path === '/after')
      // Number 63 is the field from before the hole; a reader that missed the one within would take it for none, or for another.
      for (const row of rows.filter(({ req_path }) => req_path === '/after'))
        expect(String(row.resp_headers)).not.toContain('lost')
      if (after) expect(JSON.parse(String(after.resp_headers)).server).toBeUndefined()
      for (const row of rows) if (row.req_path === '/feed') expect(row.outcome).not.toBe('complete')
    },
  )

  test('fields that are sent behind it are known by their numbers', () => {
    const stage = talk()
    begin(stage)
    stage.say(client(get(3, '/feed')), client(get(5, '/lost')), server(answer(3, 200)))
    inPart(stage, 'server', joined(content(3, 1_300_000, 0), other))
    const added = frame(1, END_HEADERS, 3, joined(remembered({ 'x-sum': 'new' })))
    stage.say(server(data(3, 'end')), server(added))
    stage.say(client(get(7, '/after')), server(SAYS(7)))
    const [after] = closed(stage).filter(({ req_path }) => req_path === '/after')
    expect(JSON.parse(String(after!.resp_headers))).toEqual({ ':status': '200', 'x-sum': 'new' })
  })

  test('heads that name fields from before are counted, each once', () => {
    const stage = talk()
    begin(stage)
    stage.say(client(get(3, '/feed')), client(get(5, '/lost')), server(answer(3, 200)))
    expect(stage.counters.partialHeads).toBe(0)
    inPart(stage, 'server', joined(content(3, 1_300_000, 0), other))
    stage.say(client(get(7, '/a')), server(answer(7, 200, {}, END_STREAM)))
    expect(stage.counters.partialHeads).toBe(0)
    stage.say(client(get(9, '/b')), server(SAYS(9)))
    stage.say(client(get(11, '/c')), server(SAYS(11)))
    expect(stage.counters.partialHeads).toBe(2)
    closed(stage)
    expect(stage.counters.partialHeads).toBe(2)
  })
})
