/**
 * What a JSON content says by name, wherever it stands in it: of models (OpenAI, Anthropic, Ollama, llama.cpp), JSON-RPC and GraphQL.
 * Views read these of the kept beginning of a content; of a longer one they are kept beside it, since counts stand at the end.
 */
import { objectIn } from '../../../json'
import { keysOf } from '../../../keys'
import { ELEMENT, type JsonListener, type Path } from '../json/scanner'

/** Characters of one text, texts of one list, and different names of all. */
const MAX_TEXT = 128
const MAX_MESSAGE = 512
const MAX_LIST = 16

/** The last value of these names. */
const LAST = {
  model: ['model', 'message.model', 'response.model'],
  stream: ['stream'],
  status: ['status', 'response.status'],
  stop: [
    'stop_reason',
    'delta.stop_reason',
    'choices.*.finish_reason',
    '?.?.finish_reason',
    'done_reason',
    'stop_type',
    'incomplete_details.reason',
    'response.incomplete_details.reason',
  ],
  input: [
    'usage.prompt_tokens',
    'usage.input_tokens',
    'message.usage.input_tokens',
    'response.usage.input_tokens',
    'prompt_eval_count',
    'tokens_evaluated',
  ],
  // Of Anthropic's `message_start` it is a first guess: the count comes with `message_delta`.
  output: [
    'usage.completion_tokens',
    'usage.output_tokens',
    'response.usage.output_tokens',
    'eval_count',
    'tokens_predicted',
  ],
  cached: [
    'usage.prompt_tokens_details.cached_tokens',
    'usage.input_tokens_details.cached_tokens',
    'response.usage.input_tokens_details.cached_tokens',
    'usage.cache_read_input_tokens',
    'message.usage.cache_read_input_tokens',
  ],
  reasoning: [
    'usage.completion_tokens_details.reasoning_tokens',
    'usage.output_tokens_details.reasoning_tokens',
    'response.usage.output_tokens_details.reasoning_tokens',
  ],
  inputNs: ['prompt_eval_duration'],
  outputNs: ['eval_duration'],
  loadNs: ['load_duration'],
  inputMs: ['timings.prompt_ms'],
  outputMs: ['timings.predicted_ms'],
  errorType: ['error.type', 'response.error.code'],
  error: ['error', 'response.error.message'],
  jsonrpc: ['jsonrpc', '*.jsonrpc'],
  persisted: ['extensions.persistedQuery.sha256Hash', '*.extensions.persistedQuery.sha256Hash'],
} as const

/** All values of these names, in order. */
const LISTS = {
  methods: ['method', '*.method'],
  ids: ['id', '*.id'],
  errorCodes: ['error.code', '*.error.code'],
  errorMessages: ['error.message', '*.error.message', 'errors.*.message', '*.errors.*.message'],
  operations: ['operationName', '*.operationName'],
} as const

/** The different values of these names. */
const SETS = {
  tools: [
    'choices.*.message.tool_calls.*.function.name',
    'choices.*.delta.tool_calls.*.function.name',
    'choices.*.message.function_call.name',
    'choices.*.delta.function_call.name',
    'message.tool_calls.*.function.name',
    'content.*.name',
    'content_block.name',
    'output.*.name',
    'response.output.*.name',
    'item.name',
  ],
} as const

/** Whether an object or an array of this name is there. */
const OPENED = { params: ['params', '*.params'], data: ['data', '*.data'] } as const

/** Of a list of messages only a part was read. */
const PARTED = 'parted'

export type Last = keyof typeof LAST
export type List = keyof typeof LISTS | keyof typeof SETS
export type Opened = keyof typeof OPENED

const byPath = <K extends string>(names: Readonly<Record<K, readonly string[]>>): ReadonlyMap<Path, K> =>
  new Map(keysOf(names).flatMap((name) => names[name].map((path) => [path, name] as const)))

const ALL_LISTS = { ...LISTS, ...SETS }
const lastOf = byPath<Last>(LAST)
const listOf = byPath<List>(ALL_LISTS)
const openedOf = byPath<Opened>(OPENED)
const ownNames = new Set(
  [...lastOf.keys(), ...listOf.keys()].map((path) => path.slice(path.lastIndexOf('.') + 1)),
)

/** The longest text of each is kept. */
const isMessage = (name: string): boolean => name === 'errorMessages' || name === 'error'

interface Values {
  /** How often each was there, and the first texts. */
  count: number
  readonly texts: string[]
}

export class Facts implements JsonListener {
  readonly #last = new Map<Last, string>()
  readonly #lists = new Map<List, Values>()
  readonly #opened = new Set<Opened>()
  /** The content is a list of messages; and a part of it wasn't read. */
  #isBatch = false
  #isParted = false

  /** Bytes of memory that it takes, at most. */
  static readonly held = 4096

  last(name: Last): string {
    return this.#last.get(name) ?? ''
  }

  list(name: List): readonly string[] {
    return this.#lists.get(name)?.texts ?? []
  }

  /** How many there are; -1: it isn't known, as a part of a list of messages wasn't read. */
  count(name: List): number {
    return this.#isBatch && this.#isParted ? -1 : (this.#lists.get(name)?.count ?? 0)
  }

  /** A part of the content wasn't read. */
  misses(): void {
    this.#isParted = true
  }

  has(name: Opened): boolean {
    return this.#opened.has(name)
  }

  wants(name: string): boolean {
    return name !== ELEMENT && ownNames.has(name)
  }

  opens(path: Path): void {
    const name = openedOf.get(path)
    if (name) this.#opened.add(name)
  }

  value(path: Path, value: string): void {
    if (value === 'null') return
    const last = lastOf.get(path)
    if (last) this.#last.set(last, shortened(value, last))
    const list = listOf.get(path)
    if (!list) return
    this.#add(list, shortened(value, list))
    this.#isBatch ||= path.startsWith(`${ELEMENT}.`)
  }

  #add(name: List, text: string): void {
    const known = this.#lists.get(name)
    if (name in SETS && known?.texts.includes(text)) return
    const values = known ?? { count: 0, texts: [] }
    this.#lists.set(name, values)
    values.count++
    if (values.texts.length < MAX_LIST) values.texts.push(text)
  }

  /** As JSON, '' where there are none. `safe` takes secrets out of a text. */
  toText(safe: (text: string) => string): string {
    const fields: Record<string, unknown> = {}
    for (const [name, text] of this.#last) fields[name] = safe(text)
    for (const [name, { count, texts }] of this.#lists) {
      fields[name] = texts.map(safe)
      if (count > texts.length) fields[`${name}#`] = count
    }
    for (const name of this.#opened) fields[name] = true
    if (this.#isBatch && this.#isParted) fields[PARTED] = true
    return Object.keys(fields).length === 0 ? '' : JSON.stringify(fields)
  }

  /** What `toText` wrote; nothing of any other text. */
  static fromText(text: string): Facts {
    const facts = new Facts()
    const fields = objectIn(text) ?? {}
    for (const name of keysOf(LAST)) {
      const value = fields[name]
      if (typeof value === 'string') facts.#last.set(name, value)
    }
    for (const name of keysOf(ALL_LISTS)) {
      const value = fields[name]
      if (!Array.isArray(value)) continue
      const count = fields[`${name}#`]
      facts.#lists.set(name, {
        count: typeof count === 'number' ? count : value.length,
        texts: value.map(String),
      })
    }
    for (const name of keysOf(OPENED)) if (fields[name] === true) facts.#opened.add(name)
    facts.#isBatch = facts.#isParted = fields[PARTED] === true
    return facts
  }
}

function shortened(text: string, name: string): string {
  const most = isMessage(name) ? MAX_MESSAGE : MAX_TEXT
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
