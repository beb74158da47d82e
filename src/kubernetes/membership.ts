/** Which services a pod belongs to, by their endpoint slices. A pod keeps a service for its whole life. */

export class Membership {
  /** `namespace/name` → uid. */
  readonly #uids = new Map<string, string>()
  /** `namespace/name` → pods that its slices have named. */
  readonly #pods = new Map<string, Set<string>>()
  readonly #services = new Map<string, Set<string>>()

  /** Adds a service. Returns the pods whose services changed. */
  service(name: string, uid: string): readonly string[] {
    if (this.#uids.get(name) === uid) return []
    this.#uids.set(name, uid)
    const pods = [...(this.#pods.get(name) ?? [])]
    for (const pod of pods) this.#join(pod, uid)
    return pods
  }

  /** Adds a slice of the service. Returns the pods whose services changed. */
  slice(service: string, pods: readonly string[]): readonly string[] {
    const known = this.#pods.get(service) ?? new Set()
    this.#pods.set(service, known)
    const uid = this.#uids.get(service)
    const news = pods.filter((pod) => !known.has(pod))
    for (const pod of news) {
      known.add(pod)
      if (uid) this.#join(pod, uid)
    }
    return uid ? news : []
  }

  /** Uids of the pod's services, sorted. Earlier services are kept. */
  remember(pod: string, before: readonly string[]): readonly string[] {
    for (const uid of before) this.#join(pod, uid)
    return this.servicesOf(pod)
  }

  servicesOf(pod: string): readonly string[] {
    return [...(this.#services.get(pod) ?? [])].sort()
  }

  forget(pod: string): void {
    this.#services.delete(pod)
    for (const pods of this.#pods.values()) pods.delete(pod)
  }

  #join(pod: string, uid: string): void {
    const services = this.#services.get(pod) ?? new Set()
    this.#services.set(pod, services.add(uid))
  }
}
