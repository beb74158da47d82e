/** An image on its way to the nodes: which program is run for which distribution, and what is said when that is no use. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { distributionOf } from '../../../src/cli/cluster/distribution'
import { buildImage } from '../../../src/cli/image/archive'
import { imagePlatform } from '../../../src/cli/image/root'
import { writeParts } from '../../../src/cli/image/write'
import { Scope } from '../../support/scope'
import { type Ran, runCli } from '../run-cli'
import { FakeCluster, type Fields } from './fake-cluster'

const scope = new Scope('load')
afterAll(() => scope.close())
const bin = join(scope.dir, 'bin')
const log = join(scope.dir, 'log')
const archive = join(scope.dir, 'image.tar')
const NAME = 'localhost/nixie:9'
const own = process.getuid?.() === 0 ? '' : 'sudo '

let cluster: FakeCluster

/** A program that says how it was called, and then does as it is told. */
function program(name: string, body = ''): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\n${body}\n`, { mode: 0o755 })
}

beforeAll(async () => {
  const hello = join(scope.dir, 'hello')
  writeFileSync(hello, 'hello')
  const image = await buildImage(
    [{ root: [{ path: 'hello', mode: 0o755, source: hello }], platform: imagePlatform('x64') }],
    NAME,
  )
  await writeParts(image.parts, archive)
})

beforeEach(() => {
  rmSync(bin, { recursive: true, force: true })
  rmSync(log, { force: true })
  mkdirSync(bin)
  cluster = new FakeCluster(scope)
  cluster.nodes = [node('node-1', { addresses: [{ address: '127.0.0.1' }] })]
})

const node = (name: string, status: Fields = {}): Fields => ({
  metadata: { name },
  status: {
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { architecture: 'amd64' },
    images: [],
    ...status,
  },
})

const called = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])

const deploy = (...args: string[]): Promise<Ran> =>
  runCli(
    ['deploy', '--image-archive', archive, '--kubeconfig', cluster.kubeconfig, '--context', 'fake', ...args],
    {
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: scope.dir },
    },
  )

const container = (): Fields => {
  const daemonSet = cluster.objects.get('/apis/apps/v1/namespaces/nixie/daemonsets/nixie')
  const { template } = daemonSet!.spec as { template: { spec: { containers: Fields[] } } }
  return template.spec.containers[0]!
}

describe('into every node', () => {
  test('of minikube, by its profile; the pods use it and pull nothing', async () => {
    program('minikube', `[ "$4" = load ] || echo ${NAME}`)
    const { code, out, err } = await deploy('--minikube', '--profile', 'two')
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(called()).toEqual([
      `minikube --profile two image load ${archive}`,
      'minikube --profile two image ls',
    ])
    expect(container()).toMatchObject({ image: NAME, imagePullPolicy: 'Never' })
    expect(container().env).toContainEqual({ name: 'NIXIE_CLUSTER_NAME', value: 'two' })
    expect(out).toContain('ui --minikube --profile two')
  })

  test('of kind, by its name', async () => {
    program('kind')
    const { code, out } = await deploy('--kind', 'dev')
    expect(code).toBe(0)
    expect(called()).toEqual([`kind load image-archive ${archive} --name dev`])
    expect(container()).toMatchObject({ image: NAME, imagePullPolicy: 'Never' })
    expect(out).toContain('ui --kind=dev')
  })

  test.skipIf(own !== '')('of k3s: this one (needs root)', async () => {
    program('k3s')
    expect((await deploy('--k3s')).code).toBe(0)
    expect(called()).toEqual([`k3s ctr images import ${archive}`])
  })

  test('also when it says that it has the image: it may just have removed it', async () => {
    program('kind')
    cluster.nodes = [node('node-1', { images: [{ names: [NAME] }] })]
    expect((await deploy('--kind')).code).toBe(0)
    expect(called()).toHaveLength(1)
  })
})

describe('is said, and nothing is applied:', () => {
  async function refused(...args: string[]): Promise<string> {
    const { code, err } = await deploy(...args)
    expect(code).not.toBe(0)
    expect(cluster.writes).toEqual([])
    return err
  }

  test('a program that is not there', async () => {
    const err = await refused('--kind')
    expect(err).toContain('kind is not on this machine')
    expect(err).toContain('https://kind.sigs.k8s.io')
  })

  test('a program that fails, with its last words', async () => {
    program('kind', 'echo one >&2; echo "no nodes found for cluster" >&2; exit 3')
    const err = await refused('--kind')
    expect(err).toContain('ended with 3: one no nodes found for cluster')
    expect(err).toContain('kind create cluster')
  })

  test('minikube says that it loaded, and did not', async () => {
    program('minikube', 'echo other:1')
    expect(await refused('--minikube')).toContain(`its nodes do not have ${NAME}`)
  })

  test.skipIf(own !== '')('k3s: nodes that lack it, by name, with what to run (needs root)', async () => {
    program('k3s')
    cluster.nodes.push(node('node-2', { addresses: [{ address: '198.51.100.7' }] }))
    const err = await refused('--k3s')
    expect(err).toContain('without it: node-2')
    expect(err).toContain('ssh node-2 sudo k3s ctr images import')
    cluster.nodes[1] = node('node-2', {
      addresses: [{ address: '198.51.100.7' }],
      images: [{ names: [NAME] }],
    })
    expect((await deploy('--k3s')).code).toBe(0)
  })

  test('k3s of another machine', async () => {
    program('k3s')
    cluster.nodes = [node('far', { addresses: [{ address: '198.51.100.7' }] })]
    expect(await refused('--k3s')).toContain("This machine is no node of context 'fake'")
    expect(called()).toEqual([])
  })

  test('nodes of another architecture', async () => {
    program('minikube')
    cluster.nodes = [node('pi', { nodeInfo: { architecture: 'arm64' } })]
    const err = await refused('--minikube')
    expect(err).toContain('is for amd64')
    expect(err).toContain('pi (arm64)')
    expect(called()).toEqual([])
  })

  test.each([
    [['--minikube', '--kind'], '--minikube and --kind exclude each other'],
    [['--profile', 'x'], '--profile is one of minikube'],
    [['--minikube', '--image', 'a:1'], '--image and --image-archive exclude each other'],
    [[], 'does not say how it comes to the nodes'],
  ])('%p', async (args, words) => {
    expect(await refused(...args)).toContain(words)
  })

  test('an archive that is not there, and an executable that is none', async () => {
    expect(await refused('--minikube', '--image-archive', '/nowhere/x.tar')).toContain(
      'There is no image archive',
    )
    const argv = ['deploy', '--minikube', '--kubeconfig', cluster.kubeconfig, '--context', 'fake']
    expect((await runCli(argv)).err).toContain('runs from its sources')
  })
})

describe('which cluster is meant', () => {
  const contextOf = (flags: Record<string, string>, env: Record<string, string> = {}) =>
    distributionOf({ flags, io: { env } as never })?.context

  test('by flags and by the environment of each', () => {
    expect(contextOf({})).toBeUndefined()
    expect(contextOf({ minikube: 'true' })).toBe('minikube')
    expect(contextOf({ minikube: 'true' }, { MINIKUBE_PROFILE: 'e' })).toBe('e')
    expect(contextOf({ minikube: 'true', profile: 'p' }, { MINIKUBE_PROFILE: 'e' })).toBe('p')
    expect(contextOf({ kind: '' })).toBe('kind-kind')
    expect(contextOf({ kind: '' }, { KIND_CLUSTER_NAME: 'e' })).toBe('kind-e')
    expect(contextOf({ kind: 'n' }, { KIND_CLUSTER_NAME: 'e' })).toBe('kind-n')
  })

  test('the words that mean it again are words of a shell', () => {
    const wordsOf = (flags: Record<string, string>) =>
      distributionOf({ flags, io: { env: {} } as never })?.words
    expect(wordsOf({ minikube: 'true', profile: 'two' })).toBe('--minikube --profile two')
    expect(wordsOf({ minikube: 'true', profile: "my o'wn" })).toBe("--minikube --profile 'my o'\\''wn'")
    expect(wordsOf({ kind: 'a b' })).toBe("--kind='a b'")
  })

  test("by the choice of 'minikube profile'", () => {
    const home = join(scope.dir, 'home')
    mkdirSync(join(home, '.minikube/config'), { recursive: true })
    const config = join(home, '.minikube/config/config.json')
    writeFileSync(config, JSON.stringify({ profile: 'chosen' }))
    expect(contextOf({ minikube: 'true' }, { HOME: home })).toBe('chosen')
    expect(contextOf({ minikube: 'true' }, { MINIKUBE_HOME: join(home, '.minikube') })).toBe('chosen')
    writeFileSync(config, '{')
    expect(contextOf({ minikube: 'true' }, { HOME: home })).toBe('minikube')
  })

  test('a context that is not there is said with what makes it', async () => {
    const argv = ['status', '--kind', 'gone', '--kubeconfig', cluster.kubeconfig]
    const { err } = await runCli(argv)
    expect(err).toContain("no context 'kind-gone'")
    expect(err).toContain('kind create cluster --name gone')
  })
})
