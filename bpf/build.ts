/**
 * Builds the kernel programs and the library that loads them: `dist/bpf/<probe>.<arch>.bpf.o` and `dist/libnixie_loader.so`.
 *   bun bpf/build.ts [--arch x64|arm64]
 * `--arch`: the library for that architecture; for another than this machine's it is `dist/libnixie_loader.<arch>.so`.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Arch, crossCargo, isArch, loaderName, MissingTools } from './cross'

const here = import.meta.dir
const root = dirname(here)
const out = join(root, 'dist', 'bpf')

/** Names of architectures: BPF's → those of Bun and Debian. */
const ARCHES = { x86: 'x64', arm64: 'arm64' } as const

class BuildError extends Error {}

function needTool(name: string, brings: string): void {
  if (!Bun.which(name)) throw new BuildError(`${name} is missing. Debian: apt-get install ${brings}`)
}

function run(command: readonly string[], cwd: string, env: Record<string, string> = {}): void {
  const { exitCode, stderr } = Bun.spawnSync([...command], { cwd, env: { ...process.env, ...env } })
  if (exitCode !== 0) throw new BuildError(`${command.join(' ')}\n${stderr}`)
}

function inputs(dir: string, wanted: RegExp): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return entry.name === 'target' ? [] : inputs(path, wanted)
    return wanted.test(entry.name) ? [path] : []
  })
}

/** Runs `make` unless `output` was made from the same inputs. */
function once(output: string, files: readonly string[], make: () => void): void {
  const hash = new Bun.CryptoHasher('sha256')
  for (const file of [...files, import.meta.path].sort()) hash.update(`${file}\0`).update(readFileSync(file))
  const digest = hash.digest('hex')
  const stamp = `${output}.stamp`
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  make()
  writeFileSync(stamp, digest)
  console.log(`${output.slice(root.length + 1)}: ${statSync(output).size} bytes`)
}

function buildProbe(source: string, arch: keyof typeof ARCHES): void {
  const output = join(out, `${source.slice(0, -'.bpf.c'.length)}.${ARCHES[arch]}.bpf.o`)
  once(output, inputs(here, /\.(c|h)$/), () => {
    needTool('clang', 'clang')
    needTool('llvm-strip', 'llvm')
    if (!existsSync('/usr/include/bpf/bpf_helpers.h'))
      throw new BuildError('bpf/bpf_helpers.h is missing. Debian: apt-get install libbpf-dev')
    const multiarch = `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
    const flags = [
      '-O2',
      '-g',
      '-mcpu=v3',
      '-Wall',
      '-Werror',
      `-D__TARGET_ARCH_${arch}`,
      '-idirafter',
      multiarch,
    ]
    run(['clang', '-target', 'bpf', ...flags, '-c', source, '-o', output], here)
    run(['llvm-strip', '-g', output], here)
  })
}

function buildLoader(arch: Arch): void {
  const crate = join(here, 'loader')
  const output = join(root, 'dist', loaderName(arch))
  once(output, [...inputs(crate, /\.(rs|toml|lock)$/), join(here, 'cross.ts')], () => {
    needTool('cargo', 'cargo (or https://rustup.rs)')
    for (const tool of ['autoconf', 'automake', 'autopoint', 'flex', 'bison', 'gawk', 'make', 'pkg-config'])
      needTool(tool, 'autoconf automake autopoint flex bison gawk make pkg-config (for the vendored libelf)')
    const cross = arch === process.arch ? undefined : crossCargo(arch)
    const target = join(crate, 'target')
    run(['cargo', 'build', '--release', '--locked', ...(cross ? ['--target', cross.triple] : [])], crate, {
      ...cross?.env,
      CARGO_TARGET_DIR: target,
    })
    copyFileSync(join(target, cross?.triple ?? '', 'release/libnixie_loader.so'), output)
  })
}

try {
  const { arch = process.arch } = parseArgs({ options: { arch: { type: 'string' } } }).values
  if (!isArch(arch)) throw new BuildError(`--arch ${arch}: there are x64 and arm64`)
  mkdirSync(out, { recursive: true })
  for (const source of readdirSync(here).filter((name) => name.endsWith('.bpf.c')))
    for (const arch of Object.keys(ARCHES) as (keyof typeof ARCHES)[]) buildProbe(source, arch)
  buildLoader(arch)
} catch (cause) {
  if (!(cause instanceof BuildError || cause instanceof MissingTools)) throw cause
  console.error(cause.message)
  process.exit(1)
}
