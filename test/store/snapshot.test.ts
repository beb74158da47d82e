import { expect, test } from 'bun:test'
import type { IntVector } from '../../src/records/batch'
import { openReader } from '../../src/store'
import { random } from '../bench/http-events'
import { at as clockAt, events, open, START_MS, second, withDirectory } from './support'

/** Rows of an append, and the seconds that rows are kept. */
const ROWS = 10
const KEPT = 120

for (let seed = 1; seed <= 3; seed++)
  test(`scans see what was there when they began, whatever is appended, merged and expired (seed ${seed})`, () =>
    withDirectory((dir) => {
      const next = random(seed)
      const below = (n: number) => Math.floor(next() * n)
      const writer = open(dir, { retentionSeconds: KEPT })
      const reader = openReader(dir, [events])
      const scans: { steps: Iterator<{ columns: readonly unknown[] }>; seen: number[]; wanted: number[] }[] =
        []
      const whole = () =>
        [...reader.scan('events', { columns: ['n'] })].flatMap((batch) => [
          ...(batch.columns[0] as IntVector).values,
        ])
      let ended = 0
      let at = 0
      for (let turn = 0; turn < 540; turn++) {
        const kind = below(8)
        if (kind < 2) {
          writer.append([{ table: events, batch: second(at, at * ROWS, ROWS) }])
          at++
        } else if (kind < 4)
          for (let k = below(60); k > 0; k--) clockAt(writer, START_MS + at * 1000).maintain()
        else if (kind === 4 && scans.length < 4) {
          const steps = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
          const first = steps.next()
          // What is not begun has no snapshot yet.
          const seen = first.done ? [] : [...(first.value.columns[0] as IntVector).values]
          if (!first.done) scans.push({ steps, seen, wanted: whole() })
        } else {
          const scan = scans[below(scans.length)]
          const step = scan?.steps.next()
          if (!scan || !step) continue
          if (!step.done) scan.seen.push(...(step.value.columns[0] as IntVector).values)
          else {
            expect(scan.seen).toEqual(scan.wanted)
            scans.splice(scans.indexOf(scan), 1)
            ended++
          }
        }
        // No scan takes longer than replaced chunks stay.
        for (const scan of scans.filter(() => turn % 90 === 89)) {
          for (let step = scan.steps.next(); !step.done; step = scan.steps.next())
            scan.seen.push(...(step.value.columns[0] as IntVector).values)
          expect(scan.seen).toEqual(scan.wanted)
          scans.splice(scans.indexOf(scan), 1)
          ended++
        }
      }
      expect(ended).toBeGreaterThan(5)
      expect(writer.stats().expiredRows).toBeGreaterThan(0)
      expect(writer.stats().compactedBytes).toBeGreaterThan(0)
      reader.close()
      writer.close()
    }))
