/** `deploy`, `delete`, `demo`, `status` and a forwarded port, against an API server in memory. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClusterApi } from '../../../src/cli/cluster/api'
import { forwardPort } from '../../../src/cli/cluster/forward'
import { demoObjects, nixieObjects } from '../../../src/cli/cluster/manifests'
import { askPod } from '../../../src/cli/cluster/nixie-pods'
import { waitForRollout } from '../../../src/cli/cluster/wait'
import { localServer } from '../../../src/cli/local-server'
import { DEFAULT_SERVER } from '../../../src/cli/server'
import type { NixieError } from '../../../src/errors'
import { openUserCluster } from '../../../src/kubernetes/cluster'
import { Pace } from '../../support/pace'
import { Scope } from '../../support/scope'
import { statusOf } from '../../support/status'
import { runCli } from '../run-cli'
import { FakeCluster, type Fields, ready, running, waiting } from './fake-cluster'

let scope: Scope
let cluster: FakeCluster

beforeEach(() => {
  scope = new Scope('cluster')
  cluster = new FakeCluster(scope)
})
afterEach(() => scope.close())

const nixie = (...argv: string[]) => runCli([...argv, '--kubeconfig', cluster.kubeconfig])
const client = () => openUserCluster({ kubeconfig: cluster.kubeconfig }, {})
const target = () => ({ client: client(), api: new ClusterApi(client()), namespace: 'nixie' })

const containerOf = (path: string): Fields => {
  const { template } = cluster.objects.get(path)!.spec as { template: { spec: { containers: Fields[] } } }
  return template.spec.containers[0]!
}

const DAEMON_SET = '/apis/apps/v1/namespaces/nixie/daemonsets/nixie'
const SECRET = '/api/v1/namespaces/nixie/secrets/nixie-peer'
const NAMESPACE = '/api/v1/namespaces/nixie'

describe('deploy', () => {
  test('applies all of the manifest, the token before the pods, and waits until they are ready', async () => {
    const { code, out } = await nixie('deploy', '--image', 'test.local/nixie:1')
    expect(code).toBe(0)
    expect(out).toContain('nixie-x on node-1: ready')
    expect(out).toMatch(
      /Nixie captures on 1 node, after \d+ s\. Open it on http:\/\/127\.0\.0\.1:6494: nixie ui --kubeconfig/,
    )
    expect(cluster.writes).toEqual([
      `PATCH ${NAMESPACE}`,
      'POST /api/v1/namespaces/nixie/secrets',
      'PATCH /api/v1/namespaces/nixie/serviceaccounts/nixie',
      'PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/nixie',
      'PATCH /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/nixie',
      'PATCH /apis/scheduling.k8s.io/v1/priorityclasses/nixie',
      'PATCH /apis/networking.k8s.io/v1/namespaces/nixie/networkpolicies/nixie',
      'PATCH /api/v1/namespaces/nixie/services/nixie',
      `PATCH ${DAEMON_SET}`,
    ])
    const { template } = cluster.objects.get(DAEMON_SET)!.spec as { template: { spec: Fields } }
    expect(template.spec.containers).toMatchObject([{ image: 'test.local/nixie:1' }])
    expect((cluster.objects.get(SECRET)!.stringData as Fields).token).toMatch(/^[0-9a-f]{64}$/)
  })

  test('again changes neither the token nor who made the namespace', async () => {
    await nixie('deploy')
    const token = cluster.objects.get(SECRET)!.stringData
    expect((await nixie('deploy')).code).toBe(0)
    expect(cluster.objects.get(SECRET)!.stringData).toEqual(token)
    expect(cluster.objects.get(NAMESPACE)!.metadata.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'nixie',
    })
  })

  test('in another namespace everything is there, the rights too', async () => {
    const { code } = await nixie('deploy', '--namespace', 'watch')
    expect(code).toBe(0)
    expect(cluster.objects.has('/apis/apps/v1/namespaces/watch/daemonsets/nixie')).toBe(true)
    const binding = cluster.objects.get('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/nixie')!
    expect(binding.subjects).toMatchObject([{ namespace: 'watch' }])
    expect([...cluster.objects.keys()].filter((path) => path.includes('/nixie/'))).toEqual([])
  })

  test('--data-dir is the directory of the node', async () => {
    const { out } = await runCli(['deploy', '--dry-run', '--data-dir', '/mnt/nixie'])
    expect(out).toContain('hostPath:\n            path: /mnt/nixie\n            type: DirectoryOrCreate')
  })

  test('--data-dir is a whole path', async () => {
    const { code, err } = await nixie('deploy', '--data-dir', 'data')
    expect(code).toBe(2)
    expect(err).toContain("'data' does not begin with a slash")
    expect(cluster.writes).toEqual([])
  })

  test('--dry-run prints what would be applied, asks nobody and shows no token', async () => {
    const { code, out, err } = await runCli(['deploy', '--dry-run', '--minikube', '--privileged'])
    expect(code).toBe(0)
    const objects = Bun.YAML.parse(out) as Fields[]
    expect(objects.map(({ kind }) => kind)).toContain('DaemonSet')
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret')
    expect(out).toContain('path: /data/nixie')
    expect(out).toContain('privileged: true')
    expect(out).not.toContain('capabilities')
    expect(err).toContain('nixie-peer')
  })

  test('an image that no registry and no node has is said at once, and nothing is applied', async () => {
    cluster.nodes = [{ metadata: { name: 'node-1' }, status: { images: [{ names: ['other:1'] }] } }]
    const pace = new Pace()
    const { code, err } = await nixie('deploy')
    expect(pace.ms()).toBeLessThan(5000)
    expect(code).toBe(1)
    expect(err).toContain('No registry has the image localhost/nixie:0.1.0')
    expect(err).toContain('node-1')
    expect(err).toContain('nixie deploy --minikube, --kind or --k3s')
    expect(err).toContain('--image NAME')
    expect(cluster.writes).toEqual([])
  })

  test('a node with more images than it names may have it', async () => {
    const images = Array.from({ length: 50 }, (_, i) => ({ names: [`other:${i}`] }))
    cluster.nodes = [{ metadata: { name: 'node-1' }, status: { images } }]
    expect((await nixie('deploy')).code).toBe(0)
  })

  test('who may not is told so', async () => {
    cluster.refusals[`PATCH ${NAMESPACE}`] = 403
    const { code, err } = await nixie('deploy')
    expect(code).toBe(1)
    expect(err).toContain('forbids it: user "me" cannot PATCH')
    expect(err).toContain('kubectl auth can-i')
  })

  test('no API server, no such context, no kubeconfig', async () => {
    const env = { HOME: scope.dir }
    expect((await runCli(['deploy'], { env })).err).toContain('There is no kubeconfig')
    expect((await nixie('deploy', '--context', 'fakes')).err).toContain("Did you mean 'fake'?")
    expect((await nixie('deploy', '--minikube')).err).toContain('minikube start')
    await cluster.stop()
    expect((await nixie('deploy')).err).toContain("The API server of context 'fake'")
  })
})

describe('waiting says what is wrong', () => {
  const lines: string[] = []
  const sink = { write: async (text: string) => void lines.push(text), isTTY: false, columns: undefined }
  const io = { stdout: sink, stderr: sink, env: {}, readStdin: async () => '' }

  async function failure(reasonOf?: () => Promise<string>): Promise<NixieError['shape']> {
    const api = new ClusterApi(client())
    const objects = nixieObjects({ namespace: 'nixie' })
    for (const object of objects) await api.apply(object)
    const timing = { timeoutMs: 2000, pollMs: 5, patienceMs: 30 }
    const waits = waitForRollout({
      api,
      objects,
      io: io as never,
      ...timing,
      ...(reasonOf ? { reasonOf } : {}),
    })
    return waits.then(
      () => expect.unreachable('it came up'),
      (cause) => (cause as NixieError).shape,
    )
  }

  test.each([
    [
      'ImagePullBackOff',
      'no such host',
      "localhost/nixie:0.1.0 can't be pulled: no such host",
      'nixie deploy --minikube, --kind or --k3s',
    ],
    ['ErrImageNeverPull', '', 'does not have the image', 'nixie deploy --minikube, --kind or --k3s'],
    ['InvalidImageName', '', "is no image's name", '--image'],
    ['RunContainerError', 'unable to apply caps', 'unable to apply caps', '--privileged'],
  ])('%s', async (reason, said, message, hint) => {
    cluster.pod = () => waiting(reason, said)
    const shape = await failure()
    expect(shape.message).toContain('nixie-x on node-1')
    expect(shape.message).toContain(message)
    expect(shape.hint).toContain(hint)
  })

  test('a volume that is not there', async () => {
    cluster.pod = () => waiting('ContainerCreating')
    const event = { type: 'Warning', reason: 'FailedMount', message: 'secret "x" not found' }
    cluster.events = [{ ...event, involvedObject: { uid: 'nixie-x' } }]
    expect((await failure()).message).toContain('secret "x" not found')
  })

  test('a node without BTF, in the words of the pod', async () => {
    cluster.pod = () => running
    const shape = await failure(async () => '/sys/kernel/btf/vmlinux is missing')
    expect(shape.message).toContain('btf/vmlinux is missing')
    expect(shape.hint).toContain('CONFIG_DEBUG_INFO_BTF')
  })

  test('a program that ends again and again, with its last words', async () => {
    cluster.pod = () => waiting('CrashLoopBackOff')
    cluster.logs = 'error: no disk\n'
    expect((await failure()).message).toContain('ends again and again: no disk')
  })

  test('its last words with a hint: that is shown, not ours', async () => {
    cluster.pod = () => waiting('CrashLoopBackOff')
    cluster.logs = 'nixie: 1.2\nerror: The store has format 4; not permitted\nhint: Run a newer Nixie.\n'
    const { message, hint } = await failure()
    expect(message).toEndWith('ends again and again: The store has format 4; not permitted')
    expect(hint).toBe('Run a newer Nixie.')
    cluster.logs = 'one\ntwo\n'
    expect((await failure()).message).toEndWith(': one; two')
  })

  test('how to go back, when what ran before was replaced', async () => {
    cluster.pod = () => waiting('ErrImageNeverPull')
    const again = 'kubectl --context fake -n nixie rollout undo daemonset/nixie'
    const first = await nixie('deploy', '--timeout', '1')
    expect(first.code).toBe(1)
    expect(first.err).not.toContain(again)
    const second = await nixie('deploy', '--timeout', '1')
    expect(second.code).toBe(1)
    expect(second.err).toContain(again)
  })

  test('a pod that no node takes', async () => {
    cluster.pod = () => ({
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: Insufficient memory' }],
    })
    expect((await failure()).message).toContain('Insufficient memory')
  })

  test('nodes: none, none ready', async () => {
    cluster.scheduled = 0
    cluster.nodes = []
    expect((await failure()).message).toContain('The cluster has no nodes')
    const conditions = [{ type: 'Ready', status: 'False', message: 'no network plugin' }]
    cluster.nodes = [{ metadata: { name: 'n1' }, status: { conditions } }]
    expect((await failure()).message).toContain('No node is ready: n1 (no network plugin)')
  })

  test('a cluster that lets no pod be made', async () => {
    cluster.scheduled = 0
    const message = 'violates PodSecurity "restricted"'
    cluster.events = [{ type: 'Warning', reason: 'FailedCreate', message, involvedObject: { uid: 'nixie' } }]
    expect((await failure()).message).toContain(message)
  })

  test('the end of the time, with what is still going on', async () => {
    cluster.pod = () => waiting('ContainerCreating')
    cluster.events = [{ type: 'Normal', reason: 'Pulling', involvedObject: { uid: 'nixie-x' } }]
    const { code, err } = await nixie('deploy', '--timeout', '1')
    expect(code).toBe(1)
    expect(err).toContain('nixie-x on node-1 is not ready after 1 s: pulling the image')
  })

  test('a program that was ended for its memory', async () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled' }
    const state = { waiting: { reason: 'CrashLoopBackOff' } }
    const containerStatuses = [{ ready: false, restartCount: 4, state, lastState: { terminated } }]
    cluster.pod = () => ({ phase: 'Running', containerStatuses })
    expect((await failure()).message).toContain('it used more memory than its limit, exit code 137')
  })

  test('what was wrong before may have been put right; what is wrong now ends it at once', async () => {
    let looks = 0
    cluster.pod = () => (looks++ < 6 ? waiting('ErrImageNeverPull') : ready)
    const api = new ClusterApi(client())
    const objects = nixieObjects({ namespace: 'nixie' })
    for (const object of objects) await api.apply(object)
    const timing = { timeoutMs: 60_000, pollMs: 5, patienceMs: 30_000 }
    await waitForRollout({ api, objects, io: io as never, ...timing })
    looks = 0
    cluster.pod = () => (looks++ < 3 ? waiting('ContainerCreating') : waiting('ErrImageNeverPull'))
    const pace = new Pace()
    await expect(waitForRollout({ api, objects, io: io as never, ...timing })).rejects.toThrow(
      'The node does not have the image',
    )
    expect(pace.ms()).toBeLessThan(5000)
  })

  test('pods of an older image are on their way out, whatever is wrong with them', async () => {
    const api = new ClusterApi(client())
    const objects = nixieObjects({ namespace: 'nixie' })
    for (const object of objects) await api.apply(object)
    let looks = 0
    cluster.pod = () => (looks++ < 4 ? waiting('InvalidImageName') : ready)
    cluster.podImage = 'localhost/nixie:0.0.9'
    lines.length = 0
    await waitForRollout({ api, objects, io: io as never, timeoutMs: 2000, pollMs: 5, patienceMs: 10 })
    expect(lines.join('')).toContain('waiting for its replacement')
  })

  test('what passes is shown and forgiven', async () => {
    let looks = 0
    cluster.pod = () => (looks++ < 6 ? waiting('ErrImagePull', 'once') : ready)
    const objects = demoObjects('kuard', { name: 'test.local/nixie:1', pull: 'IfNotPresent' })
    const api = new ClusterApi(client())
    for (const object of objects) await api.apply(object)
    lines.length = 0
    await waitForRollout({ api, objects, io: io as never, timeoutMs: 2000, pollMs: 5, patienceMs: 1000 })
    expect(lines.join('')).toContain('once')
    expect(lines.at(-1)).toContain('ready')
  })
})

describe('demo', () => {
  test('deploy and delete', async () => {
    const { code, out } = await nixie('demo', 'deploy', 'kuard', '--image', 'test.local/nixie:1')
    expect(code).toBe(0)
    expect(out).toContain('kuard runs')
    expect(containerOf('/apis/apps/v1/namespaces/kuard/deployments/client')).toMatchObject({
      image: 'test.local/nixie:1',
      imagePullPolicy: 'IfNotPresent',
      args: ['sample', 'load', '5', 'http://kuard/', 'http://kuard/env', 'http://kuard/fs/etc'],
    })
    expect((await nixie('demo', 'delete', 'kuard')).code).toBe(0)
    expect([...cluster.objects.keys()]).toEqual([])
  })

  test("runs from the image of the cluster's Nixie, and without one says so at once", async () => {
    const before = await nixie('demo', 'deploy', 'kuard')
    expect(before.code).toBe(1)
    expect(before.err).toContain('no Nixie runs in this cluster')
    expect(cluster.writes).toEqual([])
    await nixie('deploy', '--image', 'test.local/nixie:7', '--namespace', 'watch')
    expect((await nixie('demo', 'deploy', 'shop')).code).toBe(0)
    const image = { image: 'test.local/nixie:7', imagePullPolicy: 'IfNotPresent' }
    expect(containerOf('/apis/apps/v1/namespaces/shop/deployments/front')).toMatchObject(image)
  })

  test('a name that is none', async () => {
    const { code, err } = await runCli(['demo', 'deploy', 'kuart'])
    expect(code).toBe(2)
    expect(err).toContain("Did you mean 'kuard'?")
  })
})

/** A pod's Nixie. */
function podServer(answer: (path: string) => Response): void {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => answer(new URL(url).pathname),
  })
  scope.defer(() => server.stop(true))
  cluster.target = server.port!
}

describe('status', () => {
  test('a line per node, asked through its pod', async () => {
    await nixie('deploy')
    podServer(() => Response.json(statusOf()))
    const { code, out, err } = await nixie('status')
    expect(err).toBe('')
    expect(out).toContain('Context fake, namespace nixie: 1 of 1 nodes capture')
    expect(out).toMatch(/node-1\s+nixie-x\s+capturing/)
    expect(code).toBe(0)
    const json = JSON.parse((await nixie('status', '-o', 'json')).out)
    expect(json.nodes[0]).toMatchObject({ node: 'node-1', pod: 'nixie-x', status: { ready: true } })
  })

  test('a pod that does not run: what is wrong with it', async () => {
    await nixie('deploy')
    cluster.pod = () => waiting('ImagePullBackOff', 'no such host')
    const { code, out } = await nixie('status')
    expect(code).toBe(1)
    expect(out).toContain('0 of 1 nodes capture')
    expect(out).toContain('no such host')
  })

  test('no Nixie there', async () => {
    const { code, err } = await nixie('status')
    expect(code).toBe(1)
    expect(err).toContain("No Nixie runs in namespace 'nixie' of context 'fake'")
  })
})

describe('a forwarded port', () => {
  test('carries large answers whole, on several connections at once', async () => {
    const body = 'x'.repeat(5_000_000)
    podServer((path) => new Response(body + path))
    const forward = forwardPort({ target: target(), pod: () => 'nixie-x', port: 6494 })
    scope.defer(forward.close)
    const answers = await Promise.all(
      ['/a', '/b', '/c'].map(async (path) => (await fetch(forward.url + path)).text()),
    )
    expect(answers.map((text) => text.length)).toEqual([5_000_002, 5_000_002, 5_000_002])
    expect(answers.map((text) => text.slice(-2))).toEqual(['/a', '/b', '/c'])
  })

  const curlAs = async (uid: number, url: string) => {
    const command = [
      'setpriv',
      `--reuid=${uid}`,
      '--clear-groups',
      'curl',
      '-s',
      '--noproxy',
      '*',
      '-m',
      '5',
      url,
    ]
    return new Response(Bun.spawn(command, { stdout: 'pipe' }).stdout).text()
  }

  test.skipIf(process.getuid!() !== 0)('is not for other accounts of this machine (needs root)', async () => {
    let asked = 0
    podServer(() => new Response(String(++asked)))
    const forward = forwardPort({ target: target(), pod: () => 'nixie-x', port: 6494 })
    scope.defer(forward.close)
    expect(await curlAs(0, forward.url)).toBe('1')
    expect(JSON.parse(await curlAs(65534, forward.url)).error).toMatchObject({ code: 'forbidden' })
    expect(asked).toBe(1)
  })

  test('a pod that does not listen is an error with its words', async () => {
    cluster.target = 1
    await expect(askPod(target(), 'nixie-x', '/readyz')).rejects.toThrow(
      /nixie-x does not answer on port 6494/,
    )
  })
})

describe('without an option', async () => {
  const env = { HOME: '/nowhere', KUBECONFIG: '' }

  test.skipIf(await localServer(DEFAULT_SERVER))(
    'status is of the cluster when no Nixie answers here and there is a kubeconfig',
    async () => {
      const { err } = await runCli(['status'], { env: { ...env, KUBECONFIG: cluster.kubeconfig } })
      expect(err).toContain("context 'fake'")
    },
  )

  test('a server that is named is asked, whatever the kubeconfig', async () => {
    const { err } = await runCli(['status', '--server', 'http://127.0.0.1:1'], {
      env: { ...env, KUBECONFIG: cluster.kubeconfig },
    })
    expect(err).toContain('No Nixie answers at http://127.0.0.1:1')
  })

  test('ui says what there is to do when there is neither', async () => {
    const { code, err } = await runCli(['ui', '--port', '0'], { env })
    expect(code).toBe(1)
    expect(err).toContain('there is no kubeconfig')
  })

  test('kubeconfigs are merged as kubectl does', async () => {
    const other = join(scope.dir, 'other')
    writeFileSync(other, JSON.stringify({ apiVersion: 'v1', kind: 'Config', contexts: [], clusters: [] }))
    const KUBECONFIG = `${other}:${join(scope.dir, 'missing')}:${cluster.kubeconfig}`
    const { err } = await runCli(['status', '--context', 'fake'], { env: { ...env, KUBECONFIG } })
    expect(err).toContain("context 'fake'")
  })
})
