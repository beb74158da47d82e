/** Stores whose bytes are not what was written: damage costs the chunk it is in, and never more. */
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { BlobWriter, DamagedBlob, mark, readBlob } from '../../src/store/blob'
import { decodeColumn } from '../../src/store/columns'
import { random } from '../bench/http-events'
import { everyType, fixtureRows } from './fixtures/rows'
import {
  appendSeconds,
  batchOf,
  events,
  numbersOf,
  open,
  type Row,
  rowsOf,
  START_NS,
  said,
  settle,
  withDirectory,
} from './support'

const CHUNKS = 12
const COLUMNS = everyType.columns.length

const sealed = (bytes: Uint8Array, place: number) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint32(0, Bun.hash.crc32(bytes.subarray(4)), true)
  mark(bytes, place)
  return bytes
}

test('random damage to random blobs: the other chunks are read as they were, merged, and appended to', () =>
  withDirectory((dir) => {
    const writer = open(dir, { tables: [everyType] })
    const reader = openReader(dir, [everyType])
    for (let at = 0; at < CHUNKS; at++)
      writer.append([{ table: everyType, batch: batchOf(everyType, fixtureRows(at)) }])
    const rows = Array.from({ length: CHUNKS }, (_, at) =>
      fixtureRows(at).map((row): Row => ({ ...row, time_: START_NS + BigInt(row.time_) })),
    )
    const db = new Database(join(dir, 'nixie.db'))
    const read = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM columns WHERE id = ?')
    const write = db.query('UPDATE columns SET data = ? WHERE id = ?')
    const next = random(3)
    const below = (n: number) => Math.floor(next() * n)
    for (let round = 0; round < 300; round++) {
      const chunk = 1 + below(CHUNKS)
      const place = chunk * 1024 + below(COLUMNS)
      const { data: whole } = read.get(place)!
      const damaged = Uint8Array.from(whole)
      const kind = round % 4
      if (kind === 0) damaged[below(damaged.length)]! ^= 1 << below(8)
      else if (kind === 1)
        damaged.set(crypto.getRandomValues(new Uint8Array(4)), 4 + below(damaged.length - 8))
      const other = (1 + (chunk % CHUNKS)) * 1024 + (place % 1024)
      const data =
        kind === 2 ? whole.subarray(0, below(whole.length)) : kind === 3 ? read.get(other)!.data : damaged
      // Half of the scribbles get a right checksum: what they mean must hold too.
      if (kind === 1 && round % 8 < 4) sealed(damaged, place)
      write.run(data, place)
      const before = reader.damagedChunks
      const got = rowsOf(reader, everyType)
      const left = rows.filter((_, at) => at !== chunk - 1).flat()
      if (kind !== 1) expect(reader.damagedChunks).toBe(before + 1)
      if (reader.damagedChunks > before) expect(got).toEqual(left)
      else expect(got).toHaveLength(5 * CHUNKS)
      write.run(whole, place)
    }
    write.run(read.get(3 * 1024 + 1)!.data, 2 * 1024 + 1)
    db.close()
    for (let at = CHUNKS; at < 40; at++)
      writer.append([{ table: everyType, batch: batchOf(everyType, fixtureRows(at)) }])
    settle(writer)
    expect(said(writer).join()).toContain('the checksum is wrong')
    expect(rowsOf(reader, everyType)).toHaveLength(39 * 5)
    reader.close()
    writer.close()
  }))

/** A number column of 0 bytes a row and as many rows as it says. */
function claiming(tag: number, rows: number, fill: (view: DataView) => void = () => {}): Uint8Array {
  const payload = new Uint8Array(24)
  const view = new DataView(payload.buffer)
  view.setUint8(0, tag)
  view.setUint32(4, rows, true)
  fill(view)
  const out = new BlobWriter(1)
  out.write(payload)
  return out.finish()
}

test('lengths that are not true cost no memory', () => {
  const huge = 0xffff_fff0
  const from = process.memoryUsage.rss()
  expect(() => decodeColumn(claiming(0, huge), 'INT64', huge, 0n)).toThrow(DamagedBlob)
  expect(() => decodeColumn(claiming(3, huge).slice(0), 'BOOLEAN', huge, 0n)).toThrow(DamagedBlob)
  const entries = claiming(4, 9, (view) => view.setUint32(8, huge, true))
  expect(() => decodeColumn(entries, 'STRING', 9, 0n)).toThrow(DamagedBlob)
  // A zstd frame of 1 GiB in a few bytes, told as 1 GiB and as 100 bytes.
  const bomb = Buffer.from(Bun.zstdCompressSync(new Uint8Array(64 << 20)))
  for (const raw of [1 << 30, 100, huge]) {
    const blob = Buffer.alloc(16 + bomb.length)
    blob.writeUInt32LE(1, 4)
    blob.writeUInt32LE(bomb.length, 8)
    blob.writeUInt32LE(raw, 12)
    blob.set(bomb, 16)
    expect(() => readBlob(sealed(blob, 0))).toThrow(DamagedBlob)
  }
  const frames = Buffer.alloc(64)
  frames.writeUInt32LE(huge, 4)
  expect(() => readBlob(sealed(frames, 0))).toThrow(DamagedBlob)
  Bun.gc(true)
  expect(process.memoryUsage.rss() - from).toBeLessThan(512 << 20)
})

test('a store that is there but empty is told', () =>
  withDirectory((dir) => {
    writeFileSync(join(dir, 'nixie.db'), '')
    const writer = open(dir)
    expect(said(writer).join()).toContain('was there, but empty')
    writer.close()
  }))

/** Ten seconds of ten rows each, a chunk each; the second and the fifth get damaged by `sql`, which says which chunk ? is. */
function damaged(dir: string, sql: string) {
  const writer = open(dir)
  appendSeconds(writer, 0, 10)
  const db = new Database(join(dir, 'nixie.db'))
  for (const chunk of [2, 5]) db.query(sql).run(chunk)
  db.close()
  return { writer, reader: openReader(dir, [events]) }
}

const stored = (reader: ReturnType<typeof openReader>) => {
  const [told] = reader.tables()
  const [summed] = reader.summary(START_NS).tables
  expect(summed!.rows).toBe(told!.rows)
  expect(summed!.oldestNs).toBe(told!.oldestNs)
  return { rows: summed!.rows, lost: summed!.damagedRows }
}

const FLIP = "UPDATE columns SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE id = ? * 1024 + 1"
const TAKE = 'DELETE FROM columns WHERE id = ? * 1024 + 1'
const LEFT = Array.from({ length: 100 }, (_, i) => i).filter((n) => n < 10 || (n >= 20 && n < 40) || n >= 50)

test.each([
  ['flipped', FLIP],
  ['not there', TAKE],
])('chunks whose bytes are %s are lost once, however many queries meet them, and stay lost', (_, sql) =>
  withDirectory((dir) => {
    const { writer, reader } = damaged(dir, sql)
    const other = openReader(dir, [events])
    expect(stored(reader)).toEqual({ rows: 100, lost: 0 })
    for (const source of [reader, other, reader]) expect(numbersOf(source)).toEqual(LEFT)
    const found = reader.takeDamage()
    expect(found.map(({ table, chunk, rows }) => ({ table, chunk, rows }))).toEqual([
      { table: 'events', chunk: 2, rows: 10 },
      { table: 'events', chunk: 5, rows: 10 },
    ])
    expect(reader.takeDamage()).toEqual([])
    writer.markDamaged(found)
    writer.markDamaged(other.takeDamage())
    writer.markDamaged(found)
    expect(writer.stats().goneRows).toBe(20)
    expect(said(writer)).toHaveLength(1)
    expect(said(writer)[0]).toMatch(/^2 chunks of events \(20 rows\) are damaged and left out: /)
    expect(stored(reader)).toEqual({ rows: 80, lost: 20 })
    // What is marked is left out as before, and told no more.
    const before = reader.damagedChunks
    expect(numbersOf(reader)).toEqual(LEFT)
    expect(reader.damagedChunks).toBe(before + 2)
    expect(reader.takeDamage()).toEqual([])
    writer.close()
    const next = open(dir)
    expect(stored(reader)).toEqual({ rows: 80, lost: 20 })
    expect(numbersOf(reader)).toEqual(LEFT)
    next.markDamaged(found)
    // Neither upkeep nor the end of the retention counts them again.
    settle(next)
    settle(next, Number(START_NS / 1_000_000n) + 2 * 86_400_000)
    expect(next.stats()).toMatchObject({ goneRows: 0, expiredRows: 80 })
    expect(stored(reader)).toEqual({ rows: 0, lost: 0 })
    next.close()
    reader.close()
    other.close()
  }),
)

test('what was said of a chunk that is no longer there, or is another one, marks none', () =>
  withDirectory((dir) => {
    const { writer, reader } = damaged(dir, FLIP)
    numbersOf(reader)
    const [one] = reader.takeDamage()
    for (const change of [{ chunk: 77 }, { rows: 9 }, { minNs: 1n }, { table: 'others' }])
      writer.markDamaged([{ ...one!, ...change }])
    expect(writer.stats().goneRows).toBe(0)
    expect(stored(reader)).toEqual({ rows: 100, lost: 0 })
    reader.close()
    writer.close()
  }))

test('a chunk found damaged while it is being merged leaves the merge', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    appendSeconds(writer, 0, 40)
    const reader = openReader(dir, [events])
    for (let i = 0; i < 3; i++) expect(writer.maintain()).toBe(true)
    const minNs = START_NS + 1_000_000_000n
    writer.markDamaged([{ table: 'events', chunk: 2, rows: 10, minNs, why: 'a reader said so' }])
    settle(writer)
    expect(writer.stats()).toMatchObject({ goneRows: 10 })
    expect(stored(reader)).toEqual({ rows: 390, lost: 10 })
    // Its bytes are whole: who can read it does, once.
    expect(numbersOf(reader).sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => i))
    reader.close()
    writer.close()
  }))
