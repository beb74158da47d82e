/** Builds the kernel programs and the library that loads them: `dist/bpf/<probe>.<arch>.bpf.o` and `dist/libnixie_loader.so`. */
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

function buildLoader(): void {
  const crate = join(here, 'loader')
  const output = join(root, 'dist', 'libnixie_loader.so')
  once(output, inputs(crate, /\.(rs|toml|lock)$/), () => {
    needTool('cargo', 'cargo (or https://rustup.rs)')
    for (const tool of ['autoconf', 'automake', 'autopoint', 'flex', 'bison', 'gawk', 'make', 'pkg-config'])
      needTool(tool, 'autoconf automake autopoint flex bison gawk make pkg-config (for the vendored libelf)')
    run(['cargo', 'build', '--release', '--locked'], crate, { CARGO_TARGET_DIR: join(crate, 'target') })
    copyFileSync(join(crate, 'target/release/libnixie_loader.so'), output)
  })
}

try {
  mkdirSync(out, { recursive: true })
  for (const source of readdirSync(here).filter((name) => name.endsWith('.bpf.c')))
    for (const arch of Object.keys(ARCHES) as (keyof typeof ARCHES)[]) buildProbe(source, arch)
  buildLoader()
} catch (cause) {
  if (!(cause instanceof BuildError)) throw cause
  console.error(cause.message)
  process.exit(1)
}
