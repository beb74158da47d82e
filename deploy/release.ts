/**
 * Makes a release in dist/release: the files that install.sh downloads, with their checksums.
 *   bun run release [--url URL] [--arch x64|arm64]... [--cli TARGET]...
 * It builds for nodes of both architectures, or of those named by `--arch`. `--url`: its address, written into its install.sh;
 * `--cli`: the commands for workstations of another kind, too (darwin-arm64, …; see build.ts), and the images that they bring to
 * a cluster. `nixie-image.tar.gz` is the image of both, a list of manifests, for a registry.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Arch, binaryName, isArch, TARGETS } from '../bpf/cross'
import { writeImage } from './image'
import { manifest } from './manifests'

const root = resolve(import.meta.dir, '..')
/** Files that are copied as they are. */
const FILES = ['deploy/nixie.service', 'deploy/machine.sh']

export interface ReleaseOptions {
  /** The directory; its old contents are removed. */
  readonly out: string
  readonly url?: string
  readonly cli?: readonly string[]
  /** Of the nodes; each is built. */
  readonly arches: readonly Arch[]
  /** The level of gzip's compression. */
  readonly level?: 1 | 6 | 9
}

function run(...command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { cwd: root, stdout: 'inherit', stderr: 'inherit' })
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ended with ${exitCode}`)
}

const compressed = (path: string, level: 1 | 6 | 9) => Bun.gzipSync(readFileSync(path), { level })

/** The names of the files of the release, which is made from what dist/ has. */
export async function release(options: ReleaseOptions): Promise<readonly string[]> {
  const { out, url = '', cli = [], arches, level = 9 } = options
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  for (const arch of arches)
    writeFileSync(
      join(out, `nixie-linux-${arch}.gz`),
      compressed(join(root, 'dist', binaryName(arch)), level),
    )
  writeFileSync(join(out, 'nixie.yaml'), manifest())
  for (const path of FILES) copyFileSync(join(root, path), join(out, basename(path)))
  const script = readFileSync(join(root, 'install.sh'), 'utf8')
  const place = `RELEASE_URL=\${NIXIE_RELEASE_URL:-}`
  if (!script.includes(place)) throw new Error(`install.sh has no line ${place}`)
  writeFileSync(join(out, 'install.sh'), script.replace(place, `RELEASE_URL=\${NIXIE_RELEASE_URL:-${url}}`), {
    mode: 0o755,
  })
  for (const target of cli) {
    run(process.execPath, 'deploy/build.ts', '--cli', target)
    writeFileSync(join(out, `nixie-${target}.gz`), compressed(join(root, `dist/nixie-${target}`), level))
  }
  // minikube with docker takes the first architecture of an archive, so that workstations have one for each.
  if (cli.length > 0)
    for (const arch of arches) await writeImage([arch], join(out, `nixie-image-linux-${arch}.tar.gz`))
  if (arches.length > 1) await writeImage(arches, join(out, 'nixie-image.tar.gz'))
  const names = readdirSync(out).sort()
  const sums = names.map((name) => {
    const digest = new Bun.CryptoHasher('sha256').update(readFileSync(join(out, name))).digest('hex')
    return `${digest}  ${name}\n`
  })
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
  return [...names, 'SHA256SUMS']
}

if (import.meta.main) {
  const list = { type: 'string', multiple: true } as const
  const { values } = parseArgs({ options: { url: { type: 'string' }, cli: list, arch: list } })
  const out = join(root, 'dist/release')
  const { url, cli, arch: named = Object.keys(TARGETS) } = values
  const arches = named.filter(isArch)
  if (arches.length < named.length) throw new Error(`--arch ${named.join(', ')}: there are x64 and arm64`)
  for (const arch of arches) run(process.execPath, 'deploy/build.ts', '--arch', arch)
  for (const name of await release({ out, arches, ...(url && { url }), ...(cli && { cli }) })) {
    console.log(`${String(Bun.file(join(out, name)).size).padStart(10)} ${name}`)
  }
}
