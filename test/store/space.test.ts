/** What the store may take of a disk that nobody has said anything of. */
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { DiskBudget } from '../../src/store/space'
import { events, noise, numbersOf, open, second, settle, withDirectory } from './support'

const GB = 1e9
const disk = (free: number, size = free) => ({ bavail: free / 4096, blocks: size / 4096, bsize: 4096 })
const budget = (dir: string, free: number, size?: number) => new DiskBudget(dir, 0, () => disk(free, size))

test('a tenth of what is free, 1 GiB at most', () =>
  withDirectory((dir) => {
    expect(budget(dir, 4 * GB).bytes).toBe(0.4 * GB)
    expect(budget(dir, 0.5 * GB).bytes).toBe(0.05 * GB)
    expect(budget(dir, 1000 * GB).bytes).toBe(1 << 30)
  }))

test('what it has already counts as free, so that it is the same after a restart', () =>
  withDirectory((dir) => {
    writeFileSync(join(dir, 'nixie.db'), new Uint8Array(10_000_000))
    expect(budget(dir, 4 * GB - 10_000_000).bytes).toBeCloseTo(0.4 * GB, -3)
  }))

test('on a full disk it is little, and grows when the disk has room again; what was given stays', () =>
  withDirectory((dir) => {
    let free = 0
    const [own, given] = [0, 1e6].map((bytes) => new DiskBudget(dir, bytes, () => disk(free, 100 * GB)))
    expect(own!.bytes).toBe(16 << 20)
    free = 4 * GB
    own!.look()
    expect(own!.bytes).toBe(0.4 * GB)
    free = 0
    for (const each of [own!, given!]) each.look()
    expect([own!.bytes, given!.bytes]).toEqual([0.4 * GB, 1e6])
    expect(budget(dir, 0, 40e6).bytes).toBe(4e6)
  }))

test('a start while the disk is full deletes nothing', () =>
  withDirectory((dir) => {
    const first = open(dir, { diskBudgetBytes: 0, disk: () => disk(100 * GB) })
    for (let at = 0; at < 10; at++) first.append([{ table: events, batch: second(at, at * 200, 200, noise) }])
    settle(first)
    first.close()
    const again = open(dir, { diskBudgetBytes: 0, disk: () => disk(0, 1e6) })
    settle(again)
    again.close()
    const reader = openReader(dir)
    expect(numbersOf(reader)).toHaveLength(2000)
    reader.close()
  }))
