/** Waits until workloads run, and shows what each pod is doing. Ends early when a problem won't go away. */
import type { Io } from '../io'
import { type ClusterApi, type KubeObject, nameOf, pathOf } from './api'
import { lastWords } from './last-words'
import { late, Patience } from './patience'
import { type EventObject, noNodes, type PodObject, type PodState, type Problem, podState } from './pods'

interface Workload {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number }
  readonly spec: {
    readonly replicas?: number
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } }
  }
  readonly status?: Readonly<Record<string, number>>
}

export interface WaitOptions {
  readonly api: ClusterApi
  readonly objects: readonly KubeObject[]
  readonly io: Io
  readonly timeoutMs: number
  /** Why a running program isn't ready, in its own words; '' when it gives no reason. */
  readonly reasonOf?: (namespace: string, pod: string) => Promise<string>
  readonly pollMs?: number
  /** A problem that stays this long won't go away. */
  readonly patienceMs?: number
}

const isWorkload = ({ kind }: KubeObject) => kind === 'DaemonSet' || kind === 'Deployment'

/** As `kubectl rollout status` decides it. */
function isDone(kind: string, { metadata, spec, status = {} }: Workload): boolean {
  const count = (name: string) => status[name] ?? 0
  if (count('observedGeneration') < metadata.generation) return false
  if (kind === 'DaemonSet') {
    const wanted = count('desiredNumberScheduled')
    return wanted > 0 && count('updatedNumberScheduled') >= wanted && count('numberAvailable') >= wanted
  }
  const wanted = spec.replicas ?? 1
  return (
    count('updatedReplicas') >= wanted &&
    count('replicas') <= count('updatedReplicas') &&
    count('availableReplicas') >= count('updatedReplicas')
  )
}

const isOf = ({ metadata }: PodObject, { spec }: Workload): boolean =>
  Object.entries(spec.selector.matchLabels).every(([name, value]) => metadata.labels?.[name] === value)

/** The pod has another image than the workload: it is being replaced, so its problems don't matter. */
function isOutdated(pod: PodObject, workloads: readonly Workload[]): boolean {
  const wanted = workloads.find((workload) => isOf(pod, workload))?.spec.template.spec.containers[0]?.image
  return wanted !== undefined && pod.spec.containers[0]?.image !== wanted
}

interface Seen {
  /** Pods by name, and workloads that have a problem themselves. */
  readonly states: ReadonlyMap<string, PodState>
  readonly done: boolean
}

const LOG_LINES = 5

export class Rollout {
  readonly #options: WaitOptions
  readonly #namespace: string
  readonly #workloads: readonly KubeObject[]

  constructor(options: WaitOptions) {
    this.#options = options
    this.#workloads = options.objects.filter(isWorkload)
    this.#namespace = this.#workloads[0]!.metadata.namespace!
  }

  /** @throws NixieError with the first problem that stays, or what was missing when the time was over */
  async wait(): Promise<void> {
    const { io, timeoutMs, pollMs = 1000, patienceMs } = this.#options
    const end = performance.now() + timeoutMs
    const patience = new Patience(io, patienceMs)
    for (let first = true; ; first = false) {
      const { states, done } = await this.#look()
      await patience.show(states)
      if (done) return
      patience.judge(states, first)
      if (performance.now() >= end) {
        const [name, state] = [...states].find(([, { doing }]) => doing !== 'ready') ?? [
          nameOf(this.#workloads[0]!),
          { doing: 'not complete', problem: undefined },
        ]
        throw late(name, state.problem ?? { message: state.doing, hint: '' }, timeoutMs)
      }
      await Bun.sleep(pollMs)
    }
  }

  async #look(): Promise<Seen> {
    const { api } = this.#options
    const place = `/api/v1/namespaces/${this.#namespace}`
    const workloads = await Promise.all(this.#workloads.map((object) => api.get<Workload>(pathOf(object))))
    const { items } = await api.get<{ items: PodObject[] }>(`${place}/pods`)
    const kindOf = (i: number) => this.#workloads[i]!.kind
    const done = workloads.every((workload, i) => isDone(kindOf(i), workload))
    const pods = items.filter((pod) => workloads.some((workload) => isOf(pod, workload)))
    const { items: events } = done
      ? { items: [] }
      : await api.get<{ items: EventObject[] }>(`${place}/events?limit=500`)
    const states = new Map<string, PodState>()
    for (const pod of pods) {
      const own = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid)
      const name = `${pod.metadata.name}${pod.spec.nodeName ? ` on ${pod.spec.nodeName}` : ''}`
      const state = isOutdated(pod, workloads)
        ? { ready: false, doing: 'waiting for its replacement' }
        : await this.#asked(pod.metadata.name, podState(pod, own))
      states.set(name, state)
    }
    if (!done && pods.length === 0) {
      for (const [i, workload] of workloads.entries()) {
        const problem = await this.#withoutPods(kindOf(i), workload, events)
        if (problem) states.set(nameOf(this.#workloads[i]!), { ready: false, doing: 'no pods yet', problem })
      }
    }
    return { states, done }
  }

  /** The program's own reason why it isn't ready, if it gives one. */
  async #asked(pod: string, state: PodState): Promise<PodState> {
    const { api, reasonOf } = this.#options
    if (state.ask === 'readiness') {
      const reason = (await reasonOf?.(this.#namespace, pod).catch(() => '')) ?? ''
      if (reason === '' || /still starting/i.test(reason)) return state
      return { ...state, problem: { message: reason, hint: hintFor(reason) } }
    }
    if (state.ask === 'log' && state.problem) {
      const logs = `/api/v1/namespaces/${this.#namespace}/pods/${pod}/log?tailLines=${LOG_LINES}`
      const text = await api.text(`${logs}&previous=true`).catch(() => api.text(logs).catch(() => ''))
      const { reason, hint } = lastWords(text)
      if (reason !== '') {
        const message = `${state.problem.message}: ${reason}`
        return { ...state, problem: { ...state.problem, message, hint: hint ?? hintFor(reason) } }
      }
    }
    return state
  }

  /** Why there are no pods: there is no node, or the cluster refuses to make them. */
  async #withoutPods(
    kind: string,
    { metadata, status = {} }: Workload,
    events: readonly EventObject[],
  ): Promise<Problem | undefined> {
    const refused = events.findLast(
      ({ type, reason, involvedObject }) =>
        type === 'Warning' && reason === 'FailedCreate' && involvedObject.uid === metadata.uid,
    )
    if (refused) {
      return {
        message: `The cluster lets no pod be made: ${refused.message ?? ''}`,
        hint: 'Its namespace needs the pod security level privileged, and no quota or policy against it.',
      }
    }
    if (kind !== 'DaemonSet' || (status.observedGeneration ?? 0) < metadata.generation) return undefined
    if ((status.desiredNumberScheduled ?? 0) > 0) return undefined
    return noNodes((await this.#options.api.get<{ items: [] }>('/api/v1/nodes')).items)
  }
}

function hintFor(reason: string): string {
  if (/BTF|\/sys\/kernel\/btf/i.test(reason))
    return "The node's kernel has no BTF: it needs Linux 5.8 or later with CONFIG_DEBUG_INFO_BTF=y."
  if (/EPERM|not permitted|permission|privileg|capabilit|memlock|locked memory/i.test(reason))
    return 'The kernel refuses what the capabilities should allow: deploy with --privileged.'
  return "On the node, 'nixie check' says what is missing: kubectl exec into the pod."
}

export const waitForRollout = (options: WaitOptions): Promise<void> => new Rollout(options).wait()
