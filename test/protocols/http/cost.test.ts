/** What a stranger may say costs no more than its length: times are generous, and the square of the length takes much more. */
import { describe, expect, test } from 'bun:test'
import { boundary, search } from '../../../src/protocols/http/start-lines'
import { cpuMs } from '../../support/cpu-time'
import { request, response } from './samples'
import { talk } from './talk'

const fill = (part: string, bytes: number) => part.repeat(Math.ceil(bytes / part.length)).slice(0, bytes)

function within<T>(ms: number, what: () => T): T {
  let results: readonly T[] = []
  expect(cpuMs(() => (results = [what()]))).toBeLessThan(ms)
  return results[0]!
}

describe('looking for a request in a stream that is lost', () => {
  const texts: readonly [name: string, text: string][] = [
    [
      'words like methods, a CR, versions',
      fill(`${'ABC '.repeat(300)}\r${' HTTP/1.'.repeat(200)}`, 16 << 10),
    ],
    ['short words and versions', fill('AAA a a a a a a HTTP/1. ', 16 << 10)],
    ['capitals', fill('A', 16 << 10)],
    ['capitals and versions', fill('ABCDEFGHIJ HTTP/1.', 16 << 10)],
    ['no line break', fill('a', 16 << 10)],
    ['half status lines', fill('HTTP/1.HTTP/1.1 20HTTP/1.1 9', 16 << 10)],
  ]
  test.each(texts)('%s', (_, text) => {
    const bytes = Buffer.from(text, 'latin1')
    // As many bytes as are searched of one connection in a second.
    within(500, () => {
      for (let i = 0; i < 512; i++) boundary('client', bytes, 0)
      for (let i = 0; i < 512; i++) boundary('server', bytes, 0)
    })
    within(500, () => {
      for (let i = 0; i < 100; i++) search(bytes, 0)
    })
  })

  test('a method in front of a version that other versions precede is found', () => {
    const text = 'x HTTP/1.1 y HTTP/1.1\rjunk HTTP/1.0 binGET /here HTTP/1.1\r\n'
    expect(boundary('client', Buffer.from(text), 0)).toBe(text.indexOf('GET'))
  })
})

describe('reading heads', () => {
  test('one field forty thousand times is one field with all of the values', () => {
    const lines = 'a:b\r\n'.repeat(40_000)
    const { rows } = within(1000, () =>
      talk([
        ['client', `GET / HTTP/1.1\r\n${lines}B: x\r\n\r\n`],
        ['server', response('200 OK', {}, '')],
      ]),
    )
    expect(rows).toHaveLength(1)
    // Its values are more than is kept of all headers.
    expect(rows[0]!.req_headers).toBe('{"B":"x"}')
  })

  test('a field that repeats keeps the order of its values', () => {
    const { rows } = talk([
      ['client', 'GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na: 3\r\nA: 4\r\n\r\n'],
      ['server', response('200 OK', {}, '')],
    ])
    expect(JSON.parse(String(rows[0]!.req_headers))).toEqual({ A: '1, 3, 4', B: '2' })
  })

  test.each(['\n', '\r\n'])('many small requests in one piece, lines that end with %j', (end) => {
    const one = `GET /s HTTP/1.1${end}${end}`
    const { rows } = within(2000, () =>
      talk([
        ['client', one.repeat(4000)],
        ['client', one.repeat(50_000) + request('GET /last')],
        ['server', response('200 OK', {}, '')],
      ]),
    )
    expect(rows.length).toBeLessThanOrEqual(1)
  })
})
