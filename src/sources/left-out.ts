/** Processes whose TLS isn't read by setting: those of some names, and those of pods in some namespaces. */
import { type Entity, isOfKind } from '../records/entities'

/** Tells which pod a process is in; '' outside of pods. */
type PodOf = (pid: number, startTicks?: number) => string

export class LeftOut {
  /** As /proc/PID/comm has them: the kernel leaves these out itself. */
  readonly names: readonly string[]
  readonly #namespaces: ReadonlySet<string>
  readonly #podOf: PodOf
  /** Uid of a pod → its namespace. */
  readonly #pods = new Map<string, string>()

  /** @param setting `on`, `off`, or names with a minus in front, those of namespaces with a slash behind: `-java,-bank/` */
  constructor(setting: string, podOf: PodOf) {
    const all = setting.startsWith('-') ? setting.split(',').map((name) => name.slice(1)) : []
    this.names = all.filter((name) => !name.endsWith('/'))
    this.#namespaces = new Set(all.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1)))
    this.#podOf = podOf
  }

  get hasNamespaces(): boolean {
    return this.#namespaces.size > 0
  }

  /** Whether the process is in a pod of such a namespace, or of one that isn't known yet. */
  hasPodOf(pid: number, startTicks?: number): boolean {
    if (!this.hasNamespaces) return false
    const pod = this.#podOf(pid, startTicks)
    if (pod === '') return false
    const namespace = this.#pods.get(pod)
    return namespace === undefined || this.#namespaces.has(namespace)
  }

  /** Takes what is known of the cluster; true when a pod is new. */
  learn(entities: readonly Entity[]): boolean {
    if (!this.hasNamespaces) return false
    let isNew = false
    for (const { key, value } of entities.filter(isOfKind('pod')))
      if (value.stopNs !== '0') this.#pods.delete(key)
      else if (value.namespace !== undefined) {
        isNew ||= !this.#pods.has(key)
        this.#pods.set(key, value.namespace)
      }
    return isNew
  }
}
