// The service of shop.proto by @grpc/grpc-js, and the same in the package `store`. Arguments: the port, and `reflection` if it tells its descriptors.
import { join } from 'node:path'
import { loadPackageDefinition, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'

const [port, reflection] = process.argv.slice(2)
const definition = loadSync(join(import.meta.dirname, 'shop.proto'), { keepCase: true })
const order = (id) => ({
  id,
  items: [{ sku: 'x', change: -2, sizes: [1, 300] }],
  state: 'PAID',
  gift: true,
  price: 2.5,
  counts: { a: 7 },
  pin: 1234,
})
const server = new Server()
const { service } = loadPackageDefinition(definition).shop.Orders
const inStore = Object.fromEntries(
  Object.entries(service).map(([name, method]) => [
    name,
    { ...method, path: method.path.replace('/shop.', '/store.') },
  ]),
)
const methods = {
  Get: ({ request }, done) =>
    request.id === 'none'
      ? done({ code: status.NOT_FOUND, details: 'no such order' })
      : done(null, order(request.id)),
  List: (call) => {
    for (let i = 0; i < call.request.limit; i++) call.write(order(`${call.request.id}-${i}`))
    call.end()
  },
}
server.addService(service, methods)
server.addService(inStore, methods)
if (reflection) new ReflectionService(definition).addToServer(server)
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error
})
