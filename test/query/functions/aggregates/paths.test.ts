import { describe, expect, test } from 'bun:test'
import { PathClusters } from '../../../../src/query/functions/aggregates/paths'
import { vectorOf } from '../../../../src/query/operand'
import { value } from '../apply'

function clusters(paths: readonly string[], batch = 1000): string[] {
  const accumulator = new PathClusters()
  for (let at = 0; at < paths.length; at += batch) {
    const part = paths.slice(at, at + batch)
    accumulator.add(vectorOf('STRING', part), new Uint32Array(part.length), part.length, 1)
  }
  const [text] = [accumulator.finish(1)].map((v) => ('dict' in v ? v.dict.get(v.codes[0]!) : ''))
  return JSON.parse(text!)
}

const numbered = (count: number, path: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => path(i))

describe('templates', () => {
  test('ids become *', () =>
    expect(
      clusters([
        '/',
        '/users/17',
        '/users/42?verbose=1',
        '/users/me',
        '/orders/3fa85f64-5717-4562-b3fc-2c963f66afa6/items',
        '/files/deadbeef01',
        '/beefcafe',
        '/api/v1/health',
      ]),
    ).toEqual(['/', '/api/v1/health', '/beefcafe', '/files/*', '/orders/*/items', '/users/*', '/users/me']))

  test('so do words, when there are too many at one place', () =>
    expect(
      clusters([
        ...numbered(100, (i) => `/u/name${'x'.repeat(i % 7)}${String.fromCharCode(97 + (i % 26))}${i}/posts`),
        '/u/late/posts',
      ]),
    ).toEqual(['/u/*/posts']))

  test('few words stay', () =>
    expect(clusters(numbered(300, (i) => `/api/${'abcdefgh'[i % 8]}`))).toHaveLength(8))

  test('what ends in / is its own', () => expect(clusters(['/a', '/a/'])).toEqual(['/a', '/a/']))

  test('of no rows are none', () => expect(clusters([])).toEqual([]))

  test('batches give what one gives', () => {
    const paths = numbered(500, (i) => `/s${i % 3}/${i}/t${i % 90}`)
    expect(clusters(paths, 7)).toEqual(clusters(paths))
  })

  test('hostile paths take bounded memory', () => {
    const accumulator = new PathClusters()
    const word = (i: number) => i.toString(26).replace(/\d/g, (d) => 'klmnopqrst'[Number(d)]!)
    const paths = numbered(
      20_000,
      (i) => `/${word(i % 60)}/${word((i * 7) % 59)}/${word(i % 61)}/${word((i * 13) % 53)}`,
    )
    accumulator.add(vectorOf('STRING', paths), new Uint32Array(paths.length), paths.length, 1)
    expect(accumulator.bytes).toBeLessThan(8 << 20)
    expect(clusters(['/'.repeat(100_000), 'x'.repeat(100_000)])).toHaveLength(2)
  })
})

describe('a path falls under', () => {
  const list = JSON.stringify(['/users/*', '/users/me', '/users/*/posts/*', '/'])
  test.each([
    ['/users/17', '/users/*'],
    ['/users/me', '/users/me'],
    ['/users/new?x=1', '/users/*'],
    ['/users/me/posts/3', '/users/*/posts/*'],
    ['/', '/'],
    ['', '/'],
    ['/other/path?q', '/other/path'],
    ['/other/17', '/other/*'],
  ])('%s: %s', (path, template) => expect(value('_predict_request_path_cluster', path, list)).toBe(template))
  test('nothing, of a broken list', () =>
    expect(value('_predict_request_path_cluster', '/a?b', '[broken')).toBe('/a'))
})
