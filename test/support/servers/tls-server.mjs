/** An HTTPS server of Node that tells each client its port. Arguments: certificate, key. Prints its port. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'

const [, , cert, key] = process.argv
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  let bytes = 0
  request.on('data', (part) => {
    bytes += part.length
  })
  request.on('end', () => {
    response.setHeader('X-Port', request.socket.remotePort)
    response.end(`took ${bytes} bytes of ${request.url}\n`)
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
