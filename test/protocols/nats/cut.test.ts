/** A message that the connection's end cuts is a row with what was sent of it. */
import { expect, test } from 'bun:test'
import { connect, INFO, talk } from './talk'

const opening = [
  ['server', INFO],
  ['client', connect()],
] as const

test.each([
  ['PUB', 'client', 'PUB orders 1000\r\n', 'first bytes', 11],
  ['PUB', 'client', 'PUB orders 100000\r\n', 'x'.repeat(50_000), 50_000],
  ['PUB', 'client', 'PUB orders 5\r\n', '', 0],
  ['PUB', 'client', 'PUB orders 5\r\n', 'hello', 5],
  ['MSG', 'server', 'MSG orders 1 1000\r\n', 'first bytes', 11],
] as const)('%s by the %s: %p', (cmd, side, line, payload, size) => {
  const { rows, counters } = talk([
    ...opening,
    [side, line],
    ...(payload === '' ? [] : [[side, payload] as const]),
  ])
  const row = rows.at(-1)!
  expect(row).toMatchObject({ cmd, sender: side, outcome: 'cut', resp: '' })
  const body = JSON.parse(row.body as string)
  expect(body).toMatchObject({ subject: 'orders', size })
  expect(body.payload.startsWith(payload.slice(0, 20))).toBe(true)
  expect(rows.slice(0, -1).map(({ outcome }) => outcome)).not.toContain('cut')
  expect(counters.unpairedFrames).toBe(0)
})

test('within its headers', () => {
  const { rows } = talk([...opening, ['client', 'HPUB a 100 200\r\nNATS/1.0\r\nA: b\r\n']])
  expect(rows.at(-1)).toMatchObject({ cmd: 'HPUB', outcome: 'cut' })
  expect(JSON.parse(rows.at(-1)!.body as string)).toMatchObject({ headers: { A: 'b' }, size: 0 })
})

test('a line without its end is no message', () => {
  const { rows } = talk([...opening, ['client', 'PUB orders 10']])
  expect(rows.map(({ cmd }) => cmd)).toEqual(['INFO', 'CONNECT'])
})
