/** Figures of two binaries side by side: kept as JSON, so that sections run one after another come together in one table. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { dirname } from 'node:path'
import { spread } from '../stage'
import type { Built } from './against'

/** One row of the table. */
export interface Figure {
  /** With its unit. */
  readonly what: string
  readonly aim?: string
  readonly digits?: number
  /** One value for each pair. */
  readonly before: readonly number[]
  readonly now: readonly number[]
}

/** What a section found. */
export interface Found {
  readonly figures: readonly Figure[]
  /** What else is worth a line. */
  readonly notes?: readonly string[]
}

interface Section extends Found {
  readonly name: string
  readonly measured: string
  readonly pairs: number
  readonly seconds: number
}

interface Results {
  readonly machine: string
  readonly before: { version: string; digest: string }
  readonly now: { version: string; digest: string }
  readonly sections: readonly Section[]
}

const identity = ({ version, digest }: Built) => ({ version, digest })

/** What was found before of the same two binaries. */
function read(path: string, before: Built, now: Built): Results {
  const empty = {
    machine: `${cpus().length} × ${cpus()[0]!.model.trim()}, Linux ${release()}`,
    before: identity(before),
    now: identity(now),
    sections: [],
  }
  if (!existsSync(path)) return empty
  const kept = JSON.parse(readFileSync(path, 'utf8')) as Results
  if (kept.before.digest === before.digest && kept.now.digest === now.digest) return kept
  console.log(
    `${path} has figures of other binaries (${kept.before.version}, ${kept.now.version}); it is begun anew`,
  )
  return empty
}

export class Figures {
  readonly #path: string
  #results: Results

  constructor(path: string, before: Built, now: Built) {
    this.#path = path
    this.#results = read(path, before, now)
  }

  /** Keeps what a section found, in place of what it found the last time. */
  add(section: Section): void {
    const others = this.#results.sections.filter(({ name }) => name !== section.name)
    this.#results = { ...this.#results, sections: [...others, section] }
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(this.#path, `${JSON.stringify(this.#results, null, 1)}\n`)
  }

  /** The sections, in the given order, as a table in Markdown. */
  table(order: readonly string[]): string {
    const { machine, before, now } = this.#results
    const place = ({ name }: Section) => order.indexOf(name)
    const sections = [...this.#results.sections].sort((a, b) => place(a) - place(b))
    const lines = sections.flatMap((section) => [
      `| *${section.name}*, ${section.pairs} × ${section.seconds} s | | | |`,
      ...section.figures.map(row),
    ])
    const notes = sections.flatMap(({ name, notes = [] }) => notes.map((note) => `- ${name}: ${note}`))
    return [
      `${machine}; median (min–max)`,
      '',
      `| | ${before.version} | ${now.version} | aim |`,
      '|---|---|---|---|',
      ...lines,
      '',
      ...notes,
    ].join('\n')
  }
}

const shown = (values: readonly number[], digits: number) =>
  values.length > 0 ? spread(values, digits) : '–'

export function row({ what, aim = '–', digits = 2, before, now }: Figure): string {
  return `| ${what} | ${shown(before, digits)} | ${shown(now, digits)} | ${aim} |`
}
