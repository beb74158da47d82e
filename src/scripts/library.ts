/** The scripts that come with Nixie: one folder each, `library/<namespace>/<name>/`. */
import { gunzipSync } from 'node:zlib'
import { type Bundle, readBundle } from './bundle'
import { packedLibrary } from './embed' with { type: 'macro' }

const packed: string = packedLibrary()

function readLibrary(): ReadonlyMap<string, Bundle> {
  const files = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8')) as Record<
    string,
    string
  >
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
