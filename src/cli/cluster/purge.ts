/** What was captured lies on the nodes: a pod on each deletes it, with Nixie's own image. */
import { createHash } from 'node:crypto'
import { NixieError } from '../../errors'
import { type Io, printable } from '../io'
import { type ClusterApi, type KubeObject, pathOf } from './api'
import { nixieObjects } from './manifests'
import { type PodObject, podState } from './pods'

const POLL_MS = 500
const DATA = 'data'

interface Template {
  readonly containers: readonly {
    readonly image: string
    readonly imagePullPolicy?: string
    readonly securityContext?: object
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  }[]
  readonly volumes: readonly { readonly name: string }[]
}

interface PurgeOptions {
  readonly api: ClusterApi
  readonly namespace: string
  readonly io: Io
  readonly timeoutMs: number
}

/** As the DaemonSet's pod, with its data directory alone. */
function purgePod(daemonSet: KubeObject, node: string): KubeObject {
  const { template } = daemonSet.spec as { template: { spec: Template } }
  const { image, imagePullPolicy, volumeMounts } = template.spec.containers[0]!
  const mounts = volumeMounts.filter(({ name }) => name === DATA)
  const { namespace } = daemonSet.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `nixie-purge-${createHash('sha256').update(node).digest('hex').slice(0, 10)}`,
      namespace: namespace!,
    },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'purge',
          image,
          ...(imagePullPolicy ? { imagePullPolicy } : {}),
          args: ['store', 'clear', '--data-dir', mounts[0]!.mountPath],
          securityContext: { runAsUser: 0, readOnlyRootFilesystem: true },
          volumeMounts: mounts,
        },
      ],
      volumes: template.spec.volumes.filter(({ name }) => name === DATA),
    },
  }
}

/** Ends Nixie's pods, then deletes what each node keeps. */
export async function purgeNodes({ api, namespace, io, timeoutMs }: PurgeOptions): Promise<void> {
  const declared = nixieObjects({ namespace }).find(({ kind }) => kind === 'DaemonSet')!
  const daemonSet = await api.find<KubeObject>(pathOf(declared))
  if (!daemonSet) {
    throw new NixieError(
      'not_found',
      `There is no Nixie in namespace '${namespace}', so nothing tells which nodes keep data`,
      "Run 'nixie deploy' once more and then 'nixie delete --purge', or delete the directory on the nodes.",
    )
  }
  const end = performance.now() + timeoutMs
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const selector = encodeURIComponent('app.kubernetes.io/name=nixie')
  const own = async () => (await api.get<{ items: PodObject[] }>(`${pods}?labelSelector=${selector}`)).items
  const nodes = new Set((await own()).flatMap(({ spec }) => (spec.nodeName ? [spec.nodeName] : [])))
  await api.remove(daemonSet)
  await waitFor('the pods of Nixie to end', end, async () =>
    (await own()).length === 0 ? '' : 'they still run',
  )
  for (const node of nodes) {
    const pod = purgePod({ ...daemonSet, metadata: { ...daemonSet.metadata, namespace } }, node)
    await api.remove(pod)
    await waitFor(`the last one of ${node}`, end, async () =>
      (await api.find(pathOf(pod))) ? 'it is there' : '',
    )
    await api.create(pod)
  }
  for (const node of nodes) {
    const pod = purgePod({ ...daemonSet, metadata: { ...daemonSet.metadata, namespace } }, node)
    await waitFor(`the data on ${node} to be deleted`, end, async () => {
      const now = await api.get<PodObject>(pathOf(pod))
      if (now.status?.phase === 'Succeeded') return ''
      const { problem, doing } = podState(now)
      return problem?.message ?? doing
    })
    const said = await api.text(`${pods}/${pod.metadata.name}/log`).catch(() => '')
    await io.stdout.write(`${printable(node)}: ${printable(said.trim() || 'data deleted')}\n`)
    await api.remove(pod)
  }
}

/** `missing`: what is still missing, '' when nothing is. */
async function waitFor(what: string, end: number, missing: () => Promise<string>): Promise<void> {
  for (;;) {
    const words = await missing()
    if (words === '') return
    if (performance.now() > end) {
      throw new NixieError('deadline_exceeded', `Waited too long for ${what}: ${words}`, 'Run it once more.')
    }
    await Bun.sleep(POLL_MS)
  }
}
