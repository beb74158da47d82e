/** The status of a node whose store can't be looked at: it answers, and says so. */

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaptureReport } from '../src/capture/messages'
import { readConfig } from '../src/config'
import { NixieError } from '../src/errors'
import { newCounters } from '../src/health/counters'
import { statusOf } from '../src/node-status'
import { openReader } from '../src/store'
import { events, open, second } from './store/support'
import { NO_BUDGET } from './support/status'

const report: CaptureReport = {
  ready: true,
  probes: [],
  counters: { ...newCounters(), goneRows: 7 },
  settings: { bodyLimit: 0, redact: true },
  fileBytes: 0,
  budgetBytes: 1,
  longestAbsenceMs: 0,
  longestAbsenceQueuedMs: 0,
  longestAbsenceBlockedMs: 0,
  budget: NO_BUDGET,
}

let home: string
let dir: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'nixie-status-'))
  dir = join(home, 'data')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function fill(): void {
  const writer = open(dir)
  writer.append([{ table: events, batch: second(0, 0, 10) }])
  writer.close()
}

const thrown = (work: () => unknown): unknown => {
  try {
    work()
  } catch (cause) {
    return cause
  }
  return undefined
}

test('a silence that begins while the status is made is in all of it, or in nothing of it', () => {
  fill()
  let looks = 0
  const capture = {
    report,
    get life() {
      return looks++ === 0 ? { silentMs: 0 } : { silentMs: 1600, error: 'no rows for 1.6 s' }
    },
  }
  const reader = openReader(dir)
  const ask = () => statusOf(readConfig({ 'data-dir': dir }, {}), capture, reader, 0, () => ({}))
  expect(ask()).toMatchObject({ ready: true, capture: { running: true, silentSeconds: 0 } })
  expect(ask()).toMatchObject({ ready: false, capture: { running: false, silentSeconds: 1.6 } })
  reader.close()
})

describe.each([
  ['a file', (path: string) => writeFileSync(path, 'file')],
  ['a loop of links', (path: string) => symlinkSync(path, path)],
])('a data directory that became %s', (_, put) => {
  test('is a store error to whoever reads, counters are told, and it heals', () => {
    fill()
    const reader = openReader(dir)
    const status = () =>
      statusOf(readConfig({ 'data-dir': dir }, {}), { report, life: { silentMs: 0 } }, reader, 0, () => ({}))
    expect(status().tables.find(({ name }) => name === events.name)?.rows).toBe(10)
    rmSync(dir, { recursive: true })
    put(dir)
    const reads = {
      tables: () => reader.tables(),
      summary: () => reader.summary(0n),
      entities: () => reader.entities('pod'),
      scan: () => [...reader.scan(events.name, { columns: ['time_'] })],
    }
    for (const [name, read] of Object.entries(reads)) {
      const cause = thrown(read)
      expect(cause, name).toBeInstanceOf(NixieError)
      expect((cause as NixieError).shape).toMatchObject({
        code: 'store_error',
        message: expect.stringContaining('cannot be read'),
        hint: expect.stringContaining('is no directory'),
      })
    }
    expect(thrown(() => open(dir))).toBeInstanceOf(NixieError)
    const told = status()
    expect(told).toMatchObject({ ready: false, tables: [], losses: { gone: 7 } })
    expect(told.store.unreadable).toContain('is no directory')
    rmSync(dir)
    mkdirSync(dir)
    fill()
    expect(status()).toMatchObject({ ready: true })
    expect(status().store.unreadable).toBeUndefined()
    reader.close()
  })
})
