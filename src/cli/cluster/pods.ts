/** What a pod is doing, and what keeps it from being ready, in words. */

export interface PodObject {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
  }
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image?: string }[] }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

interface ContainerStatus {
  readonly ready: boolean
  readonly restartCount: number
  readonly image?: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt?: string }
    readonly terminated?: Terminated
  }
  readonly lastState?: { readonly terminated?: Terminated }
}

interface Terminated {
  readonly exitCode: number
  readonly reason?: string
}

export interface EventObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly involvedObject: { readonly uid?: string; readonly name?: string; readonly kind?: string }
}

export interface Problem {
  readonly message: string
  readonly hint: string
  /**
   * Waiting won't fix this problem. Others may go away: a missing object may be made, a program may start at the second
   * try.
   */
  readonly final?: boolean
}

export interface PodState {
  readonly ready: boolean
  /** `pulling the image`, `starting`, `ready` */
  readonly doing: string
  /** What keeps the pod from being ready. */
  readonly problem?: Problem
  /** Only the program itself can say more, by its readiness or the end of its log. */
  readonly ask?: 'readiness' | 'log'
}

const LOADING = 'nixie deploy --minikube, --kind or --k3s brings one to the nodes'

const PULL_HINT = (image: string) =>
  image.startsWith('localhost/')
    ? `No registry has such an image: ${LOADING}. One that the nodes can pull: --image NAME.`
    : `Is the name right (--image), and may the node pull it? Without a registry: ${LOADING}.`

const WAITING: Readonly<Record<string, (image: string) => Problem>> = {
  ErrImageNeverPull: (image) => ({
    message: `The node does not have the image ${image}`,
    hint: PULL_HINT(image),
    final: true,
  }),
  ImagePullBackOff: (image) => ({
    message: `The image ${image} can't be pulled`,
    hint: PULL_HINT(image),
    final: true,
  }),
  ErrImagePull: (image) => ({
    message: `The image ${image} can't be pulled`,
    hint: PULL_HINT(image),
    // A pull from there never succeeds; from another registry it may at the second try.
    final: image.startsWith('localhost/'),
  }),
  InvalidImageName: (image) => ({
    message: `'${image}' is no image's name`,
    hint: 'Name one with --image: HOST/NAME:TAG.',
    final: true,
  }),
  ImageInspectError: (image) => ({
    message: `The image ${image} can't be read`,
    hint: "It is damaged on the node: remove it there, and run 'nixie deploy' again.",
    final: true,
  }),
  CreateContainerConfigError: () => ({
    message: "The container can't be configured",
    hint: 'What it names is not in the namespace: kubectl describe pod.',
  }),
  CreateContainerError: () => ({
    message: "The container can't be created",
    hint: 'The node says why: kubectl describe pod.',
  }),
  RunContainerError: () => ({
    message: "The container can't be started",
    hint: 'When it is about a capability, deploy with --privileged.',
  }),
}

/** `events`: the pod's own, the oldest first. */
export function podState(pod: PodObject, events: readonly EventObject[] = []): PodState {
  const { status = {}, metadata, spec } = pod
  if (metadata.deletionTimestamp) return { ready: false, doing: 'ending' }
  const condition = (type: string) => status.conditions?.find((known) => known.type === type)
  if (condition('Ready')?.status === 'True') return { ready: true, doing: 'ready' }
  const scheduled = condition('PodScheduled')
  if (scheduled?.status === 'False') return unschedulable(scheduled)
  if (status.phase === 'Failed') {
    const message = `The pod failed: ${status.message ?? status.reason ?? 'no reason is given'}`
    return { ready: false, doing: 'failed', problem: { message, hint: 'See: kubectl describe pod.' } }
  }
  const container = status.containerStatuses?.find(({ ready }) => !ready)
  const state = container?.state
  if (state?.waiting) return waiting(state.waiting, container!, spec.containers[0]?.image ?? '', events)
  if (state?.terminated) return ended(container!)
  if (state?.running) return { ready: false, doing: 'starting', ask: 'readiness' }
  return { ready: false, doing: spec.nodeName ? 'creating the container' : 'waiting for a node' }
}

function unschedulable({ message = '' }: Condition): PodState {
  const problem = {
    message: `No node takes the pod: ${message}`,
    hint: 'Make room, or see what keeps it away: kubectl describe nodes.',
  }
  return { ready: false, doing: 'waiting for a node', problem }
}

/** Events about what a container needs before it exists. Problems with its image are in its own state. */
const CREATION = /^Failed(Mount|AttachVolume|CreatePodSandBox|CreatePodContainer)/

function waiting(
  { reason = '', message = '' }: { readonly reason?: string; readonly message?: string },
  container: ContainerStatus,
  image: string,
  events: readonly EventObject[],
): PodState {
  if (reason === 'CrashLoopBackOff') return ended(container)
  const known = WAITING[reason]?.(image)
  if (known) {
    const problem = { ...known, message: message === '' ? known.message : `${known.message}: ${message}` }
    return { ready: false, doing: reason, problem }
  }
  const last = events.at(-1)
  const doing = last?.reason === 'Pulling' ? 'pulling the image' : 'creating the container'
  // A volume or a sandbox that can't be made is told by events only.
  if (last?.type !== 'Warning' || !CREATION.test(last.reason ?? '')) return { ready: false, doing }
  const problem = {
    message: `The container can't be created: ${last.message ?? last.reason}`,
    hint: 'The node says why: kubectl describe pod.',
  }
  return { ready: false, doing, problem }
}

/** After this many restarts a crash is no accident. */
const MANY_RESTARTS = 3

function ended({ state, lastState, restartCount }: ContainerStatus): PodState {
  const last = state?.terminated ?? lastState?.terminated
  const why = last?.reason === 'OOMKilled' ? 'it used more memory than its limit' : undefined
  const code = last === undefined ? undefined : `exit code ${last.exitCode}`
  const notes = [why, code].filter((note) => note !== undefined).join(', ')
  const message = `The program ends again and again${notes === '' ? '' : ` (${notes})`}`
  const hint = 'Its log says why: kubectl logs --previous.'
  const problem = { message, hint, final: restartCount >= MANY_RESTARTS }
  return { ready: false, doing: 'restarting', problem, ask: 'log' }
}

interface NodeObject {
  readonly metadata: { readonly name: string }
  readonly status?: { readonly conditions?: readonly Condition[] }
}

/** Why the DaemonSet has no node to run a pod on. */
export function noNodes(nodes: readonly NodeObject[]): Problem {
  if (nodes.length === 0) {
    return { message: 'The cluster has no nodes', hint: 'Add one: minikube start, or join a node.' }
  }
  const why = nodes.flatMap(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')
    return ready?.status === 'True'
      ? []
      : [`${metadata.name} (${ready?.message ?? ready?.reason ?? 'unknown'})`]
  })
  if (why.length === nodes.length) {
    return {
      message: `No node is ready: ${why.slice(0, 3).join('; ')}`,
      hint: 'See: kubectl get nodes, kubectl describe node.',
    }
  }
  return {
    message: `None of the ${nodes.length} nodes is to run Nixie`,
    hint: 'It runs on Linux nodes: kubectl get nodes --show-labels.',
  }
}
