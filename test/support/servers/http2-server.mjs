// HTTP/2 of Node, in the clear, or within TLS. Arguments: the port, then a certificate and its key.
import { readFileSync } from 'node:fs'
import { createSecureServer, createServer } from 'node:http2'

const [, , port, cert, key] = process.argv
const server = cert
  ? createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) })
  : createServer()
server.on('stream', (stream, headers) => {
  const path = headers[':path']
  stream.on('error', () => {})
  if (path.startsWith('/status/')) {
    stream.respond({ ':status': Number(path.slice(8)), 'x-path': path }, { endStream: true })
    return
  }
  if (path.startsWith('/hang')) return
  if (path.startsWith('/big/')) {
    stream.respond({ 'content-type': 'application/octet-stream' })
    stream.end(Buffer.alloc(Number(path.slice(5)), 'b'))
    return
  }
  if (path.startsWith('/parts')) {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-parts': '5' }))
    let sent = 0
    const next = () =>
      ++sent < 5 ? (stream.write(`part ${sent};`), setTimeout(next, 2)) : stream.end('last')
    next()
    return
  }
  if (path.startsWith('/push')) {
    stream.pushStream({ ':path': '/pushed.css' }, (error, pushed) => {
      if (error) throw error
      pushed.respond({ ':status': 200 })
      pushed.end('css')
    })
  }
  stream.additionalHeaders({ ':status': 103, link: '</style.css>' })
  let bytes = 0
  stream.on('data', (part) => {
    bytes += part.length
  })
  stream.on('end', () => {
    stream.respond({ 'content-type': 'application/json', 'x-got': String(bytes) })
    stream.end(JSON.stringify({ path, bytes }))
  })
})
server.listen(Number(port), '127.0.0.1', () => console.log('listening'))
