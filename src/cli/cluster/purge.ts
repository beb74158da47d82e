/** Deletes the captured data on the nodes: a pod with Nixie's own image does it on each node. */
import { createHash } from 'node:crypto'
import { NixieError } from '../../errors'
import { withCleanUp } from '../clean-up'
import { type Io, printable } from '../io'
import { type ClusterApi, type KubeObject, pathOf } from './api'
import { lastWords } from './last-words'
import { nixieObjects } from './manifests'
import { late, Patience } from './patience'
import { type EventObject, type PodObject, type PodState, podState } from './pods'

const POLL_MS = 500
const DATA = 'data'
const NAME_PREFIX = 'nixie-purge-'
/** A pod that has to end gets this long. */
const POD_END_MS = 40_000

interface Template {
  readonly containers: readonly {
    readonly image: string
    readonly imagePullPolicy?: string
    readonly securityContext?: object
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  }[]
  readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[]
}

interface PurgeOptions {
  readonly api: ClusterApi
  readonly namespace: string
  readonly io: Io
  readonly timeoutMs: number
}

const templateOf = ({ spec }: KubeObject): Template =>
  (spec as { template: { spec: Template } }).template.spec

const hostPathOf = ({ volumes }: Template): string =>
  volumes.find(({ name }) => name === DATA)?.hostPath?.path ?? 'its data directory'

/**
 * A pod like the DaemonSet's, with only its data directory. The cluster ends it after a time, if this program no longer
 * waits for it.
 */
function purgePod(daemonSet: KubeObject, namespace: string, node: string, timeoutMs: number): KubeObject {
  const { containers, volumes } = templateOf(daemonSet)
  const { image, imagePullPolicy, volumeMounts } = containers[0]!
  const mounts = volumeMounts.filter(({ name }) => name === DATA)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${NAME_PREFIX}${createHash('sha256').update(node).digest('hex').slice(0, 10)}`,
      namespace,
    },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      activeDeadlineSeconds: Math.ceil(timeoutMs / 1000),
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
      volumes: volumes.filter(({ name }) => name === DATA),
    },
  }
}

const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

/** Deletes purge pods, also those of an earlier run. Otherwise the namespace could not be deleted. */
export async function removePurgePods(api: ClusterApi, namespace: string): Promise<void> {
  const left = async () =>
    (await api.get<{ items: PodObject[] }>(podsOf(namespace))).items.filter(({ metadata }) =>
      metadata.name.startsWith(NAME_PREFIX),
    )
  for (const { metadata } of await left()) {
    await api.remove({ apiVersion: 'v1', kind: 'Pod', metadata: { name: metadata.name, namespace } })
  }
  const end = performance.now() + POD_END_MS
  while (performance.now() < end && (await left()).length > 0) await Bun.sleep(POLL_MS)
}

/**
 * Ends Nixie's pods, then deletes the data on each node. Purge pods are removed even when it fails.
 *
 * @throws NixieError with the first node whose data could not be deleted
 */
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
  const nodes = await endPods(api, { ...daemonSet, metadata: { ...daemonSet.metadata, namespace } }, io, end)
  const left = new Map(nodes.map((node) => [node, purgePod(daemonSet, namespace, node, timeoutMs)]))
  const directory = hostPathOf(templateOf(daemonSet))
  const work = async () => {
    for (const pod of left.values()) await api.create(pod)
    await waitForPurge({ api, namespace, io, timeoutMs }, left, end)
  }
  try {
    await withCleanUp(() => removePurgePods(api, namespace), work)
  } catch (cause) {
    const { code, message, hint } = NixieError.from(cause).shape
    const kept = `What was captured stays on ${[...left.keys()].join(', ')}, in ${directory}: ${message}`
    const remedy = `Delete the directory there by hand; or 'nixie deploy' with an image that runs, then 'nixie delete --purge'.`
    throw new NixieError(code, kept, `${hint} ${remedy}`.trim())
  }
}

/** Deletes the DaemonSet and waits until its pods have ended. @returns the nodes that its pods were on */
async function endPods(
  api: ClusterApi,
  daemonSet: KubeObject,
  io: Io,
  end: number,
): Promise<readonly string[]> {
  const namespace = daemonSet.metadata.namespace!
  const selector = encodeURIComponent('app.kubernetes.io/name=nixie')
  const own = async () =>
    (await api.get<{ items: PodObject[] }>(`${podsOf(namespace)}?labelSelector=${selector}`)).items
  const nodes = new Set((await own()).flatMap(({ spec }) => (spec.nodeName ? [spec.nodeName] : [])))
  await api.remove(daemonSet)
  await io.stdout.write(
    'Waiting for the pods of Nixie to end, then for a pod on each node that deletes the data:\n',
  )
  for (;;) {
    const pods = await own()
    if (pods.length === 0) return [...nodes]
    if (performance.now() > end) {
      const names = pods.map(({ metadata }) => metadata.name).join(', ')
      const hint = `See what keeps them: kubectl -n ${namespace} describe pod. Then run it once more.`
      throw new NixieError('deadline_exceeded', `Pods of Nixie do not end: ${names}`, hint)
    }
    await Bun.sleep(POLL_MS)
  }
}

/** Shows the state of each pod until all have finished. Removes the finished nodes from `left`. */
async function waitForPurge(
  { api, namespace, io, timeoutMs }: PurgeOptions,
  left: Map<string, KubeObject>,
  end: number,
): Promise<void> {
  const patience = new Patience(io)
  for (;;) {
    const { items: events } = await api.get<{ items: EventObject[] }>(
      `/api/v1/namespaces/${namespace}/events?limit=500`,
    )
    const states = new Map<string, PodState>()
    for (const [node, pod] of left) {
      const now = await api.get<PodObject>(pathOf(pod))
      const { phase } = now.status ?? {}
      const said = async () => (await api.text(`${pathOf(pod)}/log`).catch(() => '')).trim()
      if (phase === 'Succeeded') {
        await io.stdout.write(
          `${printable(node)}: ${printable(onNode(await said(), pod) || 'data deleted')}\n`,
        )
        left.delete(node)
      } else if (phase === 'Failed') {
        throw new NixieError('unavailable', `${node}: ${lastWords(await said()).reason || 'its pod failed'}`)
      } else states.set(node, stateOf(now, events))
    }
    await patience.show(states)
    if (left.size === 0) return
    patience.judge(states, false)
    if (performance.now() >= end) {
      const [node, { doing, problem }] = [...states][0]!
      throw late(node, { message: problem?.message ?? doing, hint: 'Wait longer: --timeout.' }, timeoutMs)
    }
    await Bun.sleep(POLL_MS)
  }
}

function stateOf(pod: PodObject, events: readonly EventObject[]): PodState {
  const own = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid)
  const state = podState(pod, own)
  if (state.ready || state.ask === 'readiness') return { ready: false, doing: 'deleting' }
  // The pod runs once; its phase says how it ended.
  return state.ask === 'log' ? { ready: false, doing: 'ending' } : state
}

/** The path of the data directory on the node. Inside the pod it is another one. */
function onNode(said: string, pod: KubeObject): string {
  const spec = pod.spec as Template
  const inside = spec.containers[0]!.volumeMounts[0]!.mountPath
  return said.startsWith(`${inside}: `) ? `${hostPathOf(spec)}${said.slice(inside.length)}` : said
}
