// Speaks to a server that says everything again, by ws on Node, and prints each message of both sides as a JSON line. Arguments: the
// URL; with `h2 PORT PATH` by extended CONNECT.
import { connect } from 'node:http2'
import { createRequire } from 'node:module'
import { WebSocket } from 'ws'

const log = (sender, type, said, code = 0) => {
  const bytes = Buffer.from(said)
  const body = type === 'binary' ? '' : String(said).slice(0, 20)
  console.log(JSON.stringify({ sender, type, size: bytes.length, body, code }))
}

async function open([url, port, path]) {
  if (url !== 'h2') {
    const socket = new WebSocket(url, { rejectUnauthorized: false, perMessageDeflate: { threshold: 0 } })
    await new Promise((done, failed) => socket.on('open', done).on('error', failed))
    return { socket, end: () => {} }
  }
  const session = connect(`http://127.0.0.1:${port}`)
  await new Promise((done) => session.once('remoteSettings', done))
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': path,
    'sec-websocket-version': '13',
  })
  await new Promise((done, failed) => stream.on('response', done).on('error', failed))
  const require = createRequire(import.meta.url)
  const Deflate = require(require.resolve('ws').replace(/index\.js$/, 'lib/permessage-deflate.js'))
  const socket = new WebSocket(null, undefined, { autoPong: true })
  socket._isServer = false
  const deflate = new Deflate({ threshold: 0 }, false)
  deflate.accept([{}])
  socket._extensions['permessage-deflate'] = deflate
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 20 })
  return { socket, end: () => session.destroy() }
}

const { socket, end } = await open(process.argv.slice(2))
const waiting = []
const next = () => new Promise((done) => waiting.push(done))
socket.on('message', (said, isBinary) => {
  log('server', isBinary ? 'binary' : 'text', said)
  waiting.shift()?.()
})
socket.on('pong', (said) => {
  log('server', 'pong', said)
  waiting.shift()?.()
})
socket.on('ping', (said) => {
  log('server', 'ping', said)
  log('client', 'pong', said)
})

async function say(said, isBinary = false) {
  const heard = next()
  socket.send(said, { binary: isBinary })
  log('client', isBinary ? 'binary' : 'text', said)
  await heard
}

for (const size of [0, 1, 125, 126, 1000, 70_000])
  await say('said by ws. '.repeat(size / 12 + 1).slice(0, size))
for (const size of [5, 300]) await say(Buffer.alloc(size, 7), true)
await say('parts: one, two, three')
const heard = next()
socket.ping('are you there')
log('client', 'ping', 'are you there')
await heard
for (let i = 0; i < 200; i++) await say(`number ${i}, and password=hunter2`)
const closed = new Promise((done) =>
  socket.on('close', (code, reason) => done(log('server', 'close', String(reason), code))),
)
socket.close(4001, 'that is all')
log('client', 'close', 'that is all', 4001)
await closed
end()
