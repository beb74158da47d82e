/** Reads an image archive's name and architectures. */
import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { messageOf, NixieError } from '../../errors'

export interface ArchiveInfo {
  /** The name with its tag. */
  readonly name: string
  /** `amd64`, …; none when the archive doesn't say. */
  readonly architectures: readonly string[]
}

/** Descriptions are small; layers are not read into memory. */
const JSON_BYTES = 1 << 20
const GZIP = [0x1f, 0x8b]

interface Saved {
  readonly Config: string
  readonly RepoTags?: readonly string[] | null
}

async function contentOf(path: string): Promise<ReadableStream<Uint8Array>> {
  const file = Bun.file(path)
  const start = new Uint8Array(await file.slice(0, GZIP.length).arrayBuffer())
  const stream = file.stream()
  return GZIP.every((byte, i) => start[i] === byte)
    ? stream.pipeThrough(new DecompressionStream('gzip') as never)
    : stream
}

/** The small files of the archive by their names, read until `enough`. */
async function smallFiles(
  path: string,
  enough: (files: ReadonlyMap<string, Uint8Array>) => boolean,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  const source = Readable.fromWeb((await contentOf(path)) as never)
  const entries = extract()
  source.on('error', (cause) => entries.destroy(cause))
  source.pipe(entries as never)
  for await (const entry of entries) {
    const { name, size } = entry.header
    if (size <= JSON_BYTES) {
      const parts: Uint8Array[] = []
      for await (const part of entry) parts.push(part as Uint8Array)
      files.set(name, Buffer.concat(parts))
      if (enough(files)) break
    } else {
      for await (const _ of entry) {
        // Skipped.
      }
    }
  }
  source.destroy()
  return files
}

const parsed = <T>(bytes: Uint8Array | undefined): T | undefined =>
  bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString('utf8')) as T)

interface Index {
  readonly manifests?: readonly {
    readonly digest?: string
    readonly platform?: { readonly architecture?: string; readonly os?: string }
  }[]
}

/** Those of the list of manifests that the layout names, if it names one and that stands before the layers. */
function listedIn(files: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const digest = parsed<Index>(files.get('index.json'))?.manifests?.[0]?.digest ?? ''
  const list = parsed<Index>(files.get(`blobs/${digest.replace(':', '/')}`))?.manifests ?? []
  const known = list.flatMap(({ platform }) =>
    platform?.os === 'linux' ? [platform.architecture ?? ''] : [],
  )
  return [...new Set(known.filter(Boolean))]
}

const savedIn = (files: ReadonlyMap<string, Uint8Array>): Saved | undefined =>
  parsed<Saved[]>(files.get('manifest.json'))?.[0]

/** @throws NixieError when the file is no image archive, or one without a name */
export async function readArchive(path: string): Promise<ArchiveInfo> {
  if (!existsSync(path)) {
    throw new NixieError(
      'not_found',
      `There is no image archive ${path}`,
      "'nixie image --output FILE' makes one.",
    )
  }
  let files: ReadonlyMap<string, Uint8Array>
  try {
    files = await smallFiles(path, (known) => {
      const config = savedIn(known)?.Config
      return config !== undefined && known.has(config)
    })
  } catch (cause) {
    throw noArchive(path, messageOf(cause))
  }
  const saved = savedIn(files)
  const config = saved && parsed<{ architecture?: string }>(files.get(saved.Config))
  if (!saved || !config) throw noArchive(path, 'it has no manifest.json, or not what that names')
  const name = saved.RepoTags?.[0]
  if (!name) throw noArchive(path, 'its image has no name', 'Save it by its name: docker save NAME:TAG.')
  const listed = listedIn(files)
  const own = config.architecture ? [config.architecture] : []
  return { name, architectures: listed.length > 0 ? listed : own }
}

const noArchive = (
  path: string,
  why: string,
  hint = "'nixie image --output FILE' and 'docker save' make them.",
) => new NixieError('bad_request', `${path} is no image archive: ${why}`, hint)
