/** Damage in the log that an ended writer left: what SQLite drops is counted and said. */
import { describe, expect, test } from 'bun:test'
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { droppedCommits } from '../../src/store/wal'
import { events, numbersOf, open, said, second, withDirectory } from './support'

const FRAME = 24 + 4096
const APPENDS = 40
const ROWS = 10

/** A directory as a killed writer leaves it: all rows in the log. */
function killed(dir: string, appends = APPENDS): { dir: string; wal: string } {
  const live = join(dir, 'live')
  const writer = open(live)
  for (let at = 0; at < appends; at++) writer.append([{ table: events, batch: second(at, at * ROWS, ROWS) }])
  const left = join(dir, 'left')
  mkdirSync(left)
  for (const part of ['nixie.db', 'nixie.db-wal']) copyFileSync(join(live, part), join(left, part))
  writer.close()
  return { dir: left, wal: join(left, 'nixie.db-wal') }
}

/** Changes a byte. */
function scratch(path: string, at: number): void {
  const byte = readFileSync(path)[at]!
  const file = openSync(path, 'r+')
  writeSync(file, Uint8Array.of(byte ^ 0xff), 0, 1, at)
  closeSync(file)
}

/** What is there after the next start, and what it said and counted. */
function start(dir: string) {
  const writer = open(dir)
  const reader = openReader(dir, [events])
  const rows = numbersOf(reader).length
  const wal = statSync(join(dir, 'nixie.db-wal')).size
  const result = { rows, wal, gone: writer.stats().goneRows, said: said(writer).join() }
  reader.close()
  writer.close()
  return result
}

test('a whole log: nothing is lost, nothing said, and it is in the file after the start', () =>
  withDirectory((dir) => {
    const left = killed(dir)
    expect(statSync(left.wal).size).toBeGreaterThan(APPENDS * FRAME)
    expect(droppedCommits(left.wal)).toBeUndefined()
    expect(start(left.dir)).toMatchObject({ rows: APPENDS * ROWS, gone: 0, said: '' })
    const writer = open(left.dir)
    writer.append([{ table: events, batch: second(99, 990, 1) }])
    expect(statSync(left.wal).size).toBeLessThan(20 * FRAME)
    writer.close()
  }))

test.each([0.1, 0.35, 0.6, 0.9])(
  'a page damaged %p of the way: the rows behind it are counted to the row',
  (share) =>
    withDirectory((dir) => {
      const left = killed(dir)
      const frames = Math.floor((statSync(left.wal).size - 32) / FRAME)
      scratch(left.wal, 32 + Math.floor(frames * share) * FRAME + 24 + 2000)
      const { rows, gone, said } = start(left.dir)
      expect(rows).toBeLessThan(APPENDS * ROWS)
      expect(gone).toBe(APPENDS * ROWS - rows)
      expect(said).toMatch(/log was damaged: its last \d+ transactions, with \d+ rows or more, are lost/)
    }),
)

test('damage to the header of the log, or of a frame, loses no count either', () =>
  withDirectory((dir) => {
    for (const [i, at] of [8 + 8, 32 + 40 * FRAME + 9, 32 + 40 * FRAME + 17].entries()) {
      const folder = join(dir, `${i}`)
      mkdirSync(folder)
      const left = killed(folder)
      scratch(left.wal, at)
      const { rows, gone, said } = start(left.dir)
      expect(said).toContain('log was damaged')
      expect(gone).toBeGreaterThan(0)
      // A salt of the header damaged: frames of this log can no longer be told from older ones, save by their count.
      expect(rows + gone).toBe(APPENDS * ROWS)
    }
  }))

/** Writes over a part of a file. */
function scribble(path: string, from: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, from)
  closeSync(file)
}

describe('a whole header, and frames behind it that are none', () => {
  const noise = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
  const zeros = (bytes: number) => new Uint8Array(bytes)
  /** Ones, but for a salt in each frame that says it is of the log before. */
  const nearSalts = (bytes: number, salt: number) => {
    const filled = Buffer.alloc(bytes, 0xff)
    for (let at = 0; at + FRAME <= bytes; at += FRAME) filled.writeUInt32BE((salt - 1) >>> 0, at + 8)
    return filled
  }
  test.each([
    ['noise from the first frame on', 0, noise],
    ['noise from the middle on', 60, noise],
    ['noise whose salts are those of an older log', 60, nearSalts],
    ['zeros from the middle on, as after a power cut', 60, zeros],
  ] as const)('%s', (_, first, fill) =>
    withDirectory((dir) => {
      const left = killed(dir)
      const from = 32 + first * FRAME
      const bytes = statSync(left.wal).size - from
      scribble(left.wal, from, fill(bytes, readFileSync(left.wal).readUInt32BE(16)))
      const { rows, said } = start(left.dir)
      expect(rows).toBeLessThan(APPENDS * ROWS)
      expect(said).toContain(`log was damaged: ${bytes} of its bytes cannot be read`)
      // What is said once is not said again.
      expect(start(left.dir).said).toBe('')
    }),
  )

  test('two frames of the last write, which no kill leaves', () =>
    withDirectory((dir) => {
      const left = killed(dir)
      const size = statSync(left.wal).size
      for (const frames of [1, 2]) scratch(left.wal, size - frames * FRAME + 24 + 9)
      expect(droppedCommits(left.wal)).toMatchObject({ bytes: 2 * FRAME, commits: 0 })
    }))

  test('the last frame written in part over an older log is no damage', () =>
    withDirectory((dir) => {
      const live = join(dir, 'live')
      const writer = open(live, { logBytes: 100_000 })
      const path = join(dir, 'copy')
      let last = 0
      // Until the log was begun anew, and frames of the one before are behind the end.
      for (let at = 0, size = 0; at < 200 && (last === 0 || last + FRAME >= size); at++) {
        writer.append([{ table: events, batch: second(at, at * ROWS, ROWS) }])
        copyFileSync(join(live, 'nixie.db-wal'), path)
        const log = readFileSync(path)
        const ours = (frame: number) => log.compare(log, 16, 24, frame + 8, frame + 16) === 0
        size = log.length
        last = 32
        while (last + 2 * FRAME <= size && ours(last + FRAME)) last += FRAME
      }
      writer.close()
      expect(last + FRAME).toBeLessThan(statSync(path).size)
      expect(droppedCommits(path)).toBeUndefined()
      scribble(path, last + 24, noise(4096))
      expect(droppedCommits(path)).toBeUndefined()
    }))
})

test('a log that ends in the midst of a write, as a kill leaves it, is no damage', () =>
  withDirectory((dir) => {
    const left = killed(dir)
    const size = statSync(left.wal).size
    for (const cut of [1, 100, FRAME - 30, FRAME, FRAME + 5, 2 * FRAME]) {
      truncateSync(left.wal, size - cut)
      expect(droppedCommits(left.wal)).toBeUndefined()
    }
  }))

test('frames of an older log behind the end are no damage', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    for (let at = 0; at < 10; at++) writer.append([{ table: events, batch: second(at, at * ROWS, ROWS) }])
    writer.close()
    // The start begins the log anew over what was there: here a long one, of which the first frames are written over.
    const again = open(live, { logBytes: 2000 })
    for (let at = 10; at < 40; at++) again.append([{ table: events, batch: second(at, at * ROWS, ROWS) }])
    expect(droppedCommits(join(live, 'nixie.db-wal'))).toBeUndefined()
    again.close()
  }))

test('any bytes at all are read without an error', () =>
  withDirectory((dir) => {
    const left = killed(dir, 8)
    const whole = readFileSync(left.wal)
    const path = join(dir, 'any')
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from(
        whole.subarray(0, round % 3 === 0 ? Math.floor(Math.random() * whole.length) : whole.length),
      )
      for (let k = 0; k < 1 + (round % 50); k++)
        bytes[Math.floor(Math.random() * Math.min(bytes.length, round % 2 ? 64 : bytes.length))] = Math.floor(
          Math.random() * 256,
        )
      writeFileSync(path, bytes)
      droppedCommits(path)
    }
  }))

test.each([
  ['noise', (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)), 60_000],
  ['less noise than a header', (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)), 20],
  ['text', (bytes: number) => Buffer.alloc(bytes, 'hello '), 5000],
  ['zeros', (bytes: number) => new Uint8Array(bytes), 8192],
])('a log of %s is said once, with its bytes', (_, fill, bytes) =>
  withDirectory((dir) => {
    const left = killed(dir, 3)
    writeFileSync(left.wal, fill(bytes))
    const { gone, said } = start(left.dir)
    expect(said).toMatch(new RegExp(`^The store's log was damaged: ${bytes} of its bytes cannot be read`))
    expect(said).not.toContain('\n')
    expect(gone).toBe(0)
    expect(start(left.dir).said).toBe('')
  }),
)
