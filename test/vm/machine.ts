/** A kernel in QEMU with the built binary in it: boots, runs `guest.sh`, gives what it said by its parts. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { binary } from '../support/nixie'

const here = import.meta.dir
const TOOLS = ['qemu-system-x86_64', 'cpio', 'busybox', 'go', 'apt-get'] as const
/** Kernels are kept: the lists of packages are looked at once a day. */
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nixie-kernels')
const BOOT_SECONDS = 600

/** Why no machine can be had here; '' when one can. */
export function noMachine(): string {
  if (process.arch !== 'x64') return 'needs a processor of amd64'
  const missing = TOOLS.filter((tool) => !Bun.which(tool))
  if (missing.length > 0) return `needs ${missing.join(', ')}`
  return existsSync(binary) ? '' : `needs ${binary}: npm run build`
}

/** The path of a Debian suite's newest kernel for virtual machines; undefined when its archive hasn't got one. */
export function kernelOf(suite: string): string | undefined {
  try {
    const args = ['amd64', suite, 'linux-image-cloud-amd64', CACHE]
    const said = execFileSync(join(here, 'kernel.sh'), args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 600_000,
    })
    return said.trim().split('\n').at(-1)
  } catch {
    return undefined
  }
}

/** Packs the binary and the program that makes requests into the guest's root; into `folder`. */
export function pack(folder: string): void {
  const traffic = join(folder, 'files/traffic')
  execFileSync('go', ['build', '-o', traffic, '.'], {
    cwd: join(here, 'traffic'),
    env: { ...process.env, CGO_ENABLED: '0', GOARCH: 'amd64' },
  })
  execFileSync('cp', [join(here, 'guest.sh'), join(folder, 'files')])
  execFileSync(join(here, 'root.sh'), [join(folder, 'root.cpio'), binary])
}

/** What the guest said, by part. @throws Error when it did not come to its end */
export async function boot(kernel: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const child = spawn(join(here, 'vm.sh'), [kernel, 'sh /files/guest.sh'], {
    env: {
      ...process.env,
      VM_ROOT: join(folder, 'root.cpio'),
      VM_FILES: join(folder, 'files'),
      VM_CPUS: '2',
      VM_TIMEOUT: String(BOOT_SECONDS),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let wrong = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    wrong += text
  })
  const status = await new Promise((done) => child.on('close', done))
  if (status !== 0) throw new Error(`the machine ended with ${status}: ${wrong}\n${said.slice(-2000)}`)
  const parts = said.split(/^== (\w+)\n/m)
  const found = new Map<string, string>()
  for (let i = 1; i < parts.length; i += 2) found.set(parts[i]!, parts[i + 1]!.trim())
  return found
}
