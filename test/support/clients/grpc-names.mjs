// Calls the service of servers/shop.proto, and prints the path of each call as a JSON line. Arguments:
//   call PORT ID PACKAGE    Get and List
//   deadline PORT ID        Get within 5 s, compressed, and one of an order that there isn't
//   reflect PORT v1|v1alpha asks the server for the descriptors of its service
//   set FILE                writes the descriptor set of shop.proto
//   source FILE             writes it as a source, with the package `store`
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, makeGenericClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const [what, given, more, scope = 'shop'] = process.argv.slice(2)
const source = join(import.meta.dirname, '../servers/shop.proto')
const definition = loadSync(source, { keepCase: true })
const log = (path) => console.log(JSON.stringify({ path }))

async function call(port, id) {
  const { service } = loadPackageDefinition(definition).shop.Orders
  const methods = Object.entries(service).map(([name, method]) => [
    name,
    { ...method, path: method.path.replace('/shop.', `/${scope}.`) },
  ])
  const Orders = makeGenericClientConstructor(Object.fromEntries(methods))
  const client = new Orders(`127.0.0.1:${port}`, credentials.createInsecure())
  await new Promise((done, failed) =>
    client.Get({ id, limit: 3 }, (error) => (error ? failed(error) : done())),
  )
  log(`/${scope}.Orders/Get`)
  await new Promise((done, failed) =>
    client
      .List({ id, limit: 2 })
      .on('data', () => {})
      .on('end', done)
      .on('error', failed),
  )
  log(`/${scope}.Orders/List`)
  client.close()
}

async function deadline(port, id) {
  const { Orders } = loadPackageDefinition(definition).shop
  const options = { 'grpc.default_compression_algorithm': 2 }
  const client = new Orders(`127.0.0.1:${port}`, credentials.createInsecure(), options)
  await new Promise((done, failed) =>
    client.Get({ id, limit: 3 }, { deadline: Date.now() + 5000 }, (error) =>
      error ? failed(error) : done(),
    ),
  )
  log('/shop.Orders/Get')
  await new Promise((done, failed) =>
    client.Get({ id: 'none', limit: 3 }, (error) =>
      error?.code === 5 ? done() : failed(error ?? 'no error'),
    ),
  )
  log('/shop.Orders/Get')
  client.close()
}

async function reflect(port, version) {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@grpc/reflection'))), '../proto')
  const reflection = loadPackageDefinition(
    loadSync(join(folder, `grpc/reflection/${version}/reflection.proto`)),
  ).grpc.reflection[version]
  const client = new reflection.ServerReflection(`127.0.0.1:${port}`, credentials.createInsecure())
  const stream = client.ServerReflectionInfo()
  const answers = await new Promise((done, failed) => {
    const all = []
    stream
      .on('data', (answer) => all.push(answer))
      .on('end', () => done(all))
      .on('error', failed)
    stream.write({ listServices: '' })
    stream.write({ fileContainingSymbol: 'shop.Orders' })
    stream.end()
  })
  if (!answers.some(({ fileDescriptorResponse }) => fileDescriptorResponse)) throw new Error('no descriptors')
  client.close()
  log(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)
}

/** FileDescriptorSet: each file behind its tag and length. */
function writeSet(path) {
  const [{ fileDescriptorProtos }] = Object.values(definition).filter((each) => each.fileDescriptorProtos)
  const length = (bytes) => {
    const parts = []
    let left = bytes.length
    for (; left > 127; left >>= 7) parts.push((left & 127) | 128)
    return Buffer.from([...parts, left])
  }
  writeFileSync(
    path,
    Buffer.concat(fileDescriptorProtos.flatMap((file) => [Buffer.from([0x0a]), length(file), file])),
  )
  log(path)
}

if (what === 'call') await call(given, more)
else if (what === 'deadline') await deadline(given, more)
else if (what === 'reflect') await reflect(given, more)
else if (what === 'set') writeSet(given)
else {
  writeFileSync(given, readFileSync(source, 'utf8').replace('package shop;', 'package store;'))
  log(given)
}
