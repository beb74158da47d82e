// Asks an HTTP/2 server, by Node, and prints each exchange as a JSON line. Arguments: the port, a word for its paths, and `https` for TLS.
import { once } from 'node:events'
import { connect, constants } from 'node:http2'

const [port, word, scheme = 'http'] = process.argv.slice(2)
const session = connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false })
await once(session, 'connect')
const local = session.socket.localPort

session.on('stream', (pushed, headers) => {
  let bytes = 0
  pushed.on('data', (part) => (bytes += part.length))
  pushed.on('end', () => log('GET', headers[':path'], 200, 0, bytes))
})

const log = (method, path, status, sent, received = null, outcome = 'complete') =>
  console.log(JSON.stringify({ method, path, status, sent, received, outcome, port: local }))

/** One exchange; `chunks` is what is sent. */
function ask(method, path, chunks = [], headers = {}) {
  return new Promise((done, failed) => {
    const stream = session.request(
      { ':method': method, ':path': path, 'x-word': word, authorization: 'Bearer hunter2', ...headers },
      { endStream: chunks.length === 0 },
    )
    let status = 0
    let received = 0
    stream.on('response', (fields) => (status = fields[':status']))
    stream.on('data', (part) => (received += part.length))
    stream.on('error', failed)
    stream.on('close', () => {
      log(
        method,
        path,
        status,
        chunks.reduce((sum, part) => sum + part.length, 0),
        received,
      )
      done()
    })
    for (const part of chunks) stream.write(part)
    if (chunks.length > 0) stream.end()
    stream.resume()
  })
}

/** Gives up after the response's first bytes, or at once. */
function giveUp(path, within) {
  return new Promise((done) => {
    const stream = session.request({ ':path': path, 'x-word': word })
    let status = 0
    stream.on('response', (fields) => (status = fields[':status']))
    stream.on('error', () => {})
    stream.on('close', () => {
      log('GET', path, status, 0, within ? null : 0, within ? 'cut' : 'unanswered')
      done()
    })
    if (within) stream.once('data', () => stream.close(constants.NGHTTP2_CANCEL))
    else setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 20)
  })
}

await ask('GET', `/${word}/first`)
for (let round = 0; round < 20; round++)
  await Promise.all([
    ask('GET', `/${word}/${round}/a?token=hunter2`),
    ask('POST', `/${word}/${round}/b`, [Buffer.from('some '), Buffer.from('content')]),
    ask('GET', `/status/${[204, 302, 404, 418, 500][round % 5]}`),
    ask('GET', `/parts/${word}/${round}`),
    ask('PUT', `/${word}/${round}/c`, [Buffer.alloc(50_000, 'u')], { 'x-round': String(round) }),
    ask('GET', `/big/${1000 * (round + 1)}`),
  ])
await ask('GET', `/big/1000000`)
await ask('POST', `/${word}/upload`, [Buffer.alloc(700_000, 'u'), Buffer.alloc(300_000, 'v')])
await ask('GET', `/push/${word}`)
await giveUp(`/hang/${word}`, false)
await giveUp('/big/5000000', true)
await ask('GET', `/${word}/last`)
session.close()
