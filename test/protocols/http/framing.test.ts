import { describe, expect, test } from 'bun:test'
import { chunked, request, response } from './samples'
import { talk } from './talk'

const GET = request('GET /')

describe('RFC 9112 §6.3: how long a body is', () => {
  test('Content-Length', () => {
    const { row } = talk([
      ['client', request('POST /a', {}, 'question')],
      ['server', response('200 OK', {}, 'the answer')],
    ])
    expect(row).toMatchObject({
      req_body: 'question',
      req_body_size: 8,
      resp_body: 'the answer',
      resp_body_size: 10,
    })
  })

  test('the same Content-Length several times is one', () => {
    const twice = 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok'
    expect(
      talk([
        ['client', GET],
        ['server', twice],
      ]).row.resp_body,
    ).toBe('ok')
  })

  test('two different lengths: the row is there, and nothing is taken for its content', () => {
    const contradictory = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!'
    const { rows, counters } = talk([
      ['client', GET],
      ['server', contradictory],
    ])
    expect(rows).toMatchObject([{ resp_status: 200, resp_body_size: 0, outcome: 'cut' }])
    expect(counters.parseFailures).toBe(1)
  })

  test('chunks, with extensions and trailers', () => {
    const body = '4;name="a;b"\r\nwiki\r\n5 ;x\r\npedia\r\n0;last\r\nExpires: never\r\nX-Sum: 1\r\n\r\n'
    const { rows } = talk([
      ['client', GET],
      ['server', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`],
      ['client', request('GET /next')],
      ['server', response('200 OK', {}, 'next')],
    ])
    expect(rows.map(({ resp_body, resp_body_size }) => [resp_body, resp_body_size])).toEqual([
      ['wikipedia', 9],
      ['next', 4],
    ])
  })

  test('Transfer-Encoding overrides Content-Length', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'
    expect(
      talk([
        ['client', GET],
        ['server', head + chunked(['chunked'])],
      ]).row.resp_body,
    ).toBe('chunked')
  })

  test('a bad chunk size ends the message, not the connection', () => {
    const { rows, counters } = talk([
      ['client', GET],
      ['server', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
      ['client', request('GET /next')],
      ['server', response('200 OK', {}, 'next')],
    ])
    expect(rows.map(({ req_path, outcome }) => [req_path, outcome])).toEqual([
      ['/', 'cut'],
      ['/next', 'complete'],
    ])
    expect(counters.parseFailures).toBe(1)
  })

  test.each(['204 No Content', '304 Not Modified'])('%s has no body, whatever its length says', (status) => {
    const { rows } = talk([
      ['client', GET],
      ['server', response(status, { 'Content-Length': 100 })],
      ['client', request('GET /next')],
      ['server', response('200 OK', {}, 'next')],
    ])
    expect(rows.map(({ resp_body }) => resp_body)).toEqual(['', 'next'])
  })

  test('a response to HEAD has no body', () => {
    const { rows } = talk([
      ['client', request('HEAD /') + request('GET /next')],
      ['server', response('200 OK', { 'Content-Length': 100 }) + response('200 OK', {}, 'next')],
    ])
    expect(rows.map(({ req_method, resp_body }) => [req_method, resp_body])).toEqual([
      ['HEAD', ''],
      ['GET', 'next'],
    ])
  })

  test('without a length a response ends with its connection', () => {
    const { row } = talk([
      ['client', 'GET / HTTP/1.0\r\n\r\n'],
      ['server', 'HTTP/1.0 200 OK\r\n\r\nsome'],
      ['server', ' more'],
    ])
    expect(row).toMatchObject({ resp_body: 'some more', resp_body_size: 9, minor_version: 0 })
  })

  test('a body that is cut off has the bytes that were seen', () => {
    const { row } = talk([
      ['client', GET],
      ['server', response('200 OK', { 'Content-Length': 9 }, 'half')],
    ])
    expect(row).toMatchObject({ outcome: 'cut', resp_status: 200, resp_body: 'half', resp_body_size: 4 })
  })

  test('an answer before the end of the request waits for it', () => {
    const { row } = talk([
      ['client', request('PUT /', { 'Content-Length': 8 })],
      ['server', response('413 Content Too Large')],
      ['client', 'too long'],
    ])
    expect(row).toMatchObject({ resp_status: 413, req_body: 'too long' })
  })
})

describe('bodies that are larger than what is kept or captured', () => {
  const large = 'x'.repeat(50_000)

  test('the first bytes are kept, the size is the true one', () => {
    const { row } = talk([
      ['client', GET],
      ['server', response('200 OK', {}, large)],
    ])
    expect(row.resp_body).toBe('x'.repeat(1024))
    expect(row.resp_body_size).toBe(50_000)
  })

  test('what the kernel did not copy costs nothing', () => {
    const { rows, counters } = talk([
      ['client', GET],
      ['server', response('200 OK', {}, large), 300],
      ['client', request('GET /next')],
      ['server', response('200 OK', {}, 'next')],
    ])
    expect(rows.map(({ resp_body_size }) => resp_body_size)).toEqual([50_000, 4])
    expect(counters.gaps).toBe(0)
  })

  test('a chunk that was not copied costs nothing', () => {
    const { rows } = talk([
      ['client', GET],
      ['server', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc350\r\n${large}\r\n`, 2000],
      ['server', '3\r\nend\r\n0\r\n\r\n'],
      ['client', request('GET /next')],
      ['server', response('200 OK', {}, 'next')],
    ])
    expect(rows.map(({ resp_body_size }) => resp_body_size)).toEqual([50_003, 4])
  })

  test('chunk sizes that were not copied cost the exact size only', () => {
    const { rows, counters } = talk([
      ['client', GET],
      ['server', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked([large, large])}`, 2000],
      ['client', request('GET /two')],
      ['server', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked([large, large], '')}`, 2000],
      ['server', '0\r\n\r\n'],
      ['client', request('GET /three')],
      ['server', response('200 OK', {}, 'three')],
    ])
    expect(
      rows.map(({ req_path, resp_body_size }) => [req_path, (resp_body_size as number) >= 100_000]),
    ).toEqual([
      ['/', true],
      ['/two', true],
      ['/three', false],
    ])
    expect(counters.gaps).toBe(0)
  })

  test('a last chunk is no content, copied or not', () => {
    const put = 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
    const { rows } = talk([
      ['client', put + chunked([large]), 2000],
      ['server', response('200 OK', {}, 'one')],
      ['client', put + chunked([large, large], ''), 2000],
      ['client', '0\r\n\r\n'],
      ['server', response('200 OK', {}, 'two')],
    ])
    expect(rows.map(({ req_body_size }) => req_body_size)).toEqual([50_000, 100_000])
  })

  test('the limit is a setting', () => {
    const { row } = talk(
      [
        ['client', GET],
        ['server', response('200 OK', {}, large)],
      ],
      { bodyLimit: 7 },
    )
    expect(row).toMatchObject({ resp_body: 'xxxxxxx', resp_body_size: 50_000 })
    expect(
      talk(
        [
          ['client', GET],
          ['server', response('200 OK', {}, large)],
        ],
        { bodyLimit: 0 },
      ).row,
    ).toMatchObject({
      resp_body: '',
      resp_body_size: 50_000,
    })
  })
})
