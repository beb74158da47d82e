/**
 * Records the traffic of `fixtures/http-dns.rec`, of real sockets; needs root. Run it where nobody else's processes are seen:
 * `unshare --pid --fork --mount-proc bun test/recording/make-fixture.ts`. The rows in `replay.test.ts` are those of the file, so
 * a new file has other times, ports and process ids.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join, resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { answer, query } from '../protocols/dns/build'

const root = resolve(import.meta.dir, '../..')
const target = join(import.meta.dir, 'fixtures/http-dns.rec')

/** Answers that decoding, framing and redaction have something to do with. */
const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/plain': (response) => response.end('plain text'),
  '/gzip': (response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"price":12,"name":"a thing"}')),
  '/br': (response) =>
    response
      .writeHead(200, { 'content-encoding': 'br' })
      .end(brotliCompressSync('{"token":"hunter2hunter2"}')),
  '/chunks': (response) => {
    response.write('{"password":"hun')
    response.end('ter2hunter2","n":1}')
  },
  '/large': (response) => response.end('0123456789abcdef'.repeat(512)),
}

async function ask(port: number, head: string, body = ''): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`${head}\r\nHost: fixture.test\r\nConnection: close\r\n\r\n${body}`)
  socket.resume()
  await once(socket, 'close')
}

async function lookUp(port: number, id: number, name: string): Promise<void> {
  const socket = createSocket('udp4')
  socket.send(query(id, name), port, '127.0.0.1')
  await once(socket, 'message')
  socket.close()
}

const web = createServer((request, response) => {
  request.resume()
  const path = request.url!.split('?', 1)[0]!
  const reply = ANSWERS[path] ?? ((to) => to.writeHead(404).end('nothing here'))
  request.on('end', () => reply(response))
}).listen(0, '127.0.0.1')
const names = createSocket('udp4')
names.on('message', (asked, { port, address }) => {
  const name = asked[12] === 4 ? 'mail.fixture.test' : 'www.fixture.test'
  names.send(answer(asked.readUInt16BE(0), name, ['192.0.2.7']), port, address)
})
names.bind(0, '127.0.0.1')
await Promise.all([once(web, 'listening'), once(names, 'listening')])
const port = (web.address() as AddressInfo).port

const recorder = Bun.spawn(
  [process.execPath, join(root, 'src/main.ts'), 'record', '--for', '20s', '-o', target],
  { stderr: 'pipe' },
)
const said = recorder.stderr.getReader()
let text = ''
while (!text.includes('Recording for')) {
  const { value, done } = await said.read()
  if (done) throw new Error(`the recorder ended: ${text}`)
  text += new TextDecoder().decode(value)
}

for (const path of Object.keys(ANSWERS)) await ask(port, `GET ${path}?page=1 HTTP/1.1`)
await ask(port, 'GET /missing?api_key=hunter2hunter2 HTTP/1.1\r\nAuthorization: Bearer hunter2hunter2')
const form = 'user=bob&password=hunter2hunter2'
await ask(
  port,
  `POST /plain HTTP/1.1\r\nContent-Length: ${form.length}\r\nContent-Type: application/x-www-form-urlencoded`,
  form,
)
await lookUp(names.address().port, 1, 'www.fixture.test')
await lookUp(names.address().port, 2, 'mail.fixture.test')
// A process with a secret in its command line, and one connection more.
await Bun.spawn([
  'curl',
  '-s',
  '-o',
  '/dev/null',
  '-u',
  'bob:hunter2hunter2',
  `http://127.0.0.1:${port}/plain`,
]).exited
recorder.kill('SIGINT')
await recorder.exited
web.close()
names.close()
process.exit(recorder.exitCode ?? 1)
