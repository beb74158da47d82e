/** Checks which programs the kernel accepts: the second part of `nixie check`. */
import { readConfig, SETTINGS } from '../config'
import { newCounters } from '../health/counters'
import { openKernel } from '../kernel'
import type { CheckResult } from '../kernel/capabilities'
import { Processes } from '../metadata'
import { DecodeBudget } from '../protocols/lib/decode-budget'
import { SOURCES } from '.'
import { Sources } from './open'
import { UNLIMITED } from './source'

const RING_BYTES = 1 << 18

/** Loads and attaches every program for a moment, which takes about half a second. Never throws. */
export function checkPrograms(): CheckResult[] {
  const kernel = openKernel({ enabled: true })
  const sources = new Sources(SOURCES, {
    kernel,
    sink: { append: () => {} },
    liveSink: { append: () => {} },
    processes: new Processes(SETTINGS.nodeName.fallback),
    counters: newCounters(),
    processor: UNLIMITED,
    config: { ...readConfig({}, {}), ringBytes: RING_BYTES },
    settings: { bodyLimit: 0, redact: true, decodeBudget: new DecodeBudget() },
  })
  try {
    return sources.probes.map(({ name, purpose, required, attached, error, hint }) => ({
      name,
      ok: attached,
      detail: !attached ? error : hint === '' ? purpose : `${purpose}. ${hint}`,
      hint,
      required,
    }))
  } finally {
    kernel.close()
  }
}
