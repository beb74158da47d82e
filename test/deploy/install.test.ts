/** install.sh for clusters: who builds, what nixie deploy is told, and what is said when that can't be. Nothing is installed. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Pace } from '../support/pace'
import { Scope, until } from '../support/scope'

const root = join(import.meta.dir, '../..')
const scope = new Scope('install-cluster')
afterAll(() => scope.close())
const checkout = join(scope.dir, 'checkout')
const bin = join(scope.dir, 'bin')
const log = join(scope.dir, 'log')

/** All that a machine without tools to build has. */
const BASE = [
  'awk',
  'basename',
  'cat',
  'cp',
  'cut',
  'date',
  'dirname',
  'grep',
  'head',
  'id',
  'ln',
  'mkdir',
  'mktemp',
  'readlink',
  'rm',
  'sed',
  'sh',
  'sort',
  'uname',
]

function program(path: string, body = ''): void {
  const name = path.split('/').at(-1)
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>'${log}'\n${body}\n`, { mode: 0o755 })
}

/** minikube with the profiles `minikube` and `two`, kind with the clusters `kind` and `dev`, k3s. */
function distribution(name: string): void {
  const bodies: Record<string, string> = {
    minikube: 'case "$*" in *nosuch*status) exit 85 ;; esac',
    kind: 'echo kind; echo dev',
  }
  program(join(bin, name), bodies[name])
}

beforeEach(() => {
  for (const path of [checkout, bin, log]) rmSync(path, { recursive: true, force: true })
  mkdirSync(join(checkout, 'deploy'), { recursive: true })
  mkdirSync(bin)
  for (const name of BASE) symlinkSync(Bun.which(name)!, join(bin, name))
  for (const name of ['install.sh', 'deploy/tools.sh', 'deploy/machine.sh'])
    copyFileSync(join(root, name), join(checkout, name))
})

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function install(...args: string[]): Ended {
  const ran = Bun.spawnSync(['/bin/sh', join(checkout, 'install.sh'), ...args], {
    env: { PATH: bin, HOME: scope.dir },
    stdin: 'ignore',
  })
  return { code: ran.exitCode, out: `${ran.stdout}`, err: `${ran.stderr}` }
}

/** A docker that builds what the Dockerfile's stage `files` holds. */
function docker(...files: string[]): void {
  const make = files.map((name) => {
    const made = `"${checkout}/dist/${name}"`
    return `printf '#!/bin/sh\\necho "${name} $*" >>"${log}"\\n' >${made}; chmod 755 ${made}`
  })
  symlinkSync(Bun.which('chmod')!, join(bin, 'chmod'))
  program(join(bin, 'docker'), `case $1 in create) echo c1 ;; cp) ${make.join('; ')} ;; esac`)
}

/** Without the questions whether there is such a cluster. */
const called = (): string[] =>
  (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []).filter(
    (line) => !/^(minikube .*status|kind get clusters)$/.test(line),
  )

describe('without tools to build and without docker', () => {
  test('the exact command is said, and nothing is installed', () => {
    distribution('minikube')
    program(join(bin, 'apt-get'))
    const { code, err } = install('--minikube')
    expect(code).toBe(1)
    expect(err).toContain(
      'building needs packages that are missing here, and neither docker nor podman answers',
    )
    expect(err).toMatch(
      /apt-get update && .*apt-get install -y --no-install-recommends clang llvm .*nodejs npm/,
    )
    expect(err).toContain('--yes')
    expect(called()).toEqual([])
  })

  test('on a system without apt the packages are named', () => {
    distribution('kind')
    const { code, err } = install('--kind')
    expect(code).toBe(1)
    expect(err).toMatch(/missing: clang llvm/)
    expect(err).toContain('docker or podman')
  })
})

test('the program of the distribution is asked for before anything is built', () => {
  docker('nixie')
  for (const name of ['minikube', 'kind', 'k3s']) {
    const { code, err } = install(`--${name}`)
    expect(code).toBe(1)
    expect(err).toContain(`${name} is not on this machine`)
  }
  expect(called()).toEqual([])
})

test('--k8s without an image says at once what is missing', () => {
  docker('nixie')
  const pace = new Pace()
  const { code, err } = install('--k8s')
  // A build takes longer.
  expect(pace.ms()).toBeLessThan(5000)
  expect(code).toBe(1)
  expect(err).toContain('--k8s does not say which image')
  expect(err).toContain('nixie image --output')
  expect(called()).toEqual([])
})

describe('with docker', () => {
  const built = (cli: string) => [
    'docker info',
    `docker build -f ${checkout}/deploy/Dockerfile --target files --build-arg CLI=${cli} -t localhost/nixie-files ${checkout}`,
    'docker create localhost/nixie-files none',
    `docker cp c1:/files/. ${checkout}/dist/`,
    'docker rm c1',
  ]
  const archive = `--image-archive ${checkout}/dist/nixie-image.tar`

  test('it builds, and the image is that of the container', () => {
    distribution('minikube')
    docker('nixie')
    const { code, out, err } = install('--minikube', '--profile', 'two')
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(called()).toEqual([
      ...built(''),
      'nixie version',
      `nixie deploy --minikube --profile two ${archive}`,
    ])
    expect(out).toMatch(/Done in \d+ s/)
  })

  test('on a Mac the commands are for it', () => {
    distribution('kind')
    docker('nixie-darwin-arm64')
    rmSync(join(bin, 'uname'))
    program(join(bin, 'uname'), 'case $1 in -s) echo Darwin ;; -m) echo arm64 ;; esac')
    expect(install('--kind', 'dev').code).toBe(0)
    expect(called().filter((line) => !line.startsWith('uname'))).toEqual([
      ...built('darwin-arm64'),
      'nixie-darwin-arm64 version',
      `nixie-darwin-arm64 deploy --kind=dev ${archive}`,
    ])
  })

  test('a build that fails is said', () => {
    distribution('k3s')
    program(join(bin, 'docker'), '[ $1 != build ]')
    const { code, err } = install('--k3s')
    expect(code).toBe(1)
    expect(err).toContain('docker could not build')
  })

  test('a Mac without it', () => {
    distribution('kind')
    rmSync(join(bin, 'uname'))
    program(join(bin, 'uname'), 'case $1 in -s) echo Darwin ;; -m) echo arm64 ;; esac')
    expect(install('--kind').err).toContain('neither docker nor podman answers')
  })
})

describe('what is built already', () => {
  beforeEach(() => {
    mkdirSync(join(checkout, 'dist'))
    program(join(checkout, 'dist/nixie'))
    for (const name of ['minikube', 'kind', 'k3s']) distribution(name)
  })

  test.each([
    [['--minikube', '--no-build'], 'nixie deploy --minikube'],
    [['--k3s', '--no-build'], 'nixie deploy --k3s'],
    [['--kind', '--no-build'], 'nixie deploy --kind'],
    [
      ['--k8s', '--image', 'r.example.org/nixie:1', '--no-build'],
      'nixie deploy --image r.example.org/nixie:1',
    ],
    [['--uninstall', '--kind', 'dev'], 'nixie delete --kind=dev'],
    [['--uninstall', '--purge', '--minikube'], 'nixie delete --minikube --purge'],
    [['--uninstall', '--k8s'], 'nixie delete'],
  ])('%p', (args, last) => {
    const { code, err } = install(...args)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(called()).toEqual(['nixie version', last])
  })

  test.each([
    [
      ['--minikube', '--profile=two'],
      ['deploy', '--minikube', '--profile', 'two'],
    ],
    [
      ['--minikube', '--profile', 'my own'],
      ['deploy', '--minikube', '--profile', 'my own'],
    ],
    [['--kind=dev'], ['deploy', '--kind=dev']],
    [
      ['--k8s', '--image=r/x:1'],
      ['deploy', '--image', 'r/x:1'],
    ],
  ])('%p: every word stays one', (args, words) => {
    writeFileSync(join(checkout, 'dist/nixie'), `#!/bin/sh\nprintf '%s\\n' "$@" >'${log}'\n`, { mode: 0o755 })
    expect(install(...args, '--no-build').err).toBe('')
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual(words)
  })

  test.each([
    [['--minikube', '--profile', 'nosuch'], "minikube has no profile 'nosuch'"],
    [['--kind', 'nosuch'], "kind has no cluster 'nosuch'"],
    [['--minikube', '--profile', '--no-build'], '--profile wants a name'],
    [['--minikube', '--profile'], '--profile wants a name'],
  ])('%p is said before anything is built', (args, words) => {
    const { code, err } = install(...args)
    expect(code).toBe(1)
    expect(err).toContain(words)
    expect(called()).toEqual([])
  })

  test('a second one at the same time is refused, and the lock of one that was killed is not', async () => {
    program(join(checkout, 'dist/nixie'), `[ $1 = version ] || { touch '${scope.dir}/begun'; sleep 100; }`)
    for (const name of ['touch', 'sleep']) symlinkSync(Bun.which(name)!, join(bin, name))
    const command = ['/bin/sh', join(checkout, 'install.sh'), '--k3s', '--no-build']
    const options = { env: { PATH: bin, HOME: scope.dir, TMPDIR: scope.dir }, stdin: 'ignore' } as const
    const first = Bun.spawn(command, options)
    await until('its child', () => existsSync(join(scope.dir, 'begun')))
    const second = install('--k3s', '--no-build')
    expect(second.code).toBe(1)
    expect(second.err).toContain(`another install.sh runs here (pid ${first.pid})`)
    // A signal ends its child with it, and nothing stays.
    first.kill('SIGTERM')
    expect(await first.exited).toBe(1)
    expect(readdirSync(scope.dir).filter((name) => name.startsWith('tmp.'))).toEqual([])
    expect(readdirSync(join(checkout, 'dist'))).toEqual(['nixie'])
    symlinkSync('4194999', join(checkout, 'dist/.install-lock'))
    program(join(checkout, 'dist/nixie'))
    expect(install('--k3s', '--no-build').code).toBe(0)
  })

  test('its failure is ours', () => {
    program(join(checkout, 'dist/nixie'), '[ $1 = version ]')
    const { code, out } = install('--minikube', '--no-build')
    expect(code).toBe(1)
    expect(out).not.toContain('Done')
  })
})

test('a folder for temporary files that is not there', () => {
  const ran = Bun.spawnSync(['/bin/sh', join(checkout, 'install.sh'), '--k3s'], {
    env: { PATH: bin, HOME: scope.dir, TMPDIR: '/nonexistent' },
  })
  expect(ran.exitCode).toBe(1)
  expect(`${ran.stderr}`).toContain('there is no place for files in /nonexistent')
})

test.each(['with space', "o'clock", 'a$b', 'c#'])(
  'a checkout in %p can not be built, which is said at once',
  (name) => {
    const place = join(scope.dir, name)
    cpSync(checkout, place, { recursive: true })
    const sh = `YES=no SUDO= HERE=$1; die() { echo "$1" >&2; exit 1; }; . "$1/deploy/tools.sh"; build`
    const ran = Bun.spawnSync(['sh', '-c', sh, 'sh', place])
    expect(ran.exitCode).toBe(1)
    expect(`${ran.stderr}`).toContain(`nothing can be built in '${place}'`)
  },
)

test.skipIf(Bun.which('script') === null)('on a terminal it asks before it installs packages', () => {
  const ask = (answer: string) => {
    const sh = `YES=no; die() { echo "$1"; exit 1; }; . ${root}/deploy/tools.sh; may_install 'apt-get it'; echo installing`
    writeFileSync(join(scope.dir, 'ask.sh'), sh)
    const ran = Bun.spawnSync(['script', '-qec', `sh ${scope.dir}/ask.sh`, '/dev/null'], {
      stdin: Buffer.from(`${answer}\n`),
    })
    return `${ran.stdout}`
  }
  expect(ask('n')).toMatch(/Run this\?\s+apt-get it[\s\S]*nothing is installed/)
  expect(ask('y')).toContain('installing')
})

test('install.sh is short', () => {
  const lines = readFileSync(join(root, 'install.sh'), 'utf8').split('\n').length
  expect(lines).toBeLessThanOrEqual(250)
})
