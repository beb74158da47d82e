import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { Grams, lacks } from '../../src/store/grams'
import { random } from '../bench/http-events'
import { events, open, second, settle, withDirectory } from './support'

test('never denies a text that is there: random texts, parts of them, and of several alphabets', () => {
  const next = random(4)
  const below = (n: number) => Math.floor(next() * n)
  const alphabets = ['ab', 'abcdefghijklmnopqrstuvwxyz ', 'é😀漢a', '\u0000{}":']
  let denied = 0
  for (let round = 0; round < 300; round++) {
    const letters = [...alphabets[round % alphabets.length]!]
    const text = (n: number) => Array.from({ length: n }, () => letters[below(letters.length)]).join('')
    const texts = Array.from({ length: 1 + below(5) }, () => text(below(40)))
    const grams = new Grams()
    // In one piece or in several, as they lie behind each other in the file.
    if (round % 2 === 0) grams.add(Buffer.from(texts.join('')))
    else for (const one of texts) grams.add(Buffer.from(one))
    const index = grams.finish(1)!
    for (let k = 0; k < 20; k++) {
      const whole = texts[below(texts.length)]!
      const from = below(whole.length + 1)
      // Also from the middle of a character of two UTF-16 units.
      const part = whole.slice(from, from + below(12))
      expect(lacks(index, 0, part)).toBe(false)
      const other = text(3 + below(5))
      if (!lacks(index, 0, other)) continue
      denied++
      expect(texts.some((one) => one.includes(other))).toBe(false)
    }
  }
  expect(denied).toBeGreaterThan(1000)
})

test('texts at random have no index; a damaged one denies nothing', () => {
  const full = new Grams()
  full.add(crypto.getRandomValues(new Uint8Array(60_000)))
  expect(full.finish(1)).toBeUndefined()
  const grams = new Grams()
  grams.add(Buffer.from('a few words'))
  const index = grams.finish(1)!
  expect(lacks(index, 0, 'zebra')).toBe(true)
  expect(lacks(index, 0, 'wo')).toBe(false)
  index[9]! ^= 1
  expect(lacks(index, 0, 'zebra')).toBe(false)
})

test('a scan passes over merged chunks without the sought text, and finds what is there', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    const filler = (n: number) => `row ${n} ${n === 7777 ? 'zebrafish' : 'nothing'} ${'.'.repeat(200)}`
    for (let at = 0; at < 64; at++)
      writer.append([{ table: events, batch: second(at, at * 200, 200, filler) }])
    settle(writer)
    const reader = openReader(dir, [events])
    const rows = (op: 'contains' | '==', value: string) =>
      [...reader.scan('events', { columns: ['n'], prune: [{ column: 'filler', op, value }] })].reduce(
        (sum, batch) => sum + batch.rows,
        0,
      )
    expect(reader.tables()[0]!.rows).toBe(12_800)
    expect(rows('contains', 'zebrafish')).toBe(6400)
    expect(rows('contains', 'mongoose')).toBe(0)
    expect(rows('contains', '')).toBe(12_800)
    expect(rows('==', filler(7777))).toBe(6400)
    expect(rows('==', 'mongoose')).toBe(0)
    const db = new Database(join(dir, 'nixie.db'))
    db.run('UPDATE columns SET data = zeroblob(20) WHERE id % 1024 >= 512')
    db.close()
    expect(rows('contains', 'mongoose')).toBe(12_800)
    expect(reader.damagedChunks).toBe(0)
    reader.close()
    writer.close()
  }))
