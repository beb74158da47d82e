/** On a host without Kubernetes processes have the names that people use, both servers and clients that are gone at once. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { curl } from '../support/clients'
import { isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Server, startNginx, startNode, startPython } from '../support/servers'

describe.skipIf(!isRoot)('names (needs root)', () => {
  const scope = new Scope('names')
  const other = new Scope('other-names')
  let nixie: Nixie
  let servers: Server[]

  beforeAll(async () => {
    nixie = await Nixie.start(scope)
    // The second nginx and node come when the first ones have had their names for a while.
    servers = [await startNginx(scope), await startNode(scope), await startPython(scope)]
    servers.push(await startNginx(other), await startNode(other))
    for (const { port } of servers) for (let i = 0; i < 3; i++) await curl(port, `/hello?named-${port}-${i}`)
    await nixie.waitForRows('named-', 15)
  })
  afterAll(async () => {
    await other.close()
    await scope.close()
  })

  const named = async (server: Server) => {
    const rows = await nixie.query(`import px
df = px.DataFrame('http_events', start_time='-5m')
df = df[px.contains(df.req_path, 'named-${server.port}-')]
df.pod = df.ctx['pod']
df.process = df.ctx['process']
px.display(df[['pod', 'process']].groupby(['pod', 'process']).agg())
`)
    return rows.map(({ pod, process }) => [pod, process])
  }

  test('two of one name have their ports, workers too; a script is told by itself', async () => {
    const [nginx, node, python, nginx2, node2] = servers as [Server, Server, Server, Server, Server]
    const names = [
      [nginx, `nginx :${nginx.port}`],
      [nginx2, `nginx :${nginx2.port}`],
      [node, `node node-server.mjs :${node.port}`],
      [node2, `node node-server.mjs :${node2.port}`],
    ] as const
    for (const [server, name] of names)
      await until(name, async () => {
        const found = await named(server)
        if (!Bun.deepEquals(found, [[name, name]])) throw new Error(JSON.stringify(found))
        return true
      })
    // The only one here; another one may run on the machine.
    expect((await named(python))[0]![0]).toStartWith('python3 python-server.py')
  })

  test('clients that were gone at once have their command lines, without their secrets', async () => {
    const { port } = servers[0]!
    await curl(port, '/hello?brief-0&access_token=hunter2', {
      headers: ['Authorization: Bearer hunter2hunter2'],
    })
    const rows = await until('the client', async () => {
      const rows = await nixie.query(`import px
df = px.DataFrame('conn_stats', start_time='-5m')
df.cmd = df.ctx['cmdline']
df.process = df.ctx['process']
df = df[px.contains(df.cmd, 'brief-0')]
px.display(df[['cmd', 'process']].groupby(['cmd', 'process']).agg())
`)
      return rows.length > 0 && rows
    })
    expect(rows).toHaveLength(1)
    expect(rows[0]!.process).toBe('curl')
    expect(rows[0]!.cmd).toContain('-H Authorization: [redacted]')
    expect(rows[0]!.cmd).toEndWith('/hello?brief-0&access_token=[redacted]')
  })
})
