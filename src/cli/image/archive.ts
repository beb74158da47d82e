/**
 * An image as one file, which `docker load`, `podman load`, `ctr images import`, `minikube image load`, `kind load
 * image-archive` and `skopeo` take: an OCI image layout (OCI Image Format 1.1, image-layout.md) in a tar archive,
 * with the `manifest.json` of `docker save` beside it. It has no times, so the same files make the same bytes.
 */
import { readFileSync } from 'node:fs'
import { pack } from 'tar-stream'
import { VERSION } from '../../api/version'
import type { Platform, RootEntry } from './root'

export const REPOSITORY = 'localhost/nixie'

export interface Image {
  /** `localhost/nixie:0.1.0-3f2a…`: it changes with every byte of the content. */
  readonly name: string
  /** `amd64`, … */
  readonly architectures: readonly string[]
  readonly bytes: number
  /** The archive, from its first byte to its last. */
  readonly parts: readonly Uint8Array[]
}

interface TarFile {
  readonly name: string
  readonly mode?: number
  /** Absent: it is a folder. */
  readonly parts?: readonly Uint8Array[]
}

const EPOCH = new Date(0)
const FILE_MODE = 0o644
const DIGEST_CHARACTERS = 12

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0)

const sha256 = (parts: readonly Uint8Array[]): string => {
  const hasher = new Bun.CryptoHasher('sha256')
  for (const part of parts) hasher.update(part)
  return hasher.digest('hex')
}

async function tar(files: readonly TarFile[]): Promise<Uint8Array[]> {
  const archive = pack()
  for (const { name, mode = FILE_MODE, parts } of files) {
    const header = { name, mode, mtime: EPOCH, uid: 0, gid: 0 }
    if (parts === undefined) {
      archive.entry({ ...header, type: 'directory' }, '')
    } else {
      const entry = archive.entry({ ...header, type: 'file', size: sizeOf(parts) })
      for (const part of parts) entry.write(part)
      entry.end(null)
    }
  }
  archive.finalize()
  const written: Uint8Array[] = []
  for await (const part of archive) written.push(part as Uint8Array)
  return written
}

interface Blob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly parts: readonly Uint8Array[]
}

function blob(mediaType: string, parts: readonly Uint8Array[]): Blob {
  return { mediaType, digest: `sha256:${sha256(parts)}`, size: sizeOf(parts), parts }
}

const json = (value: unknown): Uint8Array[] => [Buffer.from(JSON.stringify(value))]
const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`
const descriptor = ({ mediaType, digest, size }: Blob) => ({ mediaType, digest, size })

/**
 * The same settings as in deploy/Dockerfile. Distributions' linkers look for libraries in different folders, so the
 * path is set.
 */
const configOf = ({ architecture, libraries }: Platform, layer: Blob) => ({
  created: EPOCH.toISOString(),
  architecture,
  os: 'linux',
  config: {
    // TMPDIR: where the executable's loader is unpacked, if the kernel gives it no file in memory.
    Env: ['TMPDIR=/tmp', 'PATH=/usr/bin', `LD_LIBRARY_PATH=/${libraries}`],
    Entrypoint: ['/usr/bin/nixie'],
    Cmd: ['serve'],
    ExposedPorts: { '6494/tcp': {}, '6495/tcp': {} },
    WorkingDir: '/',
  },
  rootfs: { type: 'layers', diff_ids: [layer.digest] },
  history: [{ created: EPOCH.toISOString(), created_by: 'nixie image' }],
})

/** A tag may hold letters, digits, `_`, `.` and `-` (OCI Distribution 1.1). */
function tagOf(layers: readonly Blob[]): string {
  const digests = layers.map(({ digest }) => digest.slice('sha256:'.length))
  const digest = digests.length === 1 ? digests[0]! : sha256(digests.map((one) => Buffer.from(one)))
  return `${VERSION.replace(/\+.*/, '').replace(/[^\w.-]/g, '-')}-${digest.slice(0, DIGEST_CHARACTERS)}`
}

/** What nodes of one architecture run. */
export interface Variant {
  readonly platform: Platform
  /** The files. */
  readonly root: readonly RootEntry[]
}

interface Built {
  readonly architecture: string
  readonly layer: Blob
  readonly config: Blob
  readonly manifest: Blob
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

async function buildVariant({ root, platform }: Variant): Promise<Built> {
  const files = root.map(({ path, mode, source }): TarFile => {
    return source === undefined
      ? { name: `${path}/`, mode }
      : { name: path, mode, parts: [readFileSync(source)] }
  })
  const layer = blob('application/vnd.oci.image.layer.v1.tar', await tar(files))
  const config = blob('application/vnd.oci.image.config.v1+json', json(configOf(platform, layer)))
  const content = { config: descriptor(config), layers: [descriptor(layer)] }
  const manifest = blob(MANIFEST, json({ schemaVersion: 2, mediaType: MANIFEST, ...content }))
  return { architecture: platform.architecture, layer, config, manifest }
}

const indexOf = (manifests: readonly object[]) => json({ schemaVersion: 2, mediaType: INDEX, manifests })

/**
 * @param variants one for each architecture; a program that knows none but `docker save`'s layout gets the first
 * @param name its name with its tag; by default one with a digest of the content
 */
export async function buildImage(variants: readonly Variant[], name?: string): Promise<Image> {
  const built: Built[] = []
  for (const variant of variants) built.push(await buildVariant(variant))
  const full = name ?? `${REPOSITORY}:${tagOf(built.map(({ layer }) => layer))}`
  const annotations = {
    'io.containerd.image.name': full,
    'org.opencontainers.image.ref.name': full.slice(full.lastIndexOf(':') + 1),
  }
  const manifests = built.map(({ manifest, architecture }) => ({
    ...descriptor(manifest),
    platform: { architecture, os: 'linux' },
  }))
  // A name stands for one thing: for several architectures that is the list of their manifests.
  const list = built.length === 1 ? undefined : blob(INDEX, indexOf(manifests))
  const named = [{ ...(list ? descriptor(list) : manifests[0]!), annotations }]
  const [first] = built
  const saved = [{ Config: pathOf(first!.config), RepoTags: [full], Layers: [pathOf(first!.layer)] }]
  const blobs = (['config', 'manifest', 'layer'] as const).flatMap((kind) => built.map((one) => one[kind]))
  const parts = await tar([
    // What tells the image's name and architectures comes first, so that a reader need not read the layers.
    { name: 'manifest.json', parts: json(saved) },
    { name: 'oci-layout', parts: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', parts: indexOf(named) },
    { name: 'blobs/', mode: 0o755 },
    { name: 'blobs/sha256/', mode: 0o755 },
    ...[...(list ? [list] : []), ...blobs].map((one) => ({ name: pathOf(one), parts: one.parts })),
  ])
  const architectures = built.map(({ architecture }) => architecture)
  return { name: full, architectures, bytes: sizeOf(parts), parts }
}
