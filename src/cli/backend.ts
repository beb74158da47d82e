/** Where the client commands get their answers: a running server, or the store itself. */
import { existsSync, readFileSync } from 'node:fs'
import { hostOf, isLoopback } from '../api/access'
import type { Status } from '../api/status'
import { SETTINGS } from '../config'
import { type ErrorShape, NixieError } from '../errors'
import type {
  ResultTable,
  Runner,
  RunRequest,
  RunResult,
  ScriptInfo,
  ScriptVariable,
  TableSummary,
} from '../runner/runner'
import { didYouMean } from '../suggest'
import { type Invocation, type Option, UsageError } from './command'

export interface ScriptSummary {
  readonly name: string
  readonly short: string
  readonly long: string
  readonly variables: readonly ScriptVariable[]
}

export type TableOptions = Parameters<Runner['table']>[1]

export interface Backend {
  run(request: RunRequest): Promise<RunResult>
  scripts(): Promise<readonly ScriptSummary[]>
  script(name: string): Promise<ScriptInfo>
  table(name: string, options: TableOptions): Promise<ResultTable>
  tables(): Promise<readonly TableSummary[]>
  close(): Promise<void>
}

const DEFAULT_SERVER = `http://${SETTINGS.listen.fallback}`

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

/** What `data-dir` or `server` name. @throws UsageError when both are given. */
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
  // The engine is loaded only here: most commands only ask a server and should start at once.
  const { openRunner } = await import('../runner/client')
  return new StoreBackend(await openRunner({ dataDir }))
}

export interface ServerClient {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
}

export function serverClient({ flags, io }: Pick<Invocation, 'flags' | 'io'>): ServerClient {
  const given = flags.server ?? io.env.NIXIE_SERVER ?? DEFAULT_SERVER
  const base = URL.parse(/^https?:\/\//.test(given) ? given : `http://${given}`)
  if (!base) throw new UsageError(`--server: '${given}' is not a URL`)
  if (isLoopback(hostOf(base.host))) bypassProxy(base.hostname)
  const headers: Record<string, string> = { Accept: 'application/json' }
  const tokenFile = flags['token-file'] ?? io.env[SETTINGS.tokenFile.env]
  if (tokenFile) headers.Authorization = `Bearer ${readTokenFile(tokenFile)}`
  return {
    get: (path) => request(base, path, { headers }),
    post: (path, body) =>
      request(base, path, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
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
      `The token file can't be read: ${(cause as Error).message}`,
      'Name a file that you may read with --token-file.',
    )
  }
}

async function request<T>(base: URL, path: string, init: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(new URL(path, base), init)
  } catch (cause) {
    throw new NixieError(
      'unavailable',
      `No Nixie answers at ${base.origin} (${(cause as { code?: string }).code ?? (cause as Error).message})`,
      'Start it (nixie serve, or systemctl start nixie), name another with --server URL, or read stored data with --data-dir DIR.',
    )
  }
  const body = await response.json().catch(() => undefined)
  if (response.ok && body !== undefined) return body as T
  const { error } = (body ?? {}) as { error?: ErrorShape }
  if (error?.code !== undefined) throw NixieError.fromShape(error)
  throw new NixieError(
    'unavailable',
    `${base.origin} answers, but not as Nixie does (status ${response.status})`,
    'Name the right one with --server URL.',
  )
}

/** A table as `shape=columns` gives it. */
type WireTable = Omit<ResultTable, 'rows'> & { readonly count: number }

const fromWire = ({ count, ...table }: WireTable): ResultTable => ({ ...table, rows: count })

class ServerBackend implements Backend {
  readonly #client: ServerClient

  constructor(client: ServerClient) {
    this.#client = client
  }

  async run({ script, text, args = {}, limits }: RunRequest): Promise<RunResult> {
    const query = new URLSearchParams({ shape: 'columns' })
    if (limits?.rows !== undefined) query.set('limit', String(limits.rows))
    let answer: Promise<Omit<RunResult, 'tables'> & { tables: WireTable[] }>
    if (script === undefined) {
      answer = this.#client.post(`/api/query?${query}`, { query: text, args })
    } else {
      for (const [name, value] of Object.entries(args)) query.set(`arg.${name}`, value)
      answer = this.#client.get(`/api/run/${await this.#scriptPath(script)}?${query}`)
    }
    const result = await answer
    return { ...result, tables: result.tables.map(fromWire) }
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

  async close(): Promise<void> {}

  /** `px/http_data` as a path; what has another form names no script. */
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
    return this.#runner.run(request)
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
    return this.#runner.table(name, options)
  }

  tables(): Promise<readonly TableSummary[]> {
    return this.#runner.tables()
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
