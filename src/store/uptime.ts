/**
 * Time as the store counts it. The wall clock may be set ahead, back, or start in 1970 on a device without a clock of
 * its own, so nothing expires by it: the age of rows is what CLOCK_BOOTTIME (suspend included) has run since they came.
 */
import type { Database } from 'bun:sqlite'
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** A clock that can't be set. */
export interface Uptime {
  /** Tells the boots of a machine apart. */
  readonly boot: number
  /** Seconds since that boot. */
  seconds(): number
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id'
/** This many hex digits fit a double exactly. */
const BOOT_DIGITS = 13

function bootOf(): number {
  try {
    return Number.parseInt(readFileSync(BOOT_ID, 'utf8').replaceAll('-', '').slice(0, BOOT_DIGITS), 16)
  } catch {
    return 0
  }
}

export const systemUptime = (): Uptime => ({ boot: bootOf(), seconds: uptime })

const AGE = 'age'
const AT = 'age_uptime'
const BOOT = 'age_boot'

/**
 * The age of a store in seconds: it grows with the machine's uptime, between two writers of one boot too. While the
 * machine is off it stands still, since no clock can be trusted to say for how long that was.
 */
export class Age {
  readonly #uptime: Uptime
  readonly #start: number
  readonly #from: number
  #newest: number

  constructor(db: Database, clock: Uptime) {
    const { known, at, boot } = read(db)
    this.#uptime = clock
    this.#from = clock.seconds()
    this.#start = known + (boot === clock.boot ? Math.max(0, this.#from - at) : 0)
    this.#newest = this.#start
  }

  /** Never less than before. */
  now(): number {
    this.#newest = Math.max(this.#newest, Math.floor(this.#start + this.#uptime.seconds() - this.#from))
    return this.#newest
  }

  /** To be called in a transaction. */
  save(db: Database): void {
    const put = db.query(
      'INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    put.run(AGE, this.now())
    put.run(AT, Math.floor(this.#uptime.seconds()))
    put.run(BOOT, this.#uptime.boot)
  }
}

function read(db: Database) {
  const rows = db.query('SELECT name, value FROM counters').all() as { name: string; value: bigint }[]
  const of = (name: string) => Number(rows.find((row) => row.name === name)?.value ?? 0)
  return { known: of(AGE), at: of(AT), boot: of(BOOT) }
}
