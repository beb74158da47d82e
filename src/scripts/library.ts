/** The scripts that come with Nixie: one folder each, `library/<namespace>/<name>/`. */
import { type Bundle, readBundle } from './bundle'
import { libraryFiles } from './embed' with { type: 'macro' }

const files: Readonly<Record<string, string>> = libraryFiles()

function readLibrary(): ReadonlyMap<string, Bundle> {
  const folders = new Map<string, Record<string, string>>()
  for (const [path, text] of Object.entries(files)) {
    const slash = path.lastIndexOf('/')
    const folder = path.slice(0, slash)
    const entry = folders.get(folder) ?? {}
    entry[path.slice(slash + 1)] = text
    folders.set(folder, entry)
  }
  return new Map([...folders].map(([name, entry]) => [name, readBundle(name, entry)]))
}

/** By name (`px/http_data`), sorted. */
export const LIBRARY: ReadonlyMap<string, Bundle> = readLibrary()
