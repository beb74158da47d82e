/** Looks into a file for functions of TLS libraries, a piece at each step. */
import { readlinkSync, statSync } from 'node:fs'
import { ElfFile, type ElfFunction } from './elf'
import * as gnuTls from './gnutls'
import { goPlaces } from './go/places'
import type { MappedFile } from './mapped'
import type { Place } from './openssl'
import * as openSsl from './openssl'

export interface Inspected {
  /** By which the file can be opened now. */
  readonly path: string
  readonly places: readonly Place[]
}

const TELLING: readonly string[] = [...openSsl.TELLING, ...gnuTls.TELLING]
const FUNCTIONS: readonly string[] = [...openSsl.FUNCTIONS, ...gnuTls.FUNCTIONS]

/** What was found; a text: why nothing can be said. */
export type Finding = Inspected | string | undefined

const DELETED = ' (deleted)'

/** Paths by which a process's file may be opened: a container's are below its own root, a replaced program's is its link. */
function pathsOf({ pid, path }: MappedFile): string[] {
  if (!path.endsWith(DELETED)) return [`/proc/${pid}/root${path}`, `/proc/1/root${path}`, path]
  try {
    if (readlinkSync(`/proc/${pid}/exe`) === path) return [`/proc/${pid}/exe`]
  } catch {
    // It ended meanwhile.
  }
  return []
}

/** The path that still names the file. Where layers of file systems lie over each other, only the inode's number tells. */
function pathOf(file: MappedFile): string | undefined {
  const inode = Number(file.key.slice(file.key.lastIndexOf(':') + 1))
  const exists = (path: string) => statSync(path, { throwIfNoEntry: false })
  const paths = pathsOf(file)
  return paths.find((path) => isReadable(() => exists(path)?.ino === inode))
}

function isReadable(look: () => boolean): boolean {
  try {
    return look()
  } catch {
    return false
  }
}

/** `undefined`: it has none of the functions, or is gone with its process. */
export function* inspect(file: MappedFile): Generator<void, Finding> {
  const path = pathOf(file)
  if (path === undefined) return undefined
  let elf: ElfFile | undefined
  try {
    elf = ElfFile.open(path)
    if (!elf) return undefined
    const exported = new Map<string, ElfFunction>()
    if (TELLING.some((name) => elf!.exported(name)))
      for (const name of FUNCTIONS) {
        const symbol = elf.exported(name)
        if (symbol) exported.set(name, symbol)
      }
    yield
    const functions = exported.size > 0 ? exported : yield* elf.inSymbolTable(FUNCTIONS, TELLING)
    if (functions === 'too large') return 'its table of symbols is too large to be searched'
    const go = yield* goPlaces(elf)
    const places = [
      ...openSsl.openSslPlaces(elf, functions),
      ...gnuTls.gnuTlsPlaces(elf, functions),
      ...(typeof go === 'string' ? [] : go),
    ]
    return places.length > 0 ? { path, places } : typeof go === 'string' ? go : undefined
  } catch {
    return undefined
  } finally {
    elf?.close()
  }
}
