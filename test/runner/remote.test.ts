/** A runner that is another Nixie answers as that one's own does: over the real API, without a port. */
import { describe, expect, test } from 'bun:test'
import { NixieError } from '../../src/errors'
import { type ApiClient, RemoteRunner, toldError } from '../../src/runner/remote'
import { newestRows, run } from '../../src/runner/result'
import type { Runner } from '../../src/runner/runner'
import { testApp } from '../support/app'
import { EXPLAINED, HTTP_DATA, STORE } from '../support/recording-runner'

function setUp() {
  const { app, runner: own } = testApp()
  const open: ApiClient['open'] = async (path, body, signal) => {
    const headers = { host: '127.0.0.1', 'content-type': 'application/json' }
    const asked = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const answer = await app.request(path, { headers, ...asked, ...(signal && { signal }) })
    if (answer.ok) return answer
    throw (await toldError(answer)) ?? new Error(`status ${answer.status}`)
  }
  const get = async (path: string) => (await open(path)).json()
  return { own, remote: new RemoteRunner({ open, get } as ApiClient) }
}

const ARGS = { start_time: '-1m', destination_filter: 'a & b' }

describe('asks for the same, and gives the same', () => {
  const both = async <T>(ask: (runner: Runner) => Promise<T>) => {
    const { own, remote } = setUp()
    const [there, here] = [await ask(remote), await ask(own)]
    expect(there).toEqual(here)
    return { own, there }
  }

  test('of a script, with its arguments', async () => {
    const { own, there } = await both((runner) =>
      run(runner, { script: 'px/http_data', args: ARGS, links: true }),
    )
    expect(there.tables[0]!.rows).toBeGreaterThan(0)
    expect(own.asked[0]).toMatchObject({ script: 'px/http_data', args: ARGS, links: true })
  })

  test('of a text with its view, name and limit', async () => {
    const asked = { text: 'import px', view: '{}', name: 'px/mine', args: { a: '1' }, limits: { rows: 7 } }
    const { own } = await both((runner) => run(runner, asked))
    expect(own.asked[0]).toMatchObject(asked)
  })

  test('of a table', async () => {
    const asked = { name: 'http_events', startTime: '-5m', endTime: '-1m', limit: 5 }
    const { own } = await both((runner) => newestRows(runner, asked))
    expect(own.tableCalls[0]).toEqual(asked)
  })

  test('of what else there is to ask', async () => {
    await both((runner) => runner.schema({ script: 'px/http_data' }))
    await both((runner) => runner.check('px.nope', undefined))
    await both((runner) => runner.complete('df.', 3))
    await both((runner) => runner.script('px/http_data'))
    for (const name of ['px/nothing', 'http_data', 'a/b/c', '']) await both((runner) => runner.script(name))
    await both((runner) => runner.tables())
    const { remote } = setUp()
    expect(await remote.explain({ text: 'import px' })).toEqual(EXPLAINED)
    expect(await remote.store()).toEqual(STORE)
    const { widgets, text, viewText, ...summary } = HTTP_DATA
    expect(await remote.scripts()).toEqual([summary])
  })
})

test('rows as they come, with the warnings of their header', async () => {
  const { remote } = setUp()
  const { body, warnings, end } = await remote.stream(
    { script: 'px/http_data' },
    { format: 'csv', excel: true },
  )
  expect(warnings).toHaveLength(1)
  expect(await new Response(body).text()).toContain('\r\n')
  await end
})

test('errors are those that it tells; a name that is no path is guessed', async () => {
  const { own, remote } = setUp()
  own.failure = new NixieError('unknown_column', "No column 'x'", 'There is: time_.', { line: 2, column: 6 })
  await expect(run(remote, { text: 'x' })).rejects.toMatchObject({ shape: { line: 2, column: 6 } })
  await expect(run(remote, { script: 'http_data' })).rejects.toMatchObject({
    shape: { code: 'unknown_script', hint: expect.stringContaining("Did you mean 'px/http_data'?") },
  })
})
