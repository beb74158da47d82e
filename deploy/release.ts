/**
 * Makes a release in dist/release: the files that install.sh downloads, with their checksums.
 *   bun run release [--url URL] [--cli TARGET]...
 * `--url`: its address, written into its install.sh; `--cli`: the commands for workstations of another kind, too
 * (darwin-arm64, …; see build.ts), and the image that they bring to a cluster.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { manifest } from './manifests'

const root = resolve(import.meta.dir, '..')
/** Files that are copied as they are. */
const FILES = ['deploy/nixie.service', 'deploy/machine.sh']

export interface ReleaseOptions {
  /** The directory; its old contents are removed. */
  readonly out: string
  readonly url?: string
  readonly cli?: readonly string[]
  /** The level of gzip's compression. */
  readonly level?: 1 | 6 | 9
}

function run(...command: string[]): void {
  const { exitCode } = Bun.spawnSync(command, { cwd: root, stdout: 'inherit', stderr: 'inherit' })
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ended with ${exitCode}`)
}

const compressed = (path: string, level: 1 | 6 | 9) => Bun.gzipSync(readFileSync(path), { level })

/** The names of the files of the release, which is built from dist/nixie as it is. */
export function release({ out, url = '', cli = [], level = 9 }: ReleaseOptions): readonly string[] {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, `nixie-linux-${process.arch}.gz`), compressed(join(root, 'dist/nixie'), level))
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
  if (cli.length > 0)
    run(join(root, 'dist/nixie'), 'image', '--output', join(out, `nixie-image-linux-${process.arch}.tar.gz`))
  const names = readdirSync(out).sort()
  const sums = names.map((name) => {
    const digest = new Bun.CryptoHasher('sha256').update(readFileSync(join(out, name))).digest('hex')
    return `${digest}  ${name}\n`
  })
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
  return [...names, 'SHA256SUMS']
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, cli: { type: 'string', multiple: true } },
  })
  const out = join(root, 'dist/release')
  const { url, cli } = values
  for (const name of release({ out, ...(url && { url }), ...(cli && { cli }) })) {
    console.log(`${String(Bun.file(join(out, name)).size).padStart(10)} ${name}`)
  }
}
