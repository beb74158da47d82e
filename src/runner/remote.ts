/** A runner that is another Nixie: asked by its API, over whatever way leads there. */
import { type ErrorShape, NixieError } from '../errors'
import type { Completion, Diagnostic } from '../pxl/editor/editor'
import { unknownScript } from '../suggest'
import type {
  Explained,
  ResultStream,
  Runner,
  RunRequest,
  Schema,
  ScriptInfo,
  ScriptSummary,
  StoreReport,
  StreamOutput,
  StreamRequest,
  TableRequest,
  TableSummary,
  Warning,
} from './runner'

/** Where formats but JSON have the warnings of a run, as JSON. */
export const WARNINGS_HEADER = 'Nixie-Warnings'

/** The way to an API. All reject with the NixieError that the answer tells, or that says what is in the way. */
export interface ApiClient {
  get<T>(path: string, signal?: AbortSignal): Promise<T>
  /** The answer before its body is read. With a body, which is sent as JSON, it is a POST. */
  open(path: string, body?: unknown, signal?: AbortSignal): Promise<Response>
}

/** What an answer that is no success tells; undefined when it isn't Nixie's. */
export async function toldError(answer: Response): Promise<NixieError | undefined> {
  const { error } = ((await answer.json().catch(() => undefined)) ?? {}) as { error?: ErrorShape }
  return error?.code === undefined ? undefined : NixieError.fromShape(error)
}

type Parameters = Readonly<Record<string, string | undefined>>

/** A path with those parameters that have a value. */
function withQuery(path: string, parameters: Parameters): string {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return `${path}?${new URLSearchParams(given)}`
}

export class RemoteRunner implements Runner {
  readonly #api: ApiClient
  #scripts: Promise<readonly ScriptSummary[]> | undefined

  constructor(api: ApiClient) {
    this.#api = api
  }

  async stream(request: StreamRequest, output: StreamOutput, signal?: AbortSignal): Promise<ResultStream> {
    const { format, shape, table, excel } = output
    const form = { format, shape, table, excel: excel ? '1' : undefined }
    const { headers, body } =
      'rowsOf' in request
        ? await this.#rows(request.rowsOf, form, signal)
        : await this.#ask(request, form, signal)
    const warnings = headers.get(WARNINGS_HEADER)
    return {
      warnings: warnings === null ? [] : (JSON.parse(warnings) as Warning[]),
      ...withEnd(body ?? new Blob([]).stream()),
    }
  }

  async schema(request: RunRequest, signal?: AbortSignal): Promise<Schema> {
    return (await (await this.#ask(request, { schema: '1' }, signal)).json()) as Schema
  }

  async explain(request: RunRequest, signal?: AbortSignal): Promise<Explained> {
    return (await (await this.#ask(request, { explain: '1' }, signal)).json()) as Explained
  }

  async check(text: string, view: string | undefined, signal?: AbortSignal): Promise<readonly Diagnostic[]> {
    const answer = await this.#api.open('/api/pxl/check', { text, view }, signal)
    return ((await answer.json()) as { diagnostics: Diagnostic[] }).diagnostics
  }

  async complete(text: string, offset: number, signal?: AbortSignal): Promise<Completion> {
    return (await (await this.#api.open('/api/pxl/complete', { text, offset }, signal)).json()) as Completion
  }

  scripts(): Promise<readonly ScriptSummary[]> {
    this.#scripts ??= this.#api
      .get<{ scripts: ScriptSummary[] }>('/api/scripts')
      .then(({ scripts }) => scripts)
    return this.#scripts
  }

  async script(name: string): Promise<ScriptInfo | undefined> {
    const path = pathOf(name)
    if (path === undefined) return undefined
    return this.#api.get<ScriptInfo>(`/api/scripts/${path}`).catch((cause) => {
      if (NixieError.from(cause).shape.code === 'unknown_script') return undefined
      throw cause
    })
  }

  async tables(signal?: AbortSignal): Promise<readonly TableSummary[]> {
    return (await this.#api.get<{ tables: TableSummary[] }>('/api/tables', signal)).tables
  }

  store(signal?: AbortSignal): Promise<StoreReport> {
    return this.#api.get('/api/store', signal)
  }

  async close(): Promise<void> {}

  async #ask(request: RunRequest, form: Parameters, signal: AbortSignal | undefined): Promise<Response> {
    const { script, text, view, name, args = {}, limits, links } = request
    const parameters = { ...form, limit: limits?.rows?.toString(), links: links ? '1' : undefined }
    if (script === undefined) {
      return this.#api.open(withQuery('/api/query', parameters), { query: text, args, view, name }, signal)
    }
    const own = Object.entries(args).map(([arg, value]) => [`arg.${arg}`, value])
    const path = pathOf(script) ?? (await this.#refuse(script))
    return this.#api.open(
      withQuery(`/api/run/${path}`, { ...parameters, ...Object.fromEntries(own) }),
      undefined,
      signal,
    )
  }

  #rows(asked: TableRequest, form: Parameters, signal: AbortSignal | undefined): Promise<Response> {
    const { name, startTime, endTime, limit } = asked
    const range = { start_time: startTime, end_time: endTime, limit: String(limit) }
    const path = withQuery(`/api/tables/${encodeURIComponent(name)}`, { ...form, ...range })
    return this.#api.open(path, undefined, signal)
  }

  async #refuse(script: string): Promise<never> {
    const names = (await this.scripts()).map(({ name }) => name)
    throw unknownScript(script, names, 'It is named by its namespace and its name.')
  }
}

/** `px/http_data` as a path. A name of any other form is not a script's name. */
function pathOf(name: string): string | undefined {
  const parts = name.split('/')
  return parts.length === 2 && !parts.includes('') ? parts.map(encodeURIComponent).join('/') : undefined
}

/** The same bytes, and a promise of their end. */
function withEnd(body: ReadableStream<Uint8Array>): Pick<ResultStream, 'body' | 'end'> {
  const end = Promise.withResolvers<void>()
  // Whoever awaits only the body must not get an unhandled rejection from the other promise.
  end.promise.catch(() => {})
  const reader = body.getReader()
  const told = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          end.resolve()
          controller.close()
        } catch (cause) {
          end.reject(cause)
          throw cause
        }
      },
      cancel: (reason) => {
        end.reject(NixieError.from(reason))
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return { body: told, end: end.promise }
}
