/** A store on a file system of its own that gets full, read-only, or is taken away. Needs root. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NixieError } from '../../src/errors'
import { openReader, type Writer } from '../../src/store'
import { events, noise, numbersOf, open, said, second } from '../store/support'

let disk: string
let dir: string

function run(...command: string[]): void {
  const { success, stderr } = Bun.spawnSync(command)
  if (!success) throw new Error(`${command.join(' ')}: ${stderr}`)
}

beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'nixie-disk-'))
  run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk)
  dir = join(disk, 'data')
  mkdirSync(dir)
})

afterEach(() => {
  while (Bun.spawnSync(['umount', '--lazy', disk]).success);
  rmSync(disk, { recursive: true, force: true })
})

/** Appends seconds, with upkeep, and says what was refused: the hints, and the numbers of all rows that are in. */
function put(writer: Writer, from: number, seconds: number) {
  const hints = new Set<string>()
  const kept: number[] = []
  for (let s = from; s < from + seconds; s++) {
    try {
      writer.append([{ table: events, batch: second(s, s * 10, 10, noise) }])
      for (let i = 0; i < 10; i++) kept.push(s * 10 + i)
    } catch (cause) {
      hints.add((cause as NixieError).shape.hint ?? '')
    }
    try {
      writer.maintain()
    } catch (cause) {
      hints.add((cause as NixieError).shape.hint ?? '')
    }
  }
  return { hints: [...hints], kept }
}

function stored(): number[] {
  const reader = openReader(dir, [events])
  const numbers = numbersOf(reader)
  reader.close()
  return numbers
}

test('a disk that others fill: rows are refused with the reason, what is in stays, and it goes on by itself', () => {
  const writer = open(dir, { logBytes: 40_000 })
  const before = put(writer, 0, 20)
  expect(before.hints).toEqual([])
  const ballast = join(disk, 'ballast')
  try {
    for (;;) writeFileSync(ballast, new Uint8Array(1 << 18), { flag: 'a' })
  } catch {
    // Full.
  }
  const during = put(writer, 20, 100)
  expect(during.hints).toHaveLength(1)
  expect(during.hints[0]).toContain('is full: free some space')
  rmSync(ballast)
  const after = put(writer, 120, 20)
  expect(after).toMatchObject({ hints: [], kept: { length: 200 } })
  expect(stored()).toEqual([...before.kept, ...during.kept, ...after.kept])
  expect(writer.stats().goneRows).toBe(0)
  expect(said(writer)).toEqual([])
  writer.close()
})

/** An ext4 file system in a file, mounted over `disk`: the only kind that can be told to meet an error. */
function mountExt4(image: string): string {
  run('mount', '-o', 'loop,errors=remount-ro', image, disk)
  const { stdout } = Bun.spawnSync(['findmnt', '--noheadings', '--output', 'SOURCE', '--mountpoint', disk])
  return stdout.toString().trim().split('\n').at(-1)!.replace('/dev/', '')
}

test('a disk whose errors make the kernel stop all writes: it says so; mounted again it goes on', () => {
  const image = `${disk}.img`
  try {
    run('truncate', '--size', '16M', image)
    run('mkfs.ext4', '-q', '-F', image)
    const device = mountExt4(image)
    mkdirSync(dir)
    const writer = open(dir)
    const before = put(writer, 0, 20)
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, 'a test')
    const during = put(writer, 20, 3)
    expect(during).toMatchObject({ kept: [] })
    expect(during.hints.join()).toContain('is read-only')
    // The writer has let go of its files, so that the disk can be seen to.
    run('umount', disk)
    mountExt4(image)
    const after = put(writer, 30, 20)
    expect(after.hints).toEqual([])
    expect(stored().filter((n) => n >= 300)).toEqual(after.kept)
    const kept = stored().filter((n) => n < 300).length
    // Whatever of them the disk still had.
    expect(kept + writer.stats().goneRows).toBe(before.kept.length)
    writer.close()
  } finally {
    Bun.spawnSync(['umount', '--lazy', disk])
    rmSync(image, { force: true })
  }
})

test('a disk that is unmounted is noticed, and the store goes on below its mount point', () => {
  const writer = open(dir)
  put(writer, 0, 20)
  run('umount', '--lazy', disk)
  const after = put(writer, 20, 5)
  expect(after.hints).toEqual([])
  expect(writer.stats().goneRows).toBe(200)
  expect(said(writer).join()).toContain('200 stored rows are lost')
  expect(stored()).toEqual(after.kept)
  writer.close()
})
