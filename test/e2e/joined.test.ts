/**
 * Clients that upload and download large bodies without any pause, on connections older than Nixie, from a server that answers a
 * while later: nothing in their times shows that they wait for each answer. Their rows begin with the first exchanges all the same.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { isRoot, Nixie, type Row } from '../support/nixie'
import { slowness } from '../support/pace'
import { freePort, Scope, until } from '../support/scope'

const BODY = 3_000_000
/** Room for all that is said, also where the machine leaves the capture thread no time for a while. */
const RING_BYTES = 256 << 20
/** Bytes up and down. */
const CLIENTS = { uploads: [BODY, 2], downloads: [0, BODY], both: [BODY, BODY] } as const

const CLIENT = `
import http.client, os, sys, threading, time
port, done, log = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def talk(name, up, down):
    body, n = bytes(up) or None, 0
    c = http.client.HTTPConnection('127.0.0.1', port)
    with open(f'{log}-{name}', 'w') as out:
        while not os.path.exists(done):
            begun = time.time()
            c.request('PUT' if up else 'GET', '/%s/%06d' % (name, n), body=body, headers={'X-Down': str(down)})
            c.getresponse().read()
            print(n, begun, file=out, flush=True)
            n += 1
talks = [threading.Thread(target=talk, args=(name, int(up), int(down))) for name, up, down in (each.split(',') for each in sys.argv[4:])]
for each in talks: each.start()
for each in talks: each.join()
`

/** Nixie sees the server, too, or the client alone: the server is in another pid namespace. */
describe.skipIf(!isRoot).each(['both ends', 'the client alone'])(
  'large bodies without a pause, %s (needs root)',
  (seen) => {
    const scope = new Scope('joined')
    let port: number
    let rows: Row[] = []
    let readyAt: number
    /** Of this machine, with all that it does: it is longer on a busy one. */
    let second: number
    let logs: string

    beforeAll(async () => {
      port = await freePort()
      const answer = Buffer.alloc(BODY, 'y')
      const server = createServer((request, response) => {
        request.resume().on('end', async () => {
          await Bun.sleep(15 + 10 * Math.random())
          response.writeHead(200, { Exchange: request.url!, 'Content-Length': request.headers['x-down'] })
          response.end(answer.subarray(0, Number(request.headers['x-down'])))
        })
      })
      await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
      scope.defer(() => {
        server.closeAllConnections()
        server.close()
      })
      const [script, done, log] = ['client.py', 'done', 'log'].map((name) => join(scope.dir, name))
      logs = log!
      writeFileSync(script!, CLIENT)
      scope.defer(() => writeFileSync(done!, ''))
      const clients = Object.entries(CLIENTS).map(([name, numbers]) => [name, ...numbers].join())
      const command = ['python3', script!, `${port}`, done!, log!, ...clients]
      const isBusy = () => Object.keys(CLIENTS).every((name) => exchangesOf(name).length > 3)
      if (seen === 'both ends') {
        Bun.spawn(command)
        await until('the clients are busy', isBusy)
      }
      const inNamespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c']
      const behind = 'clients=$1; shift; $clients & sleep 1; exec "$@"'
      const nixie = await Nixie.start(scope, {
        flags: ['--ring-bytes', `${RING_BYTES}`, '--cpu-budget', 'off'],
        under: seen === 'both ends' ? [] : [...inNamespace, behind, 'sh', command.join(' ')],
      })
      readyAt = Date.now() / 1000
      await until('some seconds of exchanges', () => began(readyAt + 2, Number.POSITIVE_INFINITY).length > 20)
      second = slowness()
      const ask = `import px\ndf = px.DataFrame('http_events', start_time='-5m')\ndf = df[df.remote_port == ${port} or df.local_port == ${port}]\npx.display(df[['req_path', 'resp_headers', 'resp_status', 'req_body_size', 'resp_body_size']])`
      rows = await until('rows of all', async () => {
        const all = await nixie.query(ask)
        // The ring is read in its order: then the early ones were read, too.
        const paths = new Set(began(readyAt + 2 * second, Number.POSITIVE_INFINITY))
        const read = all.map(({ req_path }) => `${req_path}`).filter((path) => paths.has(path))
        return Object.keys(CLIENTS).every((name) => read.some((path) => path.includes(name))) && all
      })
      writeFileSync(done!, '')
    })
    afterAll(() => scope.close())

    const exchangesOf = (name: string) => {
      try {
        return readFileSync(`${logs}-${name}`, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => line.split(' ').map(Number) as [number, number])
      } catch {
        return []
      }
    }
    /** Paths of the exchanges that began in this time. */
    const began = (from: number, until: number) =>
      Object.keys(CLIENTS).flatMap((name) =>
        exchangesOf(name)
          .filter(([, at]) => at >= from && at < until)
          .map(([n]) => `/${name}/${`${n}`.padStart(6, '0')}`),
      )
    const answered = () => rows.filter(({ resp_status }) => resp_status === 200)

    test('no pair is wrong, and sizes are right', () => {
      for (const { req_path, resp_headers, req_body_size, resp_body_size } of answered()) {
        const [up, down] = CLIENTS[`${req_path}`.split('/')[1] as keyof typeof CLIENTS]
        expect([
          JSON.parse(`${resp_headers}`).Exchange,
          Number(req_body_size),
          Number(resp_body_size),
        ]).toEqual([req_path, up, down])
      }
    })

    test.each(Object.keys(CLIENTS))('%s have rows within a second', (name) => {
      const early = began(readyAt, readyAt + second).filter((path) => path.startsWith(`/${name}/`))
      const paths = new Set(answered().map(({ req_path }) => req_path))
      // On a busy machine some are lost, and counted: what a connection says is only counted for a second then.
      expect(early.filter((path) => paths.has(path))).not.toEqual([])
    })
  },
)
