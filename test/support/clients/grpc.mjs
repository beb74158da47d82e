// Calls the server of `servers/grpc` by @grpc/grpc-js, without generated code, and prints each call as a JSON line. Arguments: the
// server's port, and a word for its messages.
import { Client, credentials, Metadata } from '@grpc/grpc-js'

const [port, word] = process.argv.slice(2)
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
const metadata = new Metadata()
metadata.set('x-client', word)
metadata.set('authorization', 'Bearer hunter2')

/** google.protobuf.StringValue: field 1, shorter than 128 bytes. */
const encode = (text) => Buffer.from([0x0a, Buffer.byteLength(text), ...Buffer.from(text)])
const decode = (bytes) => bytes.subarray(2).toString()
const path = (method) => `/shop.Orders/${method}`
const log = (method, code, sent, received) =>
  console.log(JSON.stringify({ path: path(method), code, sent, received }))

const get = (text, options = {}) =>
  new Promise((done) =>
    client.makeUnaryRequest(path('Get'), encode, decode, text, metadata, options, (error) => {
      log('Get', error?.code ?? 0, 1, error ? 0 : 1)
      done()
    }),
  )

/** A stream of any kind: sends `parts`, and waits for the end. */
const stream = (method, parts) =>
  new Promise((done, failed) => {
    const call = client.makeBidiStreamRequest(path(method), encode, decode, metadata)
    let received = 0
    call.on('data', () => received++)
    call.on('error', failed)
    call.on('end', () => {
      log(method, 0, parts.length, received)
      done()
    })
    for (const part of parts) call.write(part)
    call.end()
  })

for (let i = 0; i < 20; i++)
  await Promise.all([
    get(`${word}-${i}`),
    get(`missing-${word}-${i}`),
    stream('Chat', [word, 'and', String(i)]),
  ])
await get('slow', { deadline: Date.now() + 300 })
await stream('List', [word])
await stream('Upload', Array(30).fill('x'.repeat(100)))
client.close()
