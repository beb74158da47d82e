/** Scripts of the user's own: bundles in a folder, laid out as Pixie's are, `DIR/<namespace>/<name>/`. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { messageOf, NixieError } from '../errors'
import { nameHint } from '../suggest'
import { type Bundle, readBundle } from './bundle'

export interface ScriptFolder {
  /** By name, sorted. */
  readonly bundles: ReadonlyMap<string, Bundle>
  /** What can't be read; the messages begin with the folder. */
  readonly errors: readonly NixieError[]
}

/** More can't be a script. */
const MAX_FILE_BYTES = 4 << 20
const BUNDLE_FILE = /^[^.].*\.pxl$|^manifest\.yaml$|^vi[sz]\.json$/

const namesIn = (dir: string) => readdirSync(dir, { encoding: 'utf8' }).sort()
const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
const isBundle = (dir: string) => isFolder(dir) && namesIn(dir).some((file) => /^[^.].*\.pxl$/.test(file))
const folders = (dir: string) =>
  namesIn(dir)
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(dir, name))
    .filter(isFolder)

function readFolder(name: string, dir: string): Bundle {
  const files = namesIn(dir).filter((file) => BUNDLE_FILE.test(file))
  const texts = files.map((file): [string, string] => {
    const path = join(dir, file)
    const size = statSync(path).size
    if (size > MAX_FILE_BYTES) throw new NixieError('too_large', `${file} has ${size} bytes`, '', { file })
    return [file, readFileSync(path, 'utf8')]
  })
  return readBundle(name, Object.fromEntries(texts))
}

/** The name of a bundle by its place: the last two folders. */
const nameOf = (dir: string) => `${basename(resolve(dir, '..'))}/${basename(dir)}`

/** Folders of bundles in DIR, which may be a namespace's folder, or a bundle itself, too. */
function bundleFolders(dir: string): string[] {
  const root = resolve(dir)
  if (isBundle(root)) return [root]
  return folders(root).flatMap((inner) => (isBundle(inner) ? [inner] : folders(inner).filter(isBundle)))
}

function requireFolder(dir: string): void {
  if (isFolder(dir)) return
  throw new NixieError(
    'bad_request',
    `There is no directory ${dir}`,
    'Give --scripts-dir the directory of your scripts: DIR/NAMESPACE/NAME/NAME.pxl.',
  )
}

/** Every bundle of the folder. Throws `bad_request` when it can't be read at all. */
export function readScripts(dir: string): ScriptFolder {
  requireFolder(dir)
  const bundles = new Map<string, Bundle>()
  const errors: NixieError[] = []
  for (const folder of bundleFolders(dir)) {
    try {
      const bundle = readFolder(nameOf(folder), folder)
      bundles.set(bundle.name, bundle)
    } catch (cause) {
      errors.push(unreadable(cause, folder))
    }
  }
  return { bundles: new Map([...bundles].sort(([a], [b]) => (a < b ? -1 : 1))), errors }
}

export interface FoundScript {
  readonly bundle: Bundle
  /** Where it was found. */
  readonly folder: string
}

/** One bundle: NAME in DIR, in the namespace's folder, or DIR itself. Throws `unknown_script`, `bad_request`. */
export function readScript(dir: string, name: string): FoundScript {
  requireFolder(dir)
  const last = name.split('/').at(-1)!
  const itself = basename(resolve(dir)) === last ? [dir] : []
  const folder = [join(dir, name), join(dir, last), ...itself].find(isBundle)
  if (folder === undefined) {
    const known = bundleFolders(dir).map(nameOf)
    const full = known.find((script) => script.endsWith(`/${name}`))
    const hint = full ? `Did you mean '${full}'?` : nameHint(name, known, `scripts in ${dir}`)
    throw new NixieError('unknown_script', `There is no script '${name.slice(0, 80)}' in ${dir}`, hint)
  }
  try {
    return { bundle: readFolder(name, folder), folder }
  } catch (cause) {
    throw unreadable(cause, folder)
  }
}

/** The error with the folder that it is about. */
function unreadable(cause: unknown, folder: string): NixieError {
  if (!(cause instanceof NixieError)) {
    return new NixieError('bad_request', `${folder}: the script can't be read: ${messageOf(cause)}`)
  }
  const { code, message, hint, ...place } = cause.shape
  return new NixieError(code, `${folder}: ${message}`, hint, place)
}
