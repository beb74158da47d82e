/**
 * Builds `dist/nixie`: Bun's runtime, the code of the three threads, BPF objects, loader, scripts and pages in one file.
 *   bun deploy/build.ts [--arch x64|arm64 | --cli TARGET]
 * `--arch`: for nodes of that architecture; for another than this machine's it is `dist/nixie-linux-ARCH`.
 * `--cli`: instead `dist/nixie-TARGET` for a workstation of another kind (darwin-arm64, darwin-x64, linux-x64-musl, …): all
 * commands but those that trace. What is for another kind of machine has its runtime from npm.
 */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { BunPlugin } from 'bun'
import { zstdCompressSync } from 'bun'
import { binaryName, loaderName, otherArch } from '../bpf/cross'

const root = resolve(import.meta.dir, '..')
const src = join(root, 'src')
const { cli, arch = process.arch } = parseArgs({
  options: { cli: { type: 'string' }, arch: { type: 'string' } },
}).values
/** As npm's packages of the runtime call it; undefined: this machine's kind. */
const target = cli ?? (arch === process.arch ? undefined : `linux-${arch}`)
const outfile = join(root, 'dist', cli === undefined ? binaryName(arch) : `nixie-${cli}`)
if (cli === `linux-${otherArch()}`) {
  console.error(
    `--cli ${cli}: that file's name is the one of --arch ${otherArch()}, which makes all commands`,
  )
  process.exit(1)
}

/** Each runs on a thread of its own, and is an entry of its own. */
const workers = [...new Bun.Glob('*/*worker.ts').scanSync(src)].sort().map((path) => join(src, path))

/**
 * A source names a worker relative to itself, but in the executable what is in a chunk with it lies at the root of all.
 */
const workerUrls: BunPlugin = {
  name: 'worker-urls',
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.tsx?$/ }, ({ path, loader }) => {
      const text = readFileSync(path, 'utf8')
      const folder = relative(src, dirname(path))
      const contents = text.replace(
        /new URL\('(\.\/[^']+)', import\.meta\.url\)/g,
        (_, target: string) => `new URL('./${posix.join(folder, target)}', import.meta.url)`,
      )
      return contents === text ? undefined : { contents, loader }
    })
  },
}

/** Of the BPF objects only those of the architecture go in, and its loader; none where nothing traces. */
const kernelFiles: BunPlugin = {
  name: 'kernel-files',
  setup(build) {
    build.onResolve({ filter: /\.bpf\.o$|libnixie_loader\.so$/ }, ({ path }) => {
      const isLoader = path.endsWith('.so')
      if (cli !== undefined || !(isLoader || path.endsWith(`.${arch}.bpf.o`)))
        return { path, namespace: 'absent' }
      return isLoader ? { path: join(root, 'dist', loaderName(arch)) } : undefined
    })
    // Packed they take a fifth, the loader less than a half; they are unpacked when they are loaded (`kernel/embedded.ts`).
    build.onLoad({ filter: /\.bpf\.o$|libnixie_loader\.so$/, namespace: 'file' }, ({ path }) => ({
      contents: zstdCompressSync(readFileSync(path), { level: 19 }),
      loader: 'file',
    }))
    build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'export default undefined',
      loader: 'js',
    }))
  },
}

/** The commit that the tree is at; '' outside a git checkout. */
function commit(): string {
  if (!existsSync(join(root, '.git'))) return ''
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return '' // No git, or a tree of another user: only the version is known.
  }
}

/** Where the runtime for the other kind of machine is. @throws Error when there is none */
function foreignRuntime(target: string, folder: string): string {
  // Bun's packages say aarch64 where Node.js says arm64.
  const name = `@oven/bun-${target.replace('arm64', 'aarch64')}`
  const installed = join(root, 'node_modules', name, 'bin/bun')
  if (existsSync(installed)) return installed
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string } | undefined>
  }
  const locked = lock.packages[`node_modules/${name}`]
  if (!locked) throw new Error(`there is no runtime for ${target}: package-lock.json has no ${name}`)
  const pack = [
    'pack',
    '--json',
    '--ignore-scripts',
    '--prefer-offline',
    '--pack-destination',
    folder,
    `${name}@${locked.version}`,
  ]
  const [packed] = JSON.parse(execFileSync('npm', pack, { encoding: 'utf8' })) as { filename: string }[]
  // npm names a scoped package's file without its scope's signs.
  const file = join(folder, packed!.filename.replace('@', '').replace('/', '-'))
  const integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (integrity !== locked.integrity) throw new Error(`${name}: its bytes are not those of package-lock.json`)
  execFileSync('tar', ['-xzf', file, '-C', folder])
  return join(folder, 'package/bin/bun')
}

if (cli === undefined) {
  const probes = Bun.spawnSync([process.execPath, join(root, 'bpf/build.ts'), '--arch', arch], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (probes.exitCode !== 0) process.exit(1)
}
const temporary = mkdtempSync(join(tmpdir(), 'nixie-build-'))
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }))
const runtimePath = target === undefined ? process.execPath : foreignRuntime(target, temporary)

// No bytecode: it would save 30 ms of a start-up of 50 ms and cost 5.4 MiB, as much as all the rest of Nixie.
const started = performance.now()
const built = await Bun.build({
  entrypoints: [join(src, 'main.ts'), ...workers],
  root: src,
  target: 'bun',
  // Code that threads share is in the file once, and what is imported when it is needed isn't even read before.
  splitting: true,
  // Names stay, so that a stack trace in a report can be read; they cost little.
  minify: { whitespace: true, syntax: true, identifiers: false },
  sourcemap: 'none',
  define: { 'process.env.NIXIE_COMMIT': JSON.stringify(commit()) },
  plugins: [workerUrls, kernelFiles],
  compile: {
    outfile,
    ...(target === undefined
      ? {}
      : { target: `bun-${target}` as Bun.Build.CompileTarget, executablePath: runtimePath }),
    // The binary runs in any directory: it must not read a .env or bunfig.toml there.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
})
for (const log of built.logs) console.error(String(log))
if (!built.success) process.exit(1)

const MIB = 1 << 20
const size = statSync(outfile).size
const runtime = statSync(runtimePath).size
console.log(
  `${relative(root, outfile)}: ${(size / MIB).toFixed(1)} MiB, ${((size - runtime) / MIB).toFixed(1)} MiB over the runtime ` +
    `(Bun ${Bun.version}), ${workers.length} workers, built in ${((performance.now() - started) / 1000).toFixed(1)} s`,
)
