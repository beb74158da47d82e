// WebSocket by ws on Node: says everything again. Arguments: the port, then optionally a certificate and its key for TLS. What is
// agreed on is by the path: /takeover/…, /alone/… (compressed each by itself, small windows), /plain/…; over HTTP/2 (its own port,
// the second line of the output) by extended CONNECT (RFC 8441), compressed.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { createRequire } from 'node:module'
import { WebSocket, WebSocketServer } from 'ws'

const [port, cert, key] = process.argv.slice(2)
const modes = {
  takeover: { threshold: 0 },
  alone: {
    threshold: 0,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 10,
  },
  plain: false,
}
const servers = Object.entries(modes).map(([mode, perMessageDeflate]) => [
  mode,
  new WebSocketServer({ noServer: true, perMessageDeflate }),
])

function echo(socket) {
  socket.on('error', () => {})
  socket.on('message', (said, isBinary) => {
    if (!isBinary && String(said).startsWith('parts:')) {
      // A message in three frames, with a ping between them.
      const text = String(said)
      socket.send(text.slice(0, 3), { fin: false })
      socket.ping('between')
      socket.send(text.slice(3, 5), { fin: false })
      socket.send(text.slice(5), { fin: true })
    } else socket.send(said, { binary: isBinary })
  })
}

const server = cert
  ? createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) })
  : createServer((_, answer) => answer.end('ok'))
server.on('upgrade', (request, socket, head) => {
  const [, chosen] = servers.find(([mode]) => request.url.startsWith(`/${mode}/`)) ?? servers.at(-1)
  chosen.handleUpgrade(request, socket, head, echo)
})
await new Promise((done) => server.listen(Number(port), '127.0.0.1', done))
console.log(server.address().port)

const require = createRequire(import.meta.url)
const Deflate = require(require.resolve('ws').replace(/index\.js$/, 'lib/permessage-deflate.js'))
const http2 = createHttp2Server({ settings: { enableConnectProtocol: true } })
http2.on('stream', (stream, headers) => {
  if (headers[':protocol'] !== 'websocket') return stream.respond({ ':status': 400 }, { endStream: true })
  stream.respond({ ':status': 200, 'sec-websocket-extensions': 'permessage-deflate' })
  const socket = new WebSocket(null, undefined, { autoPong: true })
  const deflate = new Deflate({ threshold: 0 }, true)
  deflate.accept([{}])
  socket._extensions['permessage-deflate'] = deflate
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 20 })
  echo(socket)
})
await new Promise((done) => http2.listen(0, '127.0.0.1', done))
console.log(http2.address().port)
