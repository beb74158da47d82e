/** `nixie delete`, against an API server in memory. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Scope } from '../../support/scope'
import { runCli } from '../run-cli'
import { FakeCluster, waiting } from './fake-cluster'

let scope: Scope
let cluster: FakeCluster

beforeEach(() => {
  scope = new Scope('delete')
  cluster = new FakeCluster(scope)
})
afterEach(() => scope.close())

const nixie = (...argv: string[]) => runCli([...argv, '--kubeconfig', cluster.kubeconfig])

const DAEMON_SET = '/apis/apps/v1/namespaces/nixie/daemonsets/nixie'
const NAMESPACE = '/api/v1/namespaces/nixie'

describe('delete', () => {
  test('takes away what deploy made, with the namespace', async () => {
    await nixie('deploy')
    const { code, out } = await nixie('delete')
    expect(code).toBe(0)
    expect([...cluster.objects.keys()]).toEqual([])
    expect(out).toContain('--purge deletes it too')
  })

  test('leaves a namespace that was there before', async () => {
    cluster.objects.set(NAMESPACE, { kind: 'Namespace', metadata: { name: 'nixie' } })
    await nixie('deploy')
    const { out } = await nixie('delete')
    expect(out).toContain("Namespace nixie stays: 'nixie deploy' did not make it")
    expect([...cluster.objects.keys()]).toEqual([NAMESPACE])
  })

  test('--purge: a pod on each node deletes what was captured, once nobody writes it any more', async () => {
    await nixie('deploy', '--image', 'test.local/nixie:1')
    cluster.logs = '/var/lib/nixie: 3.0 MiB deleted'
    cluster.writes.length = 0
    const { code, out } = await nixie('delete', '--purge')
    expect(code).toBe(0)
    expect(out).toContain('node-1: /var/lib/nixie: 3.0 MiB deleted')
    expect(cluster.writes[0]).toBe(`DELETE ${DAEMON_SET}`)
    const [pod] = cluster.made.filter(({ kind }) => kind === 'Pod')
    expect(pod!.spec).toMatchObject({
      nodeName: 'node-1',
      containers: [{ image: 'test.local/nixie:1', args: ['store', 'clear', '--data-dir', '/var/lib/nixie'] }],
      volumes: [{ name: 'data', hostPath: { path: '/var/lib/nixie' } }],
    })
    expect([...cluster.objects.keys()]).toEqual([])
  })

  test('--purge says the directory of the node, not that of the pod', async () => {
    await nixie('deploy', '--image', 'test.local/nixie:1', '--data-dir', '/mnt/n')
    cluster.logs = '/var/lib/nixie: 3.0 MiB deleted'
    expect((await nixie('delete', '--purge')).out).toContain('node-1: /mnt/n: 3.0 MiB deleted')
  })

  test.each([
    ["can't be pulled", () => waiting('ImagePullBackOff', 'no such host'), "can't be pulled: no such host"],
    ['fails', () => ({ phase: 'Failed' }), 'node-1: Another Nixie writes there'],
    ['never begins', () => waiting('ContainerCreating'), 'is not ready after 1 s: creating the container'],
  ])('--purge with a pod that %s: it is said, and neither the pod nor Nixie stays', async (_, pod, words) => {
    await nixie('deploy', '--image', 'test.local/nixie:1')
    cluster.logs = 'error: Another Nixie writes there\nhint: Stop it.\n'
    cluster.ownPod = pod
    const { code, err } = await nixie('delete', '--purge', '--timeout', '1')
    expect(code).toBe(1)
    expect(err).toContain('What was captured stays on node-1, in /var/lib/nixie')
    expect(err).toContain(words)
    expect([...cluster.objects.keys()]).toEqual([])
  })

  test('--purge shows what the pods do meanwhile', async () => {
    await nixie('deploy', '--image', 'test.local/nixie:1')
    let looks = 0
    cluster.ownPod = () => (looks++ < 2 ? waiting('ContainerCreating') : { phase: 'Succeeded' })
    const { code, out } = await nixie('delete', '--purge')
    expect(code).toBe(0)
    expect(out).toContain('  node-1: creating the container')
  })

  test.each([[['delete']], [['delete', '--purge']]])(
    '%p takes away the purge pod of an earlier run',
    async (argv) => {
      await nixie('deploy')
      const pod = '/api/v1/namespaces/nixie/pods/nixie-purge-0123456789'
      const metadata = { name: 'nixie-purge-0123456789', namespace: 'nixie' }
      cluster.objects.set(pod, { kind: 'Pod', metadata })
      expect((await nixie(...argv)).code).toBe(0)
      expect([...cluster.objects.keys()]).toEqual([])
    },
  )

  test('nothing there is no error', async () => {
    const { code, out } = await nixie('delete')
    expect(code).toBe(0)
    expect(out).toContain('Nothing of Nixie was there.')
  })
})
