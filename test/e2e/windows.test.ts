/**
 * A client that always has two requests outstanding, on connections older than Nixie, whose server runs where Nixie sees nothing:
 * at the client's end it looks as if it took turns. No pair is wrong; and a client that does take turns has its rows.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { isRoot, Nixie, type Row } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

/** Names in the paths: window, exchanges before and behind Nixie's start (0 before: as many as it takes), longest thought in s. */
const CLIENTS = {
  'at-once': [2, 0, 300, 0],
  thinking: [2, 5, 30, 0.4],
  turns: [1, 5, 12, 0.8],
} as const

const CLIENT = `
import random, socket, sys, threading, time, os
port, go, done = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def talk(name, window, before, behind, thought):
    s = socket.create_connection(('127.0.0.1', port)); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    asked, read, begun = 0, b'', False
    def ask():
        nonlocal asked
        s.sendall(b'GET /%s/%d HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' % (name.encode(), asked)); asked += 1
    for i in range(window): ask()
    while behind > 0:
        begun = begun or os.path.exists(go)
        if begun: behind -= 1
        while b'\\r\\n\\r\\nok' not in read: read += s.recv(65536)
        read = read[read.index(b'\\r\\n\\r\\nok') + 6:]
        while before and not begun and asked > before: time.sleep(0.01); begun = os.path.exists(go)
        time.sleep(random.random() * thought)
        ask()
    s.close()
def of(each):
    name, window, before, behind, thought = each.split(',')
    return threading.Thread(target=talk, args=(name, int(window), int(before), int(behind), float(thought)))
clients = [of(each) for each in sys.argv[4:] for i in range(4)]
`
const RUN = `${CLIENT}
for each in clients: each.start()
for each in clients: each.join()
open(done, 'w').close()
`

describe.skipIf(!isRoot)('requests outstanding on older connections (needs root)', () => {
  const scope = new Scope('windows')
  const rows: Row[] = []
  let port: number

  beforeAll(async () => {
    port = await freePort()
    // Answers in order, one after the other, some milliseconds each.
    const server = createServer((socket) => {
      let asked = ''
      let last = Promise.resolve()
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        asked += bytes
        for (let end = asked.indexOf('\r\n\r\n'); end >= 0; end = asked.indexOf('\r\n\r\n')) {
          const [, path] = asked.slice(0, end).split(' ')
          asked = asked.slice(end + 4)
          last = last.then(async () => {
            await Bun.sleep(2 + 6 * Math.random())
            socket.write(`HTTP/1.1 200 OK\r\nExchange: ${path}\r\nContent-Length: 2\r\n\r\nok`)
          })
        }
      })
    })
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
    scope.defer(() => void server.close())
    const [script, go, done] = ['client.py', 'go', 'done'].map((name) => join(scope.dir, name))
    writeFileSync(script!, RUN)
    const clients = Object.entries(CLIENTS).map(([name, numbers]) => [name, ...numbers].join())
    // Nixie sees its own pid namespace: the client's, which is begun with it, and not this one, where the server is.
    const nixie = await Nixie.start(scope, {
      // Clients that never pause ask more than a budget has rows for.
      flags: ['--cpu-budget', 'off'],
      under: [
        ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c'],
        'script=$1 port=$2 go=$3 done=$4 clients=$5; shift 5; python3 $script $port $go $done $clients & exec "$@"',
        ...['sh', script!, `${port}`, go!, done!, clients.join(' ')],
      ],
    })
    writeFileSync(go!, '')
    await until('the clients are done', () => Bun.file(done!).exists())
    const ask = `import px\ndf = px.DataFrame('http_events', start_time='-5m')\ndf = df[df.remote_port == ${port}]\npx.display(df)`
    await until('rows of the client that takes turns', async () => {
      rows.splice(0, rows.length, ...(await nixie.query(ask)))
      return rows.filter(({ req_path }) => `${req_path}`.startsWith('/turns/')).length >= 40
    })
  })
  afterAll(() => scope.close())

  const pairsOf = (name: string) =>
    rows
      .filter(({ req_path, resp_status }) => `${req_path}`.startsWith(`/${name}/`) && resp_status === 200)
      .map(({ req_path, resp_headers }) => [`${req_path}`, JSON.parse(`${resp_headers}`).Exchange as string])

  test.each(Object.keys(CLIENTS))('no pair of the client %s is wrong', (name) => {
    expect(pairsOf(name).filter(([asked, answered]) => asked !== answered)).toEqual([])
  })

  test('only its own end was seen', () => {
    expect([...new Set(rows.map(({ trace_role }) => trace_role))]).toEqual([1])
  })
})
