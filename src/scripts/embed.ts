/** Runs when Bun bundles (a macro): the library's files go into the executable, found by listing its folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Path under `library/` → text. */
export function libraryFiles(): Record<string, string> {
  const root = join(import.meta.dir, 'library')
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(pxl|yaml|json)$/.test(path))
    .sort()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}
