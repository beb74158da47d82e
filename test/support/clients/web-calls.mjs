// Calls Get of servers/shop.proto over HTTP/1.1, by Connect and by gRPC-Web, on a server of its own; prints the path of each as a JSON line.
// Arguments: the port, and the id of the order.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import protobuf from 'protobufjs'

const [port, id] = process.argv.slice(2)
const root = await protobuf.load(join(import.meta.dirname, '../servers/shop.proto'))
const { requestType, responseType } = root.lookupService('shop.Orders').methods.Get
const [asked, order] = [root.lookupType(`shop.${requestType}`), root.lookupType(`shop.${responseType}`)]
const encoded = (type, value) => type.encode(type.fromObject(value)).finish()

/** Flags and a length before each message. */
function framed(flags, content) {
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(content.length, 1)
  return Buffer.concat([head, content])
}
const trailers = (text) => framed(0x80, Buffer.from(text))

const server = createServer(async (request, response) => {
  const type = request.headers['content-type']
  const body = Buffer.concat(await request.toArray())
  const isWeb = type === 'application/grpc-web+proto'
  const { id: wanted } = asked.decode(isWeb ? body.subarray(5) : body)
  const answer = encoded(order, { id: wanted, state: 'PAID', price: 2.5 })
  response.writeHead(200, { 'content-type': type })
  if (!isWeb) return response.end(answer)
  response.write(framed(0, answer))
  response.end(trailers('grpc-status:0\r\n'))
})
await once(server.listen(Number(port), '127.0.0.1'), 'listening')
const question = encoded(asked, { id, limit: 3 })
for (const [type, body, headers] of [
  ['application/proto', question, { 'connect-protocol-version': '1', 'connect-timeout-ms': '2500' }],
  ['application/grpc-web+proto', framed(0, question), { 'x-grpc-web': '1', 'grpc-timeout': '3S' }],
]) {
  const url = `http://127.0.0.1:${port}/shop.Orders/Get`
  const answer = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': type }, body })
  if (!answer.ok) throw new Error(`${answer.status}`)
  await answer.arrayBuffer()
  console.log(JSON.stringify({ path: '/shop.Orders/Get' }))
}
server.closeAllConnections()
server.close()
