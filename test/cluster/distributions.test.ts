/**
 * The one line for minikube, kind and k3s, to the first rows. kind is the real one, with a docker that has the test
 * cluster's node; minikube and k3s are stand-ins that load into that node's containerd as the real ones would.
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { binary, isRoot, root } from '../support/nixie'
import { Pace } from '../support/pace'
import { PATIENCE_MS, Scope, until } from '../support/scope'
import { inside, kubectl, must, nixieArchive, removeLoadedImages, run, standIns, useCluster } from './support'

/** Of its own, not that of a Nixie on this host. */
const DATA = '/var/lib/nixie-distributions-test'
/** Where it is on minikube; its node is this machine here. */
const MINIKUBE_DATA = '/data/nixie'

describe.skipIf(!isRoot)('minikube, kind and k3s (needs root)', () => {
  const scope = new Scope('distributions')
  const clean = async () => {
    for (const namespace of ['kuard', 'nixie'])
      await kubectl('delete', 'namespace', namespace, '--ignore-not-found')
    await removeLoadedImages()
    rmSync(DATA, { recursive: true, force: true })
  }
  const made = ['/data', MINIKUBE_DATA].find((path) => !existsSync(path))
  useCluster(async () => {
    await clean()
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
    await scope.close()
  })
  let place: ReturnType<typeof standIns>
  beforeAll(async () => {
    await must([join(import.meta.dir, 'kind.sh')], { ms: 15 * 60_000 })
    place = standIns(scope.dir)
    await clean()
  }, 20 * 60_000)

  const nixie = (...args: string[]) => run([binary, ...args], { env: place.env, ms: 4 * PATIENCE_MS })
  const image = () =>
    kubectl(
      '-n',
      'nixie',
      'get',
      'daemonset',
      'nixie',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    )

  test.each([
    ['--minikube', ['--minikube'], /^minikube --profile minikube image load \S+\/nixie\.tar$/],
    [
      '--kind test',
      ['--kind', 'test'],
      /^docker exec --privileged -i \S+ ctr --namespace=k8s\.io images import/,
    ],
    ['--k3s', ['--k3s', '--context', 'test'], /^k3s ctr images import \S+\/nixie\.tar$/],
  ])(
    'nixie deploy %s: the image of the executable comes to the node, and runs',
    async (_, words, loading) => {
      await clean()
      const { code, out, err } = await nixie('deploy', ...words, '--data-dir', DATA)
      expect(err).toBe('')
      expect(out).toMatch(/Loading the image localhost\/nixie:\S+ \(\d+ MiB\)/)
      expect(out).toMatch(/Nixie captures on 1 node, after \d+ s\./)
      expect(code).toBe(0)
      expect(place.called().filter((line) => loading.test(line))).toHaveLength(1)
      expect((await nixie('status', ...words)).out).toContain('1 of 1 nodes capture')
      const pods = await kubectl('-n', 'nixie', 'get', 'pods', '-o', 'name')
      expect((await nixie('deploy', ...words, '--data-dir', DATA)).code).toBe(0)
      expect(await kubectl('-n', 'nixie', 'get', 'pods', '-o', 'name')).toBe(pods)
    },
  )

  test('the samples run from the same image, and their requests have names', async () => {
    expect((await nixie('demo', 'deploy', 'kuard', '--kind', 'test')).code).toBe(0)
    const ran = await kubectl(
      '-n',
      'kuard',
      'get',
      'deployment',
      '-o',
      'jsonpath={.items[*].spec.template.spec.containers[0].image}',
    )
    expect(new Set(ran.split(' '))).toEqual(new Set([await image()]))
    await until('a row of kuard', async () =>
      /kuard\/client-\S+ +kuard\/kuard-\S+/.test(
        await inside('run', 'px/http_data', '--', '--destination_filter=kuard/'),
      ),
    )
    const { code, out } = await nixie('demo', 'delete', 'kuard', '--kind', 'test')
    expect(out).toContain('Namespace kuard deleted')
    expect(code).toBe(0)
  })

  test('an image that is on no node ends at once, with the reason and what to do', async () => {
    const pace = new Pace()
    const { code, err } = await nixie('deploy', '--context', 'test', '--data-dir', DATA)
    expect(code).toBe(1)
    expect(err).toContain('No registry has the image localhost/nixie:')
    expect(pace.ms()).toBeLessThan(2000)
    const missing = await nixie(
      'deploy',
      '--context',
      'test',
      '--image',
      'localhost/missing:1',
      '--data-dir',
      DATA,
    )
    expect(missing.code).toBe(1)
    expect(missing.err).toContain("The image localhost/missing:1 can't be pulled")
    expect(missing.err).toContain('nixie deploy --minikube, --kind or --k3s')
    expect(pace.ms()).toBeLessThan(30_000)
  })

  test('from a clone to rows: ./install.sh --minikube, the sample, px/http_data', async () => {
    await clean()
    const clone = join(scope.dir, 'clone')
    const pace = new Pace()
    await must(['git', 'clone', '-q', root, clone])
    const { env } = place
    const installed = await run(['./install.sh', '--minikube'], { cwd: clone, env, ms: 1_200_000 })
    expect(installed.err + installed.out).toMatch(/Done in \d+ s/)
    expect(installed.code).toBe(0)
    const own = (...args: string[]) =>
      run([join(clone, 'dist/nixie'), ...args], { env: place.env, ms: 4 * PATIENCE_MS })
    expect((await own('demo', 'deploy', 'kuard', '--minikube')).code).toBe(0)
    await until('a row of kuard', async () =>
      (await inside('run', 'px/http_data', '--', '--destination_filter=kuard/')).includes('/fs/etc'),
    )
    const seconds = pace.ms() / 1000
    console.log(
      `from git clone to rows of kuard: ${seconds.toFixed(1)} s of a machine with nothing else to do`,
    )
    expect(seconds).toBeLessThan(180)
    const gone = await run(['./install.sh', '--uninstall', '--purge', '--minikube'], { cwd: clone, env })
    expect(gone.out).toMatch(/node-1: .*deleted/)
    expect(await kubectl('get', 'namespace', '-o', 'name')).not.toContain('/nixie\n')
  }, 1_800_000)

  test('deploy/Dockerfile makes the same image', async () => {
    const described = async (archive: string) => {
      const json = async (name: string) => JSON.parse(await must(['tar', '-xOf', archive, name]))
      const blob = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`
      const manifest = await json(blob((await json('index.json')).manifests[0]))
      const { config } = await json(blob(manifest.config))
      const layer = join(scope.dir, 'layer')
      await must(['sh', '-c', `tar -xOf '${archive}' ${blob(manifest.layers[0])} >'${layer}'`])
      const lines = (await must(['tar', '--numeric-owner', '-tvf', layer])).trim().split('\n')
      const files = lines
        .map((line) => line.trim().split(/\s+/))
        .map(([mode, owner, size, , , name]) => [name, mode, owner, size].join(' '))
      const { Entrypoint, Cmd, ExposedPorts } = config
      return { files: files.sort(), Entrypoint, Cmd, ExposedPorts }
    }
    const built = join(scope.dir, 'built.tar')
    await must([join(import.meta.dir, 'image.sh'), 'test.local/built:1', built], { ms: 4 * PATIENCE_MS })
    expect(await described(built)).toEqual(await described(await nixieArchive()))
  })
})
