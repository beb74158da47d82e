/** The two binaries that are compared: the one of this tree, and one of before, which is built when it isn't there. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { binary, root } from '../../support/nixie'

/** What is compared with while no release has a tag. */
const BEFORE = '12957d0'

export interface Built {
  readonly program: string
  /** What it says of its version. */
  readonly version: string
  /** Of the file: two builds of one commit are two. */
  readonly digest: string
  /** Bytes of the runtime that it was made of. */
  readonly runtimeBytes: number
  /** Whether `--cpu-budget` is a setting of it. */
  readonly hasBudget: boolean
}

const runtimeOf = (tree: string) => statSync(join(tree, 'node_modules/.bin/bun')).size

function describe(program: string, runtimeBytes: number): Built {
  const said = (...args: string[]) => execFileSync(program, args, { encoding: 'utf8' })
  return {
    program,
    version: said('version').trim().split('\n')[0]!,
    digest: Bun.hash(readFileSync(program)).toString(16),
    runtimeBytes,
    hasBudget: said('serve', '--help').includes('--cpu-budget'),
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

function newestRelease(): string {
  try {
    return git('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*')
  } catch {
    return BEFORE
  }
}

function commitOf(ref: string): string {
  try {
    return git('rev-parse', '--verify', '--short=12', `${ref}^{commit}`)
  } catch {
    throw new Error(`--against ${ref}: neither a file nor a commit of this repository`)
  }
}

/** Builds the commit in a worktree of its own and keeps the binary. */
function build(commit: string, folder: string): void {
  const tree = join(folder, 'tree')
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: tree, stdio: 'inherit' })
  console.log(`building ${commit} in ${tree}`)
  mkdirSync(folder, { recursive: true })
  git('worktree', 'add', '--force', '--detach', tree, commit)
  try {
    const lock = (of: string) => readFileSync(join(of, 'package-lock.json'), 'utf8')
    if (lock(tree) === lock(root)) execFileSync('cp', ['-al', join(root, 'node_modules'), tree])
    else run('npm', 'ci')
    run('npm', 'run', 'build')
    writeFileSync(join(folder, 'runtime-bytes'), String(runtimeOf(tree)))
    cpSync(join(tree, 'dist/nixie'), join(folder, 'nixie'))
  } finally {
    git('worktree', 'remove', '--force', tree)
    rmSync(tree, { recursive: true, force: true })
  }
}

/** The binary of this tree. @throws Error when there is none */
export function now(): Built {
  if (!existsSync(binary)) throw new Error(`${binary} is missing: npm run build`)
  return describe(binary, runtimeOf(root))
}

/** `given`: a built binary, or a commit; by default the newest release, else `BEFORE`. */
export function before(given?: string): Built {
  if (given !== undefined && existsSync(given) && statSync(given).isFile())
    return describe(resolve(given), runtimeOf(root))
  const commit = commitOf(given ?? newestRelease())
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nixie-bench', commit)
  if (!existsSync(join(folder, 'nixie'))) build(commit, folder)
  return describe(join(folder, 'nixie'), Number(readFileSync(join(folder, 'runtime-bytes'), 'utf8')))
}
