/** install.sh on machines of other kinds: their /etc/os-release, package managers, C libraries and `uname` are stand-ins. Nothing is installed. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Scope } from '../support/scope'

const root = join(import.meta.dir, '../..')
const scope = new Scope('install-systems')
afterAll(() => scope.close())
const checkout = join(scope.dir, 'checkout')
const bin = join(scope.dir, 'bin')
const system = join(scope.dir, 'system')
const log = join(scope.dir, 'log')

const BASE =
  'awk basename cat chmod cp cut date dirname grep head ln mkdir mktemp readlink rm sed sh sort touch'.split(
    ' ',
  )
const GLIBC = { x86_64: 'lib64/ld-linux-x86-64.so.2', aarch64: 'lib/ld-linux-aarch64.so.1' } as const

function program(name: string, body = ''): void {
  rmSync(join(bin, name), { force: true })
  writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\n${body}\n`, { mode: 0o755 })
}

function file(path: string, text = ''): void {
  const whole = join(system, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, text)
}

interface Kind {
  readonly machine?: string
  readonly osRelease: string
  /** The file of the C library's dynamic linker; '' for none. */
  readonly linker?: string
  /** Of user space. */
  readonly bits?: 32 | 64
  readonly managers?: readonly string[]
  readonly btf?: boolean
  readonly kernel?: string
}

function machine(kind: Kind): void {
  const { machine: name = 'x86_64', osRelease, bits = 64, managers = [], btf = true } = kind
  program(
    'uname',
    `case $1 in -s) echo Linux ;; -m) echo ${name} ;; -r) echo ${kind.kernel ?? '6.12.0'} ;; esac`,
  )
  program('getconf', `echo ${bits}`)
  program('id', 'echo 0')
  file('etc/os-release', osRelease)
  const linker = kind.linker ?? GLIBC[name as keyof typeof GLIBC] ?? ''
  if (linker !== '') file(linker)
  if (btf) file('sys/kernel/btf/vmlinux')
  for (const manager of managers) program(manager, 'case $1 in indextargets|policy) ;; *) exit 1 ;; esac')
}

beforeEach(() => {
  for (const path of [checkout, bin, system, log]) rmSync(path, { recursive: true, force: true })
  mkdirSync(join(checkout, 'deploy'), { recursive: true })
  mkdirSync(bin)
  for (const name of BASE) symlinkSync(Bun.which(name)!, join(bin, name))
  const script = readFileSync(join(root, 'install.sh'), 'utf8')
  expect(script).toContain('\nSYSTEM= #')
  writeFileSync(join(checkout, 'install.sh'), script.replace('\nSYSTEM= #', `\nSYSTEM=${system} #`))
  for (const name of ['deploy/tools.sh', 'deploy/machine.sh'])
    copyFileSync(join(root, name), join(checkout, name))
})

/** What it says; nothing here lets it come to its end. */
function install(...args: string[]): string {
  const ran = Bun.spawnSync(['/bin/sh', join(checkout, 'install.sh'), ...args], {
    env: { PATH: bin, HOME: scope.dir, TMPDIR: scope.dir, NIXIE_LISTEN: '127.0.0.1:1' },
    stdin: 'ignore',
  })
  expect(ran.exitCode).toBe(1)
  return `${ran.stdout}${ran.stderr}`
}

const managed = () =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /^(apt-get|dnf) /.test(line))

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
const UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nID=ubuntu\nID_LIKE=debian\n'
const FEDORA = 'PRETTY_NAME="Fedora Linux 42 (Server Edition)"\nID=fedora\n'
const ROCKY = 'PRETTY_NAME="Rocky Linux 9.5 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'
const ALPINE = 'PRETTY_NAME="Alpine Linux v3.22"\nID=alpine\n'
const NIXOS = 'PRETTY_NAME="NixOS 25.05 (Warbler)"\nID=nixos\n'

describe('brings what building needs', () => {
  test.each([
    ['Debian', { osRelease: DEBIAN }],
    ['Ubuntu', { osRelease: UBUNTU }],
    ['Raspberry Pi OS of 64 bits', { osRelease: DEBIAN, machine: 'aarch64', kernel: '6.12.34+rpt-rpi-2712' }],
  ] as const)('by apt on %s', (_, kind) => {
    machine({ ...kind, managers: ['apt-get', 'apt-cache'] })
    expect(install('--tools')).toContain('apt-get update failed')
    expect(managed()).toEqual(['apt-get update -qq'])
  })

  test.each([
    ['Fedora', FEDORA],
    ['Rocky Linux', ROCKY],
  ])('by dnf on %s, by the names that packages have there', (_, osRelease) => {
    machine({ osRelease, managers: ['dnf'] })
    const said = install('--tools')
    expect(said).toContain('dnf could not install: clang llvm')
    const [line, ...others] = managed()
    expect(others).toEqual([])
    expect(line).toMatch(/^dnf install -y .* clang llvm .*pkgconf-pkg-config .*gettext-devel .*rust cargo/)
    expect(line).not.toMatch(/libbpf-dev |autopoint|rustc/)
  })

  test('asks nobody for packages where it knows no package manager, and names them', () => {
    machine({ osRelease: 'ID=arch\n' })
    expect(install('--tools')).toContain('Install what these Debian packages hold')
  })
})

describe('says at once why not, and what to do', () => {
  test.each(['x86_64', 'aarch64'])('Alpine, %s: musl', (name) => {
    machine({ osRelease: ALPINE, machine: name, linker: `lib/ld-musl-${name}.so.1`, managers: ['apk'] })
    const said = install()
    expect(said).toContain('glibc only, and Alpine Linux v3.22 has musl')
    expect(said).toContain('in a container')
  })

  test.each(['armv6l', 'armv7l', 'armv8l', 'i686'])('a %s', (name) => {
    machine({ osRelease: DEBIAN, machine: name })
    const said = install()
    expect(said).toContain(`this machine is a ${name}; Nixie knows 64 bits only`)
    expect(said).toContain('64-bit edition')
  })

  test('Raspberry Pi OS of 32 bits under a kernel of 64', () => {
    machine({ osRelease: DEBIAN, machine: 'aarch64', linker: 'lib/ld-linux-armhf.so.3', bits: 32 })
    expect(install()).toContain('this system has 32 bits')
  })

  test('a processor that it does not know', () => {
    machine({ osRelease: DEBIAN, machine: 'riscv64' })
    expect(install()).toContain('this machine is a riscv64; Nixie knows x86_64 and aarch64')
  })

  test.each([undefined, ''])('NixOS, with and without a stub of the linker (%p)', (linker) => {
    machine({ osRelease: NIXOS, ...(linker === undefined ? {} : { linker }) })
    const said = install()
    expect(said).toContain('NixOS takes programs and services from its own configuration only')
    expect(said).toContain('configuration.nix')
  })

  test("a kernel without BTF, such as Raspberry Pi's", () => {
    machine({ osRelease: DEBIAN, machine: 'aarch64', btf: false, kernel: '6.6.20+rpt-rpi-v8' })
    const said = install()
    expect(said).toContain('no BTF')
    expect(said).toContain('Raspberry Pi')
  })

  test('an old kernel', () => {
    machine({ osRelease: UBUNTU, kernel: '5.4.0-200-generic' })
    expect(install()).toContain('Linux 5.4.0-200-generic is too old: 5.8 or newer is needed')
  })

  test('systemd wanted where there is none', () => {
    machine({ osRelease: DEBIAN })
    expect(install('--systemd')).toContain('systemd does not run here')
  })
})
