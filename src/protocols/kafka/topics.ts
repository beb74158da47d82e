/**
 * Names of topics by their ids, as brokers tell them (Metadata, CreateTopics …). An id is of one topic for ever, so what a process was told
 * on one connection holds on its others: a consumer asks one broker for the names, and another one for records.
 */
/** Of all processes together. */
const MOST_NAMES = 16 << 10
const MAX_NAME = 249

export class TopicNames {
  readonly #names = new Map<string, string>()

  /** Those that the process knows. */
  of(upid: string): Topics {
    return {
      nameOf: (id) => (id === METADATA_TOPIC ? '__cluster_metadata' : this.#names.get(`${upid} ${id}`)),
      learn: (id, name) => this.#learn(`${upid} ${id}`, name),
    }
  }

  #learn(key: string, name: string): void {
    if (name.length > MAX_NAME || this.#names.get(key) === name) return
    this.#names.set(key, name)
    if (this.#names.size <= MOST_NAMES) return
    const [oldest] = this.#names.keys()
    this.#names.delete(oldest!)
  }
}

export interface Topics {
  nameOf(id: string): string | undefined
  learn(id: string, name: string): void
}

/** The log of KRaft's controllers has the same id in every cluster (Uuid.METADATA_TOPIC_ID). */
const METADATA_TOPIC = `${'A'.repeat(21)}Q`

/** The id that stands for none, in base64. */
export const NO_TOPIC = 'A'.repeat(22)

export const NO_TOPICS: Topics = { nameOf: () => undefined, learn: () => {} }
