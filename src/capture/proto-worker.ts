/** A thread that reads sources of Protocol Buffers, so that the capture thread goes on looking at the ring. It is told the directory, answers once, and is ended. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readPlainFile, TooLarge } from './plain-file'
import { type Compiled, compileSources, type Source } from './proto-sources'

declare const self: Worker

const MAX_FILES = 4096
/** Reading them takes some fourteen times as much memory. */
const MAX_BYTES = 8 << 20
/** Of the directory and those within it, at most. */
const MAX_ENTRIES = 50_000

/** Paths of all sources in the directory and those within it; links to directories aren't followed. */
async function sourcesIn(dir: string): Promise<string[]> {
  const found: string[] = []
  const folders = ['']
  let entries = 0
  for (const folder of folders) {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true }).catch(() => [])) {
      if (++entries > MAX_ENTRIES) return found
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.name.endsWith('.proto')) found.push(path)
    }
  }
  return found.sort()
}

async function compile(dir: string): Promise<Compiled> {
  const paths = await sourcesIn(dir)
  const sources: Source[] = []
  const warnings: string[] = []
  let left = MAX_BYTES
  for (const name of paths.slice(0, MAX_FILES)) {
    try {
      const bytes = await readPlainFile(join(dir, name), left)
      left -= bytes.length
      sources.push({ name, text: Buffer.from(bytes).toString() })
    } catch (cause) {
      if (cause instanceof TooLarge) break
      warnings.push(`${name} is left out: ${cause instanceof Error ? cause.message : cause}`)
    }
  }
  if (sources.length + warnings.length < paths.length)
    warnings.push(
      `of ${paths.length} sources the first ${sources.length} are read: ${MAX_BYTES >> 20} MiB at most`,
    )
  const { files, warnings: more } = compileSources(sources)
  return { files, warnings: [...warnings, ...more] }
}

self.onmessage = ({ data: dir }: MessageEvent<string>) => {
  void compile(dir).then((compiled) => self.postMessage(compiled))
}
