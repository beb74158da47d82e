/** Looks into a file for functions of TLS libraries, a piece at each step. */
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { ElfFile, type ElfFunction } from './elf'
import * as gnuTls from './gnutls'
import { goPlaces } from './go/places'
import type { MappedFile } from './mapped'
import * as nss from './nss'
import type { Place } from './openssl'
import * as openSsl from './openssl'
import { rustlsPlaces } from './rustls'
import { shortageIn } from './shortage'

export interface Inspected {
  /** A descriptor of the file, by which it is found whatever becomes of its name and its processes. Whoever takes it closes it. */
  readonly fd: number
  /** Equal for two files only if they are one, under whatever names and file systems that lie over each other. */
  readonly identity: string
  readonly places: readonly Place[]
}

const TELLING: readonly string[] = [...openSsl.TELLING, ...gnuTls.TELLING, ...nss.TELLING]
const FUNCTIONS: readonly string[] = [...openSsl.FUNCTIONS, ...gnuTls.FUNCTIONS, ...nss.FUNCTIONS]

/** A file in which nothing is probed. */
export interface Passed {
  /** Undefined: it is gone, or could not be opened. */
  readonly identity: string | undefined
  /** Why nothing can be said; undefined: it has none of the functions. */
  readonly why: string | undefined
  /** It may be another matter soon: what can be done about it. */
  readonly shortage?: string
}

export type Finding = Inspected | Passed

const GONE: Passed = { identity: undefined, why: undefined }

const DELETED = ' (deleted)'

/** Open files of a process that are compared with one that has no name. */
const MAX_DESCRIPTORS = 256

/** Paths by which a process's file may be opened: a container's are below its own root, a replaced or nameless one may still be open. */
function pathsOf({ pid, path }: MappedFile): string[] {
  if (!path.endsWith(DELETED)) return [`/proc/${pid}/root${path}`, `/proc/1/root${path}`, path]
  const open = ifThere(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  const links = [`/proc/${pid}/exe`, ...open.slice(0, MAX_DESCRIPTORS).map((fd) => `/proc/${pid}/fd/${fd}`)]
  return links.filter((link) => ifThere(() => readlinkSync(link)) === path)
}

/** The path that still names the file. Where layers of file systems lie over each other, only the inode's number tells. */
function pathOf(file: MappedFile): string | undefined {
  const inode = Number(file.key.slice(file.key.lastIndexOf(':') + 1))
  return pathsOf(file).find((path) => ifThere(() => statSync(path).ino) === inode)
}

/** A layer that lies over others has its own device, and may have bits of its own above the inode's number. */
function identityOf(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  return `${BigInt.asUintN(32, ino)} ${size} ${mtimeNs} ${ctimeNs}`
}

/** Undefined where the file, or its process, is gone. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (cause) {
    if (shortageIn(cause)) throw cause
    return undefined
  }
}

/** @param known what was found under this key before: another file may have got the number of its inode since */
export function* inspect(file: MappedFile, known?: Passed): Generator<void, Finding> {
  let elf: ElfFile | undefined
  try {
    const path = pathOf(file)
    if (path === undefined) return GONE
    const identity = identityOf(path)
    if (known?.identity === identity) return known
    elf = ElfFile.open(path)
    if (!elf) return { identity, why: undefined }
    const exported = new Map<string, ElfFunction>()
    if (TELLING.some((name) => elf!.exported(name)))
      for (const name of FUNCTIONS) {
        const symbol = elf.exported(name)
        if (symbol) exported.set(name, symbol)
      }
    yield
    const functions = exported.size > 0 ? exported : yield* elf.inSymbolTable(FUNCTIONS, TELLING)
    if (functions === 'too large')
      return { identity, why: 'its table of symbols is too large to be searched' }
    const rustls = yield* rustlsPlaces(elf)
    const go = yield* goPlaces(elf)
    const places = [
      ...openSsl.openSslPlaces(elf, functions),
      ...gnuTls.gnuTlsPlaces(elf, functions),
      ...nss.nssPlaces(elf, functions),
      ...rustls,
      ...(typeof go === 'string' ? [] : go),
    ]
    if (places.length > 0) return { fd: elf.release(), identity, places }
    return { identity, why: typeof go === 'string' ? go : undefined }
  } catch (cause) {
    const shortage = shortageIn(cause)
    return shortage ? { identity: undefined, why: shortage.why, shortage: shortage.hint } : GONE
  } finally {
    elf?.close()
  }
}
