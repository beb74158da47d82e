/** The manifests, judged by a real API server: every form of them is valid, and the pod may only read. */
import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRoot, root } from '../support/nixie'
import { apply, deployNixie, kubectl, must, useCluster } from './support'

const dryRun = (manifest: string) =>
  must(['kubectl', 'apply', '--dry-run=server', '--validate=strict', '-f', '-'], { input: manifest })

interface Manifest {
  readonly kind: string
}

const parse = (text: string) =>
  (Bun.YAML.parse(text) as (Manifest | null)[]).filter((object): object is Manifest => object !== null)
const byKind = (text: string) =>
  Object.fromEntries(parse(text).map((object) => [object.kind, object] as const))

describe.skipIf(!isRoot)('manifests (needs root)', () => {
  useCluster()
  let helm = ''
  beforeAll(async () => {
    helm = join((await must([join(import.meta.dir, 'helm.sh')], { ms: 15 * 60_000 })).trim(), 'helm')
    await deployNixie()
  }, 17 * 60_000)

  const chart = (...args: string[]) =>
    must([
      ...[helm, 'template', 'nixie', 'deploy/chart', '--namespace', 'nixie', '--kube-version', '1.34.0'],
      ...args,
    ])

  test('the base makes deploy/nixie.yaml', async () => {
    const built = byKind(await kubectl('kustomize', join(root, 'deploy/kustomize/base')))
    expect(built).toEqual(byKind(await Bun.file(join(root, 'deploy/nixie.yaml')).text()))
  })

  test.each(['base', 'minikube', 'k3s', 'privileged'])('the overlay %s is valid', async (name) => {
    const out = await dryRun(await kubectl('kustomize', join(root, 'deploy/kustomize', name)))
    expect(out).toContain('daemonset.apps/nixie configured')
  })

  test('the chart makes what deploy/nixie.yaml has, but for the namespace', async () => {
    expect(await must([helm, 'lint', 'deploy/chart'])).toContain('0 chart(s) failed')
    const { Namespace: _, ...expected } = byKind(await Bun.file(join(root, 'deploy/nixie.yaml')).text())
    expect(byKind(await chart())).toEqual(expected)
  })

  test('what the chart makes with every value set is valid', async () => {
    const values = [
      ...['image.repository=test.local/nixie', 'image.tag=1', 'clusterName=home', 'dataDir=/data/nixie'],
      ...['privileged=true', 'priorityClassName=system-node-critical', 'imagePullSecrets[0].name=registry'],
      ...['peerSecret=other', 'env[0].name=NIXIE_DISK_BUDGET', 'env[0].value=512M'],
      'redactExtra={customer-no,*badge*}',
    ]
    const text = await chart('--set', values.join(','))
    expect(await dryRun(text)).toContain('daemonset.apps/nixie configured')
    for (const value of [
      'test.local/nixie:1',
      '/data/nixie',
      'privileged: true',
      'registry',
      '512M',
      '"customer-no,*badge*"',
    ]) {
      expect(text).toContain(value)
    }
  })

  test.each(['kuard', 'shop'])('the sample %s is valid', async (name) => {
    const path = join(root, `deploy/demo/${name}.yaml`)
    await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
    expect(await kubectl('apply', '--dry-run=server', '--validate=strict', '-f', path)).toContain('created')
    await kubectl('delete', 'namespace', name)
  })

  test('the service account can do nothing but list and watch', async () => {
    const as = '--as=system:serviceaccount:nixie:nixie'
    const lines = (await kubectl('auth', 'can-i', '--list', '--no-headers', as)).trim().split('\n')
    const rights = lines
      .map((line) => /^([^\s[]*)\s*\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$/.exec(line.trim())!)
      .filter(([, resource]) => resource !== '')
    // Every account may ask who it is and what it may do.
    const own = rights.filter(
      ([, resource]) => !/^self\w+\.(authorization|authentication)\.k8s\.io$/.test(resource!),
    )
    expect(own.map(([, resource]) => resource).sort()).toEqual(
      [
        ...['namespaces', 'nodes', 'pods', 'services', 'endpointslices.discovery.k8s.io'],
        ...['daemonsets', 'deployments', 'replicasets', 'statefulsets'].map((name) => `${name}.apps`),
        ...['cronjobs', 'jobs'].map((name) => `${name}.batch`),
      ].sort(),
    )
    for (const [, , , , verbs] of own) expect(verbs).toBe('list watch')
  })

  test('the peers of another pod get no answer without a token', async () => {
    const ip = await kubectl('-n', 'nixie', 'get', 'pods', '-o', 'jsonpath={.items[0].status.podIP}')
    const ask = async (path: string) => (await fetch(`http://${ip}:6495${path}`)).status
    expect([await ask('/healthz'), await ask('/readyz'), await ask('/api/status'), await ask('/')]).toEqual([
      200, 200, 401, 401,
    ])
    await expect(fetch(`http://${ip}:6494/healthz`)).rejects.toThrow()
  })
})
