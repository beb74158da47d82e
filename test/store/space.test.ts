/** What the store may take of a disk that nobody has said anything of. */
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultBudget } from '../../src/store/space'
import { withDirectory } from './support'

const GB = 1e9
const disk = (bytes: number) => ({ bavail: bytes / 4096, bsize: 4096 })

test('a tenth of what is free, 1 GiB at most', () =>
  withDirectory((dir) => {
    expect(defaultBudget(dir, disk(4 * GB))).toBe(0.4 * GB)
    expect(defaultBudget(dir, disk(0.5 * GB))).toBe(0.05 * GB)
    expect(defaultBudget(dir, disk(1000 * GB))).toBe(1 << 30)
  }))

test('what it has already counts as free, so that it is the same after a restart', () =>
  withDirectory((dir) => {
    writeFileSync(join(dir, 'nixie.db'), new Uint8Array(10_000_000))
    expect(defaultBudget(dir, disk(4 * GB - 10_000_000))).toBeCloseTo(0.4 * GB, -3)
  }))
