/** The image of Nixie for nodes of one architecture or of several, from what dist/ has. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Arch, binaryName, packages } from '../bpf/cross'
import { buildImage, type Variant } from '../src/cli/image/archive'
import { imagePlatform, imageRoot } from '../src/cli/image/root'
import { writeParts } from '../src/cli/image/write'

const dist = resolve(import.meta.dir, '../dist')

/** What the executable and its loader link to. */
const PACKAGES = ['libc6', 'libgcc-s1']

/** @throws MissingTools when Debian's libraries of the other architecture can't be had */
function variantOf(arch: Arch): Variant {
  const platform = imagePlatform(arch)
  const binary = join(dist, binaryName(arch))
  if (arch === process.arch) return { platform, root: imageRoot(binary) }
  const system = packages(arch, 'host', PACKAGES)
  // Debian moved them all below /usr.
  const folders = ['', 'usr'].map((prefix) => join(system, prefix))
  const linker = folders.map((folder) => join(folder, platform.linker)).find((path) => existsSync(path))
  const libraries = folders.map((folder) => join(folder, platform.libraries))
  const found = { arch, folders: libraries, linkerFolder: dirname(linker ?? platform.linker) }
  return { platform, root: imageRoot(binary, found) }
}

/** Writes an archive (see `buildImage`), compressed when its name ends with `.gz`. */
export async function writeImage(arches: readonly Arch[], path: string): Promise<void> {
  await writeParts((await buildImage(arches.map(variantOf))).parts, path)
}
