/**
 * kill -9 during append and compaction, many times on one store; every store must open with all that was promised.
 *
 *     bun test/bench/store-crash.ts [kills=1000] [seed=1]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crashOften } from '../store/crash'

const ROUND = 50
const kills = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? 1)
const from = performance.now()
for (let done = 0; done < kills; done += ROUND) {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-crash-'))
  try {
    const { rows } = await crashOften(dir, Math.min(ROUND, kills - done), seed + done)
    console.log(`${Math.min(kills, done + ROUND)} kills, ${rows} rows promised and kept in this store`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
console.log(`${kills} kills in ${((performance.now() - from) / 1000).toFixed(0)} s, nothing lost`)
