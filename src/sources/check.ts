/** Checks which programs the kernel accepts: the second part of `nixie check`. */
import { readdirSync, readFileSync } from 'node:fs'
import { readConfig, SETTINGS } from '../config'
import { newCounters } from '../health/counters'
import { openKernel } from '../kernel'
import type { CheckResult } from '../kernel/capabilities'
import { Processes } from '../metadata'
import { DecodeBudget } from '../protocols/lib/decode-budget'
import { SOURCES } from '.'
import { Sources } from './open'
import { UNLIMITED } from './source'

/** Processes of one name that are looked at. */
const MAX_PROCESSES = 16
/** Of a process's name, as the kernel keeps it. */
const COMM_LENGTH = 15

/** What of a process can be read, given by its id, or by its name for all of that name. Never throws. */
export function checkProcesses(selector: string): CheckResult[] {
  const isId = /^\d+$/.test(selector)
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const chosen = pids.filter((pid) => (isId ? pid === Number(selector) : isNamed(pid, selector)))
  if (chosen.length === 0)
    return [
      {
        name: selector,
        ok: false,
        detail: isId ? 'no process has this id' : 'no process has this name',
        hint: 'Names are those of /proc/PID/comm: ps -eo pid,comm lists them.',
        required: true,
      },
    ]
  return chosen
    .slice(0, MAX_PROCESSES)
    .flatMap((pid) => SOURCES.flatMap((source) => source.checkProcess?.(pid) ?? []))
}

function isNamed(pid: number, name: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd() === name.slice(0, COMM_LENGTH)
  } catch {
    return false
  }
}

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
