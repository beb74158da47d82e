/**
 * A library of the executable as a file that is in memory only. The runtime would unpack it into the folder for temporary files, under a
 * name that anybody can know, and load what it finds there the next time if only owner and size fit: also what a power cut left of it.
 */
import { readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { memoryFile } from './libc'

/** Where files are that a compiled executable holds. */
const HELD = '/$bunfs/'
const DESCRIPTORS = '/proc/self/fd'

/**
 * The path to load; a library that is a file already has its own. All threads get the same file, as the linker takes each for a
 * library of its own. It stays open. Where the kernel refuses it is left to the runtime.
 */
export function inMemory(name: string, library: string): string {
  if (!library.startsWith(HELD)) return library
  return opened(name) ?? made(name, readFileSync(library)) ?? library
}

function opened(name: string): string | undefined {
  const found = readdirSync(DESCRIPTORS).find((descriptor) => {
    try {
      return readlinkSync(`${DESCRIPTORS}/${descriptor}`) === `/memfd:${name} (deleted)`
    } catch {
      // It was that of the folder itself.
      return false
    }
  })
  return found && `${DESCRIPTORS}/${found}`
}

export function made(name: string, bytes: Uint8Array): string | undefined {
  const descriptor = memoryFile(name)
  if (descriptor < 0) return undefined
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
  return `${DESCRIPTORS}/${descriptor}`
}
