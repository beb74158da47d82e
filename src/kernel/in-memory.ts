/**
 * A library of the executable as a file that is in memory only. The runtime would unpack it into the folder for temporary files, under a
 * name that anybody can know, and load what it finds there the next time if only owner and size fit: also what a power cut left of it.
 */
import { mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embedded } from './embedded'
import { memoryFile } from './libc'

/** Where files are that a compiled executable holds. */
const HELD = '/$bunfs/'
const DESCRIPTORS = '/proc/self/fd'

/**
 * The path to load; a library that is a file already has its own. All threads get the same file, as the linker takes each for a
 * library of its own. It stays open. Where the kernel refuses a file in memory, it is one in a folder for temporary files that has lost
 * its name. @throws Error when that can't be written either
 */
export function inMemory(name: string, library: string): string {
  if (!library.startsWith(HELD)) return library
  const known = opened(name)
  if (known) return known
  const bytes = embedded(library)
  return made(name, bytes) ?? nameless(name, bytes)
}

function opened(name: string): string | undefined {
  const found = readdirSync(DESCRIPTORS).find((descriptor) => {
    try {
      const path = readlinkSync(`${DESCRIPTORS}/${descriptor}`)
      return path === `/memfd:${name} (deleted)` || path.endsWith(`/${name} (deleted)`)
    } catch {
      // It was that of the folder itself.
      return false
    }
  })
  return found && `${DESCRIPTORS}/${found}`
}

export function made(name: string, bytes: Uint8Array): string | undefined {
  const descriptor = memoryFile(name)
  return descriptor < 0 ? undefined : written(descriptor, bytes)
}

/** In a folder that only this account may enter, and that is gone at once: nobody else can put a file there. */
export function nameless(name: string, bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'nixie-'))
  try {
    // Not only to be written: the linker opens it by its descriptor, to read.
    return written(openSync(join(folder, name), 'wx+', 0o700), bytes)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function written(descriptor: number, bytes: Uint8Array): string {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
  return `${DESCRIPTORS}/${descriptor}`
}
