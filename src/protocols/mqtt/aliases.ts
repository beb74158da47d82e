/** Topics that a side has given numbers (MQTT 5 §3.3.2.3.4). */

/** Numbers that are remembered of a side, and the bytes of their topics: no server allows more by default. */
const MAX_ALIASES = 1024
const MAX_BYTES = 64 << 10

export class Aliases {
  readonly #topics = new Map<number, string>()
  #bytes = 0

  get held(): number {
    return 2 * this.#bytes
  }

  /** The topic of a PUBLISH: the one that it names, else the one that its alias stands for. */
  topicOf(topic: string, alias: number | undefined): string {
    if (alias === undefined) return topic
    if (topic === '') return this.#topics.get(alias) ?? `<unknown alias ${alias}>`
    this.#bytes += topic.length - (this.#topics.get(alias)?.length ?? 0)
    if (this.#topics.size >= MAX_ALIASES || this.#bytes > MAX_BYTES) this.clear()
    else this.#topics.set(alias, topic)
    return topic
  }

  /** A packet that may have set one was lost. */
  clear(): void {
    this.#topics.clear()
    this.#bytes = 0
  }
}
