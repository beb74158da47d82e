/** Bun macros: they run when the importing file is transpiled, so that the executable holds what they return. */
import { readFileSync } from 'node:fs'

/** A text for browsers: packed it is a third, also as base64, which is all that a macro can return of bytes. */
export interface Packed {
  /** gzip, in base64. */
  readonly gzip: string
  /** Of the text. */
  readonly hash: string
}

function pack(text: string): Packed {
  const gzip = Bun.gzipSync(Buffer.from(text), { level: 9 })
  return { gzip: Buffer.from(gzip).toString('base64'), hash: Bun.hash(text).toString(36) }
}

/** A part of ui/client with its imports, as one classic script. Throws the bundler's message. */
export function bundleClient(file: string): Packed {
  const entry = `${import.meta.dir}/client/${file}`
  // A second process: the bundler can't be entered again from within a macro.
  const run = Bun.spawnSync([
    process.execPath,
    'build',
    entry,
    '--minify',
    '--target=browser',
    '--format=iife',
  ])
  if (run.exitCode !== 0) throw new Error(`ui/client/${file} does not bundle: ${run.stderr}`)
  return pack(run.stdout.toString())
}

/** Files of this folder, or of packages, one behind the other. */
export function packFiles(...files: string[]): Packed {
  const texts = files.map((file) => readFileSync(Bun.resolveSync(file, import.meta.dir), 'utf8'))
  return pack(texts.join('\n'))
}
