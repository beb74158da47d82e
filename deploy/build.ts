/** Builds `dist/nixie`: Bun's runtime, the code of the three threads, BPF objects, loader, scripts and pages in one file. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'
import type { BunPlugin } from 'bun'

const root = resolve(import.meta.dir, '..')
const src = join(root, 'src')
const outfile = join(root, 'dist/nixie')

/** Each runs on a thread of its own and so is a bundle of its own. */
const workers = [...new Bun.Glob('*/worker.ts').scanSync(src)].sort().map((path) => join(src, path))

/**
 * A source names a worker relative to itself, but in the executable every module of the main thread has one URL, that
 * of the root of all bundles.
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

/** Of the BPF objects only those of this machine's architecture go in. */
const otherArches: BunPlugin = {
  name: 'other-arches',
  setup(build) {
    build.onResolve({ filter: /\.bpf\.o$/ }, ({ path }) =>
      path.endsWith(`.${process.arch}.bpf.o`) ? undefined : { path, namespace: 'absent' },
    )
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
    return '' // No git, or a tree of another user: the version alone has to do.
  }
}

// No bytecode: it would save 30 ms of a start-up of 50 ms and cost 5.4 MiB, as much as all the rest of Nixie.
const started = performance.now()
const built = await Bun.build({
  entrypoints: [join(src, 'main.ts'), ...workers],
  root: src,
  target: 'bun',
  // Names stay, so that a stack trace in a report can be read; they cost little.
  minify: { whitespace: true, syntax: true, identifiers: false },
  sourcemap: 'none',
  define: { 'process.env.NIXIE_COMMIT': JSON.stringify(commit()) },
  plugins: [workerUrls, otherArches],
  compile: {
    outfile,
    // The binary runs in directories that it knows nothing of: no .env, no bunfig.toml of theirs.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
})
for (const log of built.logs) console.error(String(log))
if (!built.success) process.exit(1)

const MIB = 1 << 20
const size = statSync(outfile).size
const runtime = statSync(process.execPath).size
console.log(
  `dist/nixie: ${(size / MIB).toFixed(1)} MiB, ${((size - runtime) / MIB).toFixed(1)} MiB over the runtime ` +
    `(Bun ${Bun.version}), ${workers.length} workers, built in ${((performance.now() - started) / 1000).toFixed(1)} s`,
)
