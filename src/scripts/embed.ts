/** Runs when Bun bundles (a macro): the library's files go into the executable, found by listing its folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Path under `library/` → text, as JSON, gzipped, in base64: two threads carry it. */
export function packedLibrary(): string {
  const root = join(import.meta.dir, 'library')
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(pxl|yaml|json)$/.test(path))
    .sort()
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  return gzipSync(JSON.stringify(files), { level: 9 }).toString('base64')
}
