/** The log of Kafka's clients in Java: NetworkClient says each request and each answer, with all of its fields. */

export interface Logged {
  readonly isAnswer: boolean
  readonly api: string
  readonly version: number
  readonly client: string
  readonly id: number
  /** What it holds, as Java writes it; undefined where that isn't the whole message. */
  readonly data: Value | undefined
}

export type Value = string | readonly Value[] | { readonly [name: string]: Value }

const LINE =
  /(Sending|Received) \w+ (?:request|response) .*?RequestHeader\(apiKey=(\w+), apiVersion=(\d+), clientId=([^,]*), correlationId=(\d+), headerVersion=\d\)(?: and timeout \d+ to node \S+)?: (.*)$/

export function parseLog(text: string): Logged[] {
  return text.split('\n').flatMap((line) => {
    const found = LINE.exec(line)
    if (!found) return []
    const [, way, api, version, client, id, data] = found
    const logged = { isAnswer: way === 'Received', api: api!, version: Number(version), client: client! }
    return [
      { ...logged, id: Number(id), data: data!.includes('Data(') ? new Reader(data!).value() : undefined },
    ]
  })
}

/** `Name(field=value, …)`, `[value, …]`, `'text'`, or a word. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): Value {
    const head = this.#take(/\w*\(|\[|'/y)
    if (head === '[') return this.#list()
    if (head === "'") return this.#take(/(?:[^']|'(?![,)\]]))*'/y)!.slice(0, -1)
    if (head) return this.#fields()
    return this.#word()
  }

  #list(): Value[] {
    const values: Value[] = []
    while (!this.#take(/\]/y)) {
      values.push(this.value())
      this.#take(/, /y)
    }
    return values
  }

  #fields(): Record<string, Value> {
    const fields: Record<string, Value> = {}
    while (!this.#take(/\)/y)) {
      const name = this.#take(/\w+=/y)
      if (!name) throw new Error(`no field at ${this.#text.slice(this.#at, this.#at + 80)}`)
      fields[name.slice(0, -1)] = this.value()
      this.#take(/, /y)
    }
    return fields
  }

  /** Up to the next delimiter that isn't within brackets of its own. */
  #word(): string {
    return this.#take(/(?:[^,()[\]]|\[[^\]]*\])*/y) ?? ''
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at
    const text = form.exec(this.#text)?.[0]
    if (text !== undefined) this.#at += text.length
    return text
  }
}

/** Names that rows have for what has many of them in the definitions. */
const RENAMED: Readonly<Record<string, readonly string[]>> = {
  topics: ['topicData', 'responses'],
  partitions: ['partitionData', 'partitionResponses'],
  index: ['partition', 'partitionIndex'],
  name: ['topic', 'topicName'],
}
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** Where a row says something else than the log; nothing when all fields that the row has are equal. */
export function differences(ours: unknown, theirs: Value | undefined, where = ''): string[] {
  if (theirs === undefined) return [`${where}: not in the log`]
  if (Array.isArray(ours)) {
    if (!Array.isArray(theirs)) return [`${where}: a list, and ${JSON.stringify(theirs)} in the log`]
    if (ours.length !== theirs.length) return [`${where}: ${ours.length} elements of ${theirs.length}`]
    return ours.flatMap((one, i) => differences(one, theirs[i], `${where}[${i}]`))
  }
  if (typeof ours === 'object' && ours !== null) {
    const fields = theirs as Readonly<Record<string, Value>>
    return Object.entries(ours).flatMap(([name, value]) => {
      if (name === 'message_set') return []
      const names = [camel(name), ...(RENAMED[name] ?? [])]
      const theirName = names.find((each) => fields[each] !== undefined)
      // A row has names of topics where the message has ids only.
      if (name === 'name' && 'topic_id' in ours && (theirName === undefined || fields[theirName] === ''))
        return []
      return differences(value, theirName === undefined ? undefined : fields[theirName], `${where}.${name}`)
    })
  }
  const text = String(ours)
  if (/^<\d+ bytes>$|^\[redacted\]$/.test(text)) return []
  return text === theirs || theirs === 'REDACTED'
    ? []
    : [`${where}: ${text}, and ${JSON.stringify(theirs)} in the log`]
}
