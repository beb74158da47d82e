// An HTTP server of Node.js that keeps its own log. Prints its port; argument: the log file (a JSON object per line).
import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'

const log = openSync(process.argv[2], 'a')
const ITEMS = JSON.stringify({ items: Array.from({ length: 200 }, (_, i) => ({ id: i, name: `item ${i}` })) })
const ZIPPED = gzipSync(ITEMS)
const LARGE = '0123456789'.repeat(10_000)
const BINARY = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256))

/** [status, headers, parts]; more than one part goes out chunked. */
async function answer(url, body) {
  switch (url.pathname) {
    case '/hello':
      return [200, { 'Content-Type': 'text/plain' }, ['hello\n']]
    case '/json':
      return [200, { 'Content-Type': 'application/json' }, ['{"ok":true}']]
    case '/chunked':
      return [200, { 'Content-Type': 'text/plain' }, Array.from({ length: 5 }, (_, i) => `chunk ${i}\n`)]
    case '/gzip':
      return [200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, [ZIPPED]]
    case '/large':
      return [200, { 'Content-Type': 'text/plain' }, [LARGE]]
    case '/binary':
      return [200, { 'Content-Type': 'application/octet-stream' }, [BINARY]]
    case '/not-modified':
      return [304, { ETag: '"1"' }, []]
    case '/item':
      return [204, {}, []]
    case '/secret':
      return [200, { 'Content-Type': 'text/plain', 'Set-Cookie': 'session=hunter2' }, ['hello\n']]
    case '/echo':
      return [200, { 'Content-Type': 'text/plain' }, [body]]
    case '/slow':
      await new Promise((done) => setTimeout(done, Number(url.searchParams.get('ms'))))
      return [200, { 'Content-Type': 'text/plain' }, ['slow\n']]
    default:
      return [404, { 'Content-Type': 'text/plain' }, ['nothing here\n']]
  }
}

const server = createServer(async (request, response) => {
  const started = process.hrtime.bigint()
  const received = []
  for await (const part of request) received.push(part)
  const body = Buffer.concat(received)
  const [status, headers, parts] = await answer(new URL(request.url, 'http://localhost'), body)
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0)
  response.on('finish', () => {
    const line = {
      method: request.method,
      path: request.url,
      status,
      req_body_size: body.length,
      resp_body_size: request.method === 'HEAD' ? 0 : length,
      latency: Number(process.hrtime.bigint() - started),
      remote_port: request.socket.remotePort,
    }
    writeSync(log, `${JSON.stringify(line)}\n`)
  })
  if (parts.length === 1) headers['Content-Length'] = length
  response.writeHead(status, headers)
  for (const part of parts) if (request.method !== 'HEAD') response.write(part)
  response.end()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
