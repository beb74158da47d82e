/** What runs within HTTP: calls of language models, JSON-RPC, GraphQL and services, as the client libraries say that they were answered. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { counted, logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

/** A call as the client logs it; what an answer doesn't say is -1. */
interface Call {
  readonly shape: string
  readonly streamed: boolean
  readonly model: string
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly reasoning: number
  readonly stop: string
  readonly tools: string
  readonly error: string
  readonly status: number
  readonly inputTime?: number
  readonly outputTime?: number
  /** Milliseconds to the first event and to the last one, of a stream. */
  readonly firstMs?: number
  readonly allMs?: number
}

const asLogged = ({ firstMs: _first, allMs: _all, inputTime = -1, outputTime = -1, ...call }: Call) => ({
  ...call,
  inputTime,
  outputTime,
})

const asShown = (row: Row) => ({
  shape: row.shape,
  streamed: row.streamed,
  model: row.model,
  input: row.input_tokens,
  output: row.output_tokens,
  cached: row.cached_tokens,
  reasoning: row.reasoning_tokens,
  stop: row.stop_reason,
  tools: row.tools,
  error: row.error,
  status: row.resp_status,
  inputTime: row.input_time,
  outputTime: row.output_time,
})

describe.skipIf(!isRoot)('views of what runs within HTTP (needs root)', () => {
  const scope = new Scope('http-views')
  let nixie: Nixie
  let port: number

  beforeAll(async () => {
    port = await freePort()
    await serve(scope, ['node', join(root, 'test/support/servers/api-server.mjs'), String(port)], [port])
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 60_000)
  afterAll(() => scope.close(), 15_000)

  const client = <T>(name: string) =>
    logOf<T>(['node', join(root, 'test/support/clients', name), String(port)])

  /** What a script of the library shows of the server, once it has so many rows. */
  const rowsOf = (script: string, table: string, count: number): Promise<Row[]> =>
    until(
      `${count} rows of ${script}`,
      async () => {
        const answer = await nixie.ask(
          `/api/run/nixie/${script}?start_time=-10m&destination_filter=api-server`,
        )
        if (answer.status !== 200) throw new Error(answer.text)
        const { rows } = answer.tables.find(({ name }) => name === table)!
        if (rows.length < count) throw new Error(`${rows.length} rows`)
        return rows
      },
      20_000,
    )

  test('calls of language models: counts, stop reasons, tools and errors, streamed, coded and beyond what is kept', async () => {
    const calls = await client<Call>('llm.mjs')
    expect(calls.length).toBeGreaterThan(12)
    const rows = await rowsOf('llm_data', 'llm_data', calls.length)
    expect(counted(rows.map(asShown))).toEqual(counted(calls.map(asLogged)))
    // Most answers are longer than what is kept of them, which didn't grow.
    for (const { resp_body } of await nixie.query(
      "import px\npx.display(px.DataFrame('http_events', start_time='-10m'))",
    ))
      expect(String(resp_body).length).toBeLessThanOrEqual(1024)

    const streams = calls.filter(({ firstMs }) => firstMs !== undefined)
    expect(streams.length).toBe(2)
    for (const { firstMs, allMs, input } of streams) {
      const row = rows.find(
        (each) => each.streamed && each.shape === 'openai-chat' && each.input_tokens === input,
      )!
      const first = Number(row.first_token_latency) / 1e6
      // The server waits for 150 ms before the first event, and for 50 before the end.
      expect(first).toBeGreaterThan(145)
      expect(first).toBeLessThanOrEqual(firstMs! + 1)
      expect(Number(row.latency) / 1e6).toBeGreaterThan(first + 45)
      expect(Number(row.latency) / 1e6).toBeLessThanOrEqual(allMs! + 1)
    }
    const [models] = await rowsOf('llm_data', 'llm_models', 1).then((all) =>
      all.filter(({ shape }) => shape === 'openai-chat'),
    )
    const chats = calls.filter(({ shape }) => shape === 'openai-chat')
    const known = (key: 'input' | 'output') => chats.reduce((sum, call) => sum + Math.max(0, call[key]), 0)
    expect(models).toMatchObject({
      calls: chats.length,
      failures: 0,
      uncounted: 1,
      input_tokens: known('input'),
      output_tokens: known('output'),
    })
  })

  test('JSON-RPC, GraphQL, and operations that heads name', async () => {
    const lines = await client<Row>('rpc.mjs')
    const logged = (of: string) => lines.filter((line) => line.of === of)
    const calls = await rowsOf('jsonrpc_data', 'jsonrpc_data', logged('jsonrpc').length)
    expect(
      counted(
        calls.map(({ method, calls: n, id, error_code: code, error }) => ({
          of: 'jsonrpc',
          method,
          calls: n,
          id,
          code,
          error,
        })),
      ),
    ).toEqual(counted(logged('jsonrpc')))
    const operations = await rowsOf('graphql_data', 'graphql_data', logged('graphql').length)
    expect(
      counted(
        operations.map(({ req_method: method, kind, operation, errors, error }) => ({
          of: 'graphql',
          method,
          kind,
          operation,
          errors,
          error,
        })),
      ),
    ).toEqual(counted(logged('graphql')))
    const named = await rowsOf('http_operations', 'http_operations_data', logged('operation').length)
    expect(counted(named.map(({ service, operation }) => ({ of: 'operation', service, operation })))).toEqual(
      counted(logged('operation')),
    )
  })
})
