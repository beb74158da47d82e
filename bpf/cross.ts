/** What building for the other architecture takes: a C compiler for it, and a Rust compiler with its standard library. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** As Bun calls it → Debian's name, and the name that compilers have for it. */
export const TARGETS = {
  x64: { debian: 'amd64', machine: 'x86_64' },
  arm64: { debian: 'arm64', machine: 'aarch64' },
} as const
export type Arch = keyof typeof TARGETS

export const isArch = (name: string): name is Arch => name in TARGETS
export const otherArch = (): Arch => (process.arch === 'arm64' ? 'x64' : 'arm64')

/** The files in dist/: the loader, and the whole of Nixie. */
export const loaderName = (arch: string): string =>
  arch === process.arch ? 'libnixie_loader.so' : `libnixie_loader.${arch}.so`
export const binaryName = (arch: string): string => (arch === process.arch ? 'nixie' : `nixie-linux-${arch}`)

/** The oldest that the loader is built with. */
const RUST = ['rustc', 'rustc-web']
const RUST_MIN = '1.85'

const DEBIAN = join(import.meta.dir, '../deploy/debian.sh')

export class MissingTools extends Error {}

function said(command: readonly string[], env: Record<string, string> = {}): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { env: { ...process.env, ...env } })
  if (exitCode !== 0) throw new MissingTools(`${command.join(' ')}: ${`${stderr}`.trim() || exitCode}`)
  return `${stdout}`.trim()
}

/** The folder with Debian's packages of that architecture, unpacked. @throws MissingTools when they can't be had */
export const packages = (arch: Arch, suites: string, names: readonly string[]): string =>
  said([DEBIAN, TARGETS[arch].debian, suites, ...names])

/** The name of the compiler's package with all that it depends on of Rust and LLVM, each with its version. */
function rustPackages(host: Arch): readonly string[] {
  const env = { APT_CONFIG: said([DEBIAN, TARGETS[host].debian, 'host']) }
  const version = (name: string) =>
    /^Version: (.*)$/m.exec(said(['apt-cache', 'show', '--no-all-versions', name], env))?.[1] ?? ''
  const rustc = RUST.find(
    (name) => Bun.semver.order(`${/^\d+\.\d+/.exec(version(name))?.[0] ?? 0}.0`, `${RUST_MIN}.0`) >= 0,
  )
  if (!rustc) throw new MissingTools(`this Debian has no Rust ${RUST_MIN}`)
  const recurse = ['--recurse', '--no-recommends', '--no-suggests', '--no-conflicts', '--no-breaks']
  const all = said(['apt-cache', 'depends', ...recurse, '--no-replaces', rustc], env).split('\n')
  const names = [...new Set(all.filter((line) => /^(rustc|libstd-rust|libllvm)/.test(line)))].sort()
  return names.map((name) => `${name}=${version(name)}`)
}

/** Whether the compiler in PATH, if there is one, has the target's standard library. */
function hasLibrary(triple: string): boolean {
  if (!Bun.which('rustc')) return false
  const { exitCode, stdout } = Bun.spawnSync(['rustc', '--print', 'target-libdir', '--target', triple])
  return exitCode === 0 && existsSync(`${stdout}`.trim())
}

/**
 * The compiler, and flags with which it finds the target's standard library: the one in PATH where it has that, else Debian's.
 * A standard library is of one build of the compiler, so both come from the same place.
 */
function rust(triple: string, arch: Arch): { readonly env: Record<string, string>; readonly flags: string } {
  if (hasLibrary(triple)) return { env: {}, flags: '' }
  const host = otherArch() === 'x64' ? 'arm64' : 'x64'
  const names = rustPackages(host)
  const compiler = packages(host, 'host', names)
  const library = packages(
    arch,
    'host',
    names.filter((name) => /^libstd-rust-.*dev=/.test(name)),
  )
  const libraries = join(compiler, `usr/lib/${TARGETS[host].machine}-linux-gnu`)
  return {
    env: { RUSTC: join(compiler, 'usr/bin/rustc'), LD_LIBRARY_PATH: libraries },
    flags: `--sysroot=${join(library, 'usr')}`,
  }
}

export interface CrossCargo {
  readonly triple: string
  readonly env: Record<string, string>
}

/** What cargo is told. @throws MissingTools with what this machine lacks */
export function crossCargo(arch: Arch): CrossCargo {
  const { machine } = TARGETS[arch]
  const gcc = `${machine}-linux-gnu-gcc`
  if (!Bun.which(gcc)) {
    const { debian } = TARGETS[arch]
    const wanted = `gcc-${machine.replace('_', '-')}-linux-gnu libc6-dev-${debian}-cross`
    throw new MissingTools(`${gcc} is missing. Debian: apt-get install ${wanted}`)
  }
  const triple = `${machine}-unknown-linux-gnu`
  const { env, flags } = rust(triple, arch)
  const name = triple.replaceAll('-', '_')
  const cargo = `CARGO_TARGET_${name.toUpperCase()}`
  return {
    triple,
    env: {
      ...env,
      [`CC_${name}`]: gcc,
      [`${cargo}_LINKER`]: gcc,
      ...(flags && { [`${cargo}_RUSTFLAGS`]: flags }),
    },
  }
}

/** Why nothing can be built for the architecture here; '' when it can. */
export function crossMissing(arch: Arch): string {
  try {
    crossCargo(arch)
    return ''
  } catch (cause) {
    if (cause instanceof MissingTools) return cause.message
    throw cause
  }
}
