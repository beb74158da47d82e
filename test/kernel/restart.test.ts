/** A capture thread that stands still, with its probes attached and its store open, is replaced. Needs root. */
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCapture } from '../../src/capture/client'
import { readConfig } from '../../src/config'
import { openReader } from '../../src/store'
import { until } from '../support/scope'

test('the next thread has the probes and the store, and rows come in again', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nixie-restart-'))
  const said: string[] = []
  const config = { ...readConfig({}, {}), dataDir }
  const capture = await startCapture(config, (message) => said.push(message), {
    spawn: () => new Worker(new URL('./hanging-capture.ts', import.meta.url).href),
    silenceMs: 10_000,
    pauseMs: 10,
  })
  const reader = openReader(dataDir)
  try {
    const attached = () => capture.report.probes.filter((probe) => probe.attached).length
    const before = attached()
    expect(capture.report.ready).toBe(true)
    await until('it is replaced', async () => capture.report.counters.captureRestarts === 1)
    await until('the next one reports', async () => capture.error === undefined)
    expect(said.join()).toContain('stood still')
    expect(capture.report.ready).toBe(true)
    expect(attached()).toBe(before)
    // Where little comes, the store takes rows when somebody asks for them.
    const rows = async () => {
      await capture.flush()
      return reader.tables().find(({ name }) => name === 'process_stats')!.rows
    }
    const kept = await rows()
    await until('rows come in', async () => (await rows()) > kept)
    expect(capture.report.storeError).toBeUndefined()
    expect(capture.report.counters.goneRows).toBe(0)
  } finally {
    reader.close()
    await capture.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
