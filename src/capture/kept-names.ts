/**
 * Names of messages that servers told by reflection, kept over a restart: clients ask for them once, and rarely again. A server is known by its
 * process, so that they hold as long as it runs. What servers tell is up to them, so the file is small and rarely written.
 */
import { isObject } from '../json'
import type { MessageNames, Told } from '../protocols/lib/protobuf/names'
import { readBeside, writeBeside } from '../store/beside'

const FILE = 'names'
/** Bytes of descriptors; of more of them, those are kept that were told last. */
const MAX_KEPT = 1 << 20
/** In base64, with the names of servers. */
const MAX_FILE = 2 << 20
/** From a change to the file, and from one file to the next. */
const FIRST_S = 30
const NEXT_S = 600

export class KeptNames {
  readonly #dataDir: string
  readonly #names: MessageNames
  #written: number
  /** Seconds until it may be written. */
  #wait = FIRST_S

  /** Takes what an earlier run kept. */
  constructor(dataDir: string, names: MessageNames) {
    this.#dataDir = dataDir
    this.#names = names
    const bytes = readBeside(dataDir, FILE, MAX_FILE)
    if (bytes) names.remembers(toldIn(bytes))
    this.#written = names.changes
  }

  /** To be called each second. */
  second(): void {
    if (this.#wait > 0) this.#wait--
    if (this.#names.changes === this.#written) return
    if (this.#wait === 0) this.write()
  }

  /** Writes what has changed. */
  write(): void {
    const { changes } = this.#names
    if (changes === this.#written) return
    this.#wait = NEXT_S
    if (writeBeside(this.#dataDir, FILE, bytesOf(this.#names))) this.#written = changes
  }
}

/** The newest first, as many as there is room for. */
function bytesOf({ told }: MessageNames): Uint8Array {
  let left = MAX_KEPT
  const kept: { server: string; files: string[] }[] = []
  for (const { server, files } of told.reverse()) {
    const all = [...files]
    const size = all.reduce((sum, { length }) => sum + length, server.length)
    if (size > left) continue
    left -= size
    kept.push({ server, files: all.map((file) => Buffer.from(file).toString('base64')) })
  }
  return Buffer.from(JSON.stringify(kept))
}

/** The last one last; nothing where it is something else. */
function toldIn(bytes: Uint8Array): Told[] {
  try {
    const kept: unknown = JSON.parse(Buffer.from(bytes).toString())
    return Array.isArray(kept) ? kept.filter(isKept).reverse().map(toldBy) : []
  } catch {
    return []
  }
}

interface Kept {
  readonly server: string
  readonly files: readonly string[]
}

const isKept = (value: unknown): value is Kept =>
  isObject(value) &&
  typeof value.server === 'string' &&
  Array.isArray(value.files) &&
  value.files.every((file) => typeof file === 'string')

const toldBy = ({ server, files }: Kept): Told => ({
  server,
  files: files.map((file) => new Uint8Array(Buffer.from(file, 'base64'))),
})
