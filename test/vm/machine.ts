/** A kernel in QEMU with the built binary in it: boots, runs a script, gives what it said by its parts. */
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Arch, binaryName, packages, TARGETS } from '../../bpf/cross'

const here = import.meta.dir
const dist = resolve(here, '../../dist')
const SCRIPTS = ['lib.sh', 'guest.sh', 'degraded.sh', 'small.sh']
const TOOLS = ['cpio', 'busybox', 'go', 'apt-get'] as const
const QEMU = { x64: 'qemu-system-x86_64', arm64: 'qemu-system-aarch64' } as const
/** It takes less than a minute where nothing else runs. */
const BOOT_SECONDS = 600
/** A test with one machine, which may wait for others. */
export const MACHINE_MS = 900_000
/** The whole matrix runs when the ring is named; else some of it. */
export const isWhole = process.env.NIXIE_TEST_VM === 'all'

export interface Kernel {
  readonly arch: Arch
  /** Debian's; versions of kernels vanish from its archive. */
  readonly suite: string
  /** The package's name, by default that of kernels for virtual machines. */
  readonly flavour?: string
  /** How its version begins. */
  readonly release: string
}

/** Why no machine of the architecture can be had here; '' when one can. */
export function noMachine(arch: Arch): string {
  const missing = [...TOOLS, QEMU[arch]].filter((tool) => !Bun.which(tool))
  if (missing.length > 0) return `needs ${missing.join(', ')}`
  const binary = join(dist, binaryName(arch))
  return existsSync(binary) ? '' : `needs ${binary}: npm run build -- --arch ${arch}`
}

/** The path of the suite's newest kernel. @throws Error with what was said when it can't be had */
export function kernelOf({ arch, suite, flavour = 'cloud' }: Kernel): string {
  const { debian } = TARGETS[arch]
  const name = flavour.startsWith(debian) ? flavour : `${flavour}-${debian}`
  const said = execFileSync(join(here, 'kernel.sh'), [debian, suite, `linux-image-${name}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 600_000,
  })
  return said.trim().split('\n').at(-1)!
}

/** What machines of one architecture have in common: a folder with their root, and with files. */
export interface Root {
  readonly arch: Arch
  readonly folder: string
}

/** Packs the binary and the program that makes requests into the guest's root; it is in memory. `removeRoots` takes it away. */
function pack(arch: Arch): Root {
  const folder = mkdtempSync(join(tmpdir(), 'nixie-vm-'))
  const files = join(folder, 'files')
  mkdirSync(files)
  const { debian } = TARGETS[arch]
  execFileSync('go', ['build', '-o', join(files, 'traffic'), '.'], {
    cwd: join(here, 'traffic'),
    env: { ...process.env, CGO_ENABLED: '0', GOARCH: debian },
  })
  for (const name of SCRIPTS) copyFileSync(join(here, name), join(files, name))
  const system = packages(arch, 'host', ['busybox-static', 'libc6', 'libgcc-s1'])
  const binary = `${join(dist, binaryName(arch))}=nixie`
  execFileSync(join(here, 'root.sh'), [join(folder, 'root.cpio'), debian, system, binary])
  return { arch, folder }
}

const roots = new Map<Arch, Root>()
export function rootOf(arch: Arch): Root {
  const root = roots.get(arch) ?? pack(arch)
  roots.set(arch, root)
  return root
}

/** For the end of a file of tests. */
export function removeRoots(): void {
  for (const { folder } of roots.values()) rmSync(folder, { recursive: true, force: true })
  roots.clear()
}

export interface Machine {
  readonly memory?: number
  readonly processors?: number
  readonly cpu?: string
  /** More for the kernel's command line. */
  readonly append?: string
  /** For `init`. */
  readonly setup?: string
  /** It takes so many seconds longer than others. */
  readonly longer?: number
}

/** Machines run on one thread each: no more at once than there are processors. */
let free = navigator.hardwareConcurrency
const waiting: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--
  else await new Promise<void>((go) => waiting.push(go))
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
}

/** What the guest said, by part. @throws Error when it did not come to its end */
export const boot = (
  kernel: Kernel,
  command: string,
  machine: Machine = {},
): Promise<ReadonlyMap<string, string>> => inTurn(() => run(kernel, command, machine))

async function run(kernel: Kernel, command: string, machine: Machine): Promise<ReadonlyMap<string, string>> {
  const { folder } = rootOf(kernel.arch)
  const { memory = 1536, processors = 2, cpu, append = '', setup = '', longer = 0 } = machine
  const child = spawn(join(here, 'vm.sh'), [TARGETS[kernel.arch].debian, kernelOf(kernel), command], {
    env: {
      ...process.env,
      VM_ROOT: join(folder, 'root.cpio'),
      VM_FILES: join(folder, 'files'),
      VM_MEMORY: String(memory),
      VM_CPUS: String(processors),
      VM_APPEND: append,
      VM_SETUP: setup,
      VM_TIMEOUT: String(BOOT_SECONDS + longer),
      ...(cpu && { VM_CPU: cpu }),
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
