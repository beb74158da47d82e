/** Where the client commands get their answers: from a running server, or from the store itself. */
import { existsSync, readFileSync } from 'node:fs'
import { hostOf, isLoopback } from '../api/access'
import { WARNINGS_HEADER } from '../api/answers'
import type { Status } from '../api/status'
import { SETTINGS } from '../config'
import { codeOf, type ErrorShape, messageOf, NixieError } from '../errors'
import { newestRows, run } from '../runner/result'
import type {
  Cell,
  Explained,
  ResultStream,
  ResultTable,
  Runner,
  RunRequest,
  RunResult,
  ScriptInfo,
  ScriptVariable,
  StoreReport,
  StreamOutput,
  TableRequest,
  TableSummary,
  Warning,
} from '../runner/runner'
import { didYouMean } from '../suggest'
import { type Invocation, type Option, UsageError } from './command'

export interface ScriptSummary {
  readonly name: string
  readonly origin?: ScriptInfo['origin']
  readonly short: string
  readonly long: string
  readonly variables: readonly ScriptVariable[]
}

export type TableOptions = Omit<TableRequest, 'name'>

/** The tables and columns that a run would give. Nothing runs. */
export type Schema = Pick<RunResult, 'warnings'> & {
  readonly tables: readonly Pick<ResultTable, 'name' | 'columns'>[]
}

export interface Backend {
  run(request: RunRequest): Promise<RunResult>
  /** Bytes as they come; see `Runner.stream` for errors on the way. */
  stream(request: RunRequest, output: StreamOutput): Promise<Pick<ResultStream, 'body' | 'warnings'>>
  schema(request: RunRequest): Promise<Schema>
  explain(request: RunRequest): Promise<Explained>
  scripts(): Promise<readonly ScriptSummary[]>
  script(name: string): Promise<ScriptInfo>
  table(name: string, options: TableOptions): Promise<ResultTable>
  tables(): Promise<readonly TableSummary[]>
  store(): Promise<StoreReport>
  close(): Promise<void>
}

export const DEFAULT_SERVER = `http://${SETTINGS.listen.fallback}`

export const SERVER_OPTIONS: readonly Option[] = [
  {
    flag: 'server',
    value: 'URL',
    help: 'The Nixie to ask',
    env: 'NIXIE_SERVER',
    fallback: DEFAULT_SERVER,
  },
  {
    flag: 'token-file',
    value: 'FILE',
    help: 'File with the token that the server asks for',
    env: SETTINGS.tokenFile.env,
  },
]

export const BACKEND_OPTIONS: readonly Option[] = [
  ...SERVER_OPTIONS,
  { flag: 'data-dir', value: 'DIR', help: 'Read the data in this directory, without a server' },
]

/** The backend that `--data-dir` or `--server` names. @throws UsageError when both are given. */
export async function openBackend({ flags, io }: Pick<Invocation, 'flags' | 'io'>): Promise<Backend> {
  const dataDir = flags['data-dir']
  if (dataDir === undefined) return new ServerBackend(serverClient({ flags, io }))
  if (flags.server !== undefined) throw new UsageError('--server and --data-dir exclude each other')
  if (!existsSync(dataDir)) {
    throw new NixieError(
      'store_error',
      `There is no directory ${dataDir}`,
      `Give --data-dir the directory that nixie serve keeps its data in; by default ${SETTINGS.dataDir.fallback}.`,
    )
  }
  // The engine is loaded only here. Most commands ask a server and should start at once.
  const { openRunner } = await import('../runner/client')
  return new StoreBackend(await openRunner({ dataDir }))
}

export interface ServerClient {
  get<T>(path: string): Promise<T>
  /** The answer before its body is read; rejects when it is an error. */
  open(path: string, body?: unknown): Promise<Response>
}

export function serverClient({ flags, io }: Pick<Invocation, 'flags' | 'io'>): ServerClient {
  const given = flags.server ?? io.env.NIXIE_SERVER ?? DEFAULT_SERVER
  const base = URL.parse(/^https?:\/\//.test(given) ? given : `http://${given}`)
  if (!base) throw new UsageError(`--server: '${given}' is not a URL`)
  if (isLoopback(hostOf(base.host))) bypassProxy(base.hostname)
  const headers: Record<string, string> = { Accept: 'application/json' }
  const tokenFile = flags['token-file'] ?? io.env[SETTINGS.tokenFile.env]
  if (tokenFile) headers.Authorization = `Bearer ${readTokenFile(tokenFile)}`
  const open: ServerClient['open'] = (path, body) =>
    request(
      base,
      path,
      body === undefined
        ? { headers }
        : {
            method: 'POST',
            headers: { ...headers, 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
          },
    )
  return {
    open,
    get: async <T>(path: string) => (await json(base, await open(path))) as T,
  }
}

/** `fetch` sends even loopback requests to the proxy of the environment, which has another loopback. */
function bypassProxy(host: string): void {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    process.env[name] = [process.env[name], host].filter((part) => part).join(',')
  }
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new NixieError(
      'bad_request',
      `The token file can't be read: ${messageOf(cause)}`,
      'Name a file that you may read with --token-file.',
    )
  }
}

async function request(base: URL, path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(new URL(path, base), init)
  } catch (cause) {
    // The server accepted the connection and then closed it.
    if (codeOf(cause) === 'ECONNRESET') {
      throw new NixieError(
        'unavailable',
        `${base.origin} ended the connection before it answered`,
        'Nixie was stopped or restarted meanwhile, or another program listens there. Try again.',
      )
    }
    throw new NixieError(
      'unavailable',
      `No Nixie answers at ${base.origin} (${codeOf(cause) ?? messageOf(cause)})`,
      'Start it (nixie serve, or systemctl start nixie), name another with --server URL, or read stored data with --data-dir DIR.',
    )
  }
  if (response.ok) return response
  const { error } = ((await response.json().catch(() => undefined)) ?? {}) as { error?: ErrorShape }
  if (error?.code !== undefined) throw NixieError.fromShape(error)
  throw notNixie(base, response)
}

async function json(base: URL, response: Response): Promise<unknown> {
  const body = await response.json().catch(() => undefined)
  if (body === undefined) throw notNixie(base, response)
  return body
}

const notNixie = (base: URL, { status }: Response) =>
  new NixieError(
    'unavailable',
    `${base.origin} answers, but not as Nixie does (status ${status})`,
    'Name the right one with --server URL.',
  )

/** A table as `shape=columns` gives it. */
/** A link to a view comes as an object. */
type WireTable = Omit<ResultTable, 'rows' | 'values'> & {
  readonly count: number
  readonly values: readonly (readonly (Cell | object)[])[]
}

const cellOf = (cell: Cell | object): Cell =>
  typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell

const fromWire = ({ count, values, ...table }: WireTable): ResultTable => ({
  ...table,
  rows: count,
  values: values.map((cells) => cells.map(cellOf)),
})

class ServerBackend implements Backend {
  readonly #client: ServerClient

  constructor(client: ServerClient) {
    this.#client = client
  }

  async run(request: RunRequest): Promise<RunResult> {
    const response = await this.#ask(request, { shape: 'columns' })
    const result = (await response.json()) as Omit<RunResult, 'tables'> & { tables: WireTable[] }
    return { ...result, tables: result.tables.map(fromWire) }
  }

  async stream(request: RunRequest, { format, table, excel }: StreamOutput) {
    const response = await this.#ask(request, {
      format,
      ...(excel && { excel: '1' }),
      ...(table !== undefined && { table }),
    })
    const warnings = response.headers.get(WARNINGS_HEADER)
    return {
      warnings: warnings === null ? [] : (JSON.parse(warnings) as Warning[]),
      body: response.body ?? new Response('').body!,
    }
  }

  async schema(request: RunRequest): Promise<Schema> {
    return (await (await this.#ask(request, { schema: '1' })).json()) as Schema
  }

  async explain(request: RunRequest): Promise<Explained> {
    return (await (await this.#ask(request, { explain: '1' })).json()) as Explained
  }

  async #ask(
    { script, text, view, name, args = {}, limits, links = false }: RunRequest,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const query = new URLSearchParams(parameters)
    if (limits?.rows !== undefined) query.set('limit', String(limits.rows))
    if (links) query.set('links', '1')
    if (script === undefined) {
      return this.#client.open(`/api/query?${query}`, { query: text, args, view, name })
    }
    for (const [arg, value] of Object.entries(args)) query.set(`arg.${arg}`, value)
    return this.#client.open(`/api/run/${await this.#scriptPath(script)}?${query}`)
  }

  async scripts(): Promise<readonly ScriptSummary[]> {
    return (await this.#client.get<{ scripts: ScriptSummary[] }>('/api/scripts')).scripts
  }

  async script(name: string): Promise<ScriptInfo> {
    return this.#client.get(`/api/scripts/${await this.#scriptPath(name)}`)
  }

  async table(name: string, { startTime, endTime, limit }: TableOptions): Promise<ResultTable> {
    const query = new URLSearchParams({ shape: 'columns', limit: String(limit) })
    if (startTime !== undefined) query.set('start_time', startTime)
    if (endTime !== undefined) query.set('end_time', endTime)
    const path = `/api/tables/${encodeURIComponent(name)}?${query}`
    const { tables } = await this.#client.get<{ tables: WireTable[] }>(path)
    return fromWire(tables[0]!)
  }

  async tables(): Promise<readonly TableSummary[]> {
    return (await this.#client.get<{ tables: TableSummary[] }>('/api/tables')).tables
  }

  store(): Promise<StoreReport> {
    return this.#client.get('/api/store')
  }

  async close(): Promise<void> {}

  /** `px/http_data` as a path. A name of any other form is not a script's name. */
  async #scriptPath(name: string): Promise<string> {
    const parts = name.split('/')
    if (parts.length !== 2 || parts.includes('')) throw unknownScript(name, await this.scripts())
    return parts.map(encodeURIComponent).join('/')
  }
}

class StoreBackend implements Backend {
  readonly #runner: Runner

  constructor(runner: Runner) {
    this.#runner = runner
  }

  run(request: RunRequest): Promise<RunResult> {
    return run(this.#runner, request)
  }

  stream(request: RunRequest, output: StreamOutput) {
    return this.#runner.stream(request, output)
  }

  schema(request: RunRequest): Promise<Schema> {
    return this.#runner.schema(request)
  }

  explain(request: RunRequest): Promise<Explained> {
    return this.#runner.explain(request)
  }

  scripts(): Promise<readonly ScriptSummary[]> {
    return this.#runner.scripts()
  }

  async script(name: string): Promise<ScriptInfo> {
    const all = await this.#runner.scripts()
    const found = all.find((info) => info.name === name)
    if (!found) throw unknownScript(name, all)
    return found
  }

  table(name: string, options: TableOptions): Promise<ResultTable> {
    return newestRows(this.#runner, { name, ...options })
  }

  tables(): Promise<readonly TableSummary[]> {
    return this.#runner.tables()
  }

  store(): Promise<StoreReport> {
    return this.#runner.store()
  }

  close(): Promise<void> {
    return this.#runner.close()
  }
}

function unknownScript(name: string, scripts: readonly ScriptSummary[]): NixieError {
  const names = scripts.map((script) => script.name)
  const full = names.find((known) => known.endsWith(`/${name}`))
  const guess = full ? `Did you mean '${full}'? ` : didYouMean(name, names)
  return new NixieError(
    'unknown_script',
    `There is no script '${name}'`,
    `${guess}'nixie script list' lists them.`,
  )
}

export const readStatus = (client: ServerClient): Promise<Status> => client.get('/api/status')
