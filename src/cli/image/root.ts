/** The files of an image of Nixie: the executable, the libraries that it and its loader link to, the dynamic linker. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { NixieError } from '../../errors'

/** A file of an image. The path does not begin with a slash. */
export interface RootEntry {
  readonly path: string
  readonly mode: number
  /** The file on this machine to copy; without one it is a folder. */
  readonly source?: string
}

export interface Platform {
  /** What OCI calls the architecture. */
  readonly architecture: string
  readonly linker: string
  /** The folder of the image with its libraries; without a slash in front. */
  readonly libraries: string
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  x64: { architecture: 'amd64', linker: '/lib64/ld-linux-x86-64.so.2', libraries: 'lib/x86_64-linux-gnu' },
  arm64: { architecture: 'arm64', linker: '/lib/ld-linux-aarch64.so.1', libraries: 'lib/aarch64-linux-gnu' },
}

/** Libraries that the executable and its embedded loader link to. */
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2', 'libgcc_s.so.1']

/** Packages with the libraries that a minimal machine may lack. */
const MISSING_HINT =
  'Debian, Ubuntu: apt-get install libc6 libgcc-s1. Fedora, RHEL: dnf install glibc libgcc. Arch: pacman -S glibc gcc-libs.'

const TMP_MODE = 0o1777
const PROGRAM_MODE = 0o755

/** @throws NixieError where no image can be made */
export function imagePlatform(arch: string = process.arch): Platform {
  const platform = PLATFORMS[arch]
  if (platform) return platform
  throw new NixieError('bad_request', `There is no image for ${arch}`, 'Nixie knows x86_64 and aarch64.')
}

/** Folders with libraries: first that of the C library that this process runs on, then the usual ones. */
function libraryFolders(libraries: string): readonly string[] {
  const mapped = /\s(\/\S*)\/libc\.so\.6$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[1]
  const usual = [`/${libraries}`, `/usr/${libraries}`, '/lib64', '/usr/lib64', '/lib', '/usr/lib']
  return mapped === undefined ? usual : [mapped, ...usual]
}

export interface RootOptions {
  readonly arch?: string
  /** Where the libraries are. */
  readonly folders?: readonly string[]
  /** Where the dynamic linker is; by default where every executable looks for it. */
  readonly linkerFolder?: string
}

/**
 * What the image of an executable holds, in the order of its paths.
 * @param binary an executable for this machine's kind of Linux
 * @throws NixieError `not_found` with the library that this machine lacks
 */
export function imageRoot(binary: string, options: RootOptions = {}): readonly RootEntry[] {
  const { linker, libraries } = imagePlatform(options.arch)
  const linkerSource = join(options.linkerFolder ?? dirname(linker), basename(linker))
  const folders = options.folders ?? libraryFolders(libraries)
  const find = (name: string): string => {
    const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    const message = `The image needs ${name}, which this machine does not have (looked in ${folders.join(', ')})`
    throw new NixieError('not_found', message, MISSING_HINT)
  }
  const files = [
    { path: linker.slice(1), mode: PROGRAM_MODE, source: linkerSource },
    ...LIBRARIES.map((name) => ({ path: `${libraries}/${name}`, mode: PROGRAM_MODE, source: find(name) })),
    { path: 'usr/bin/nixie', mode: PROGRAM_MODE, source: binary },
  ]
  const folderPaths = new Set(['tmp', 'var/lib/nixie'].concat(files.map(({ path }) => dirname(path))))
  for (const path of folderPaths) {
    if (dirname(path) !== '.') folderPaths.add(dirname(path))
  }
  const entries: RootEntry[] = [
    ...[...folderPaths].map((path) => ({ path, mode: path === 'tmp' ? TMP_MODE : PROGRAM_MODE })),
    ...files,
  ]
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Lays the files out in a folder. */
export function copyRoot(entries: readonly RootEntry[], folder: string): void {
  for (const { path, mode, source } of entries) {
    const target = join(folder, path)
    if (source === undefined) mkdirSync(target, { recursive: true })
    // Copies the file, not the link /proc/self/exe, and shares no blocks with it.
    else writeFileSync(target, readFileSync(source))
    chmodSync(target, mode)
  }
}
