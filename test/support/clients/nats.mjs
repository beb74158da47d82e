// A client of NATS that keeps its own log: publishes, subscribes, asks and answers with @nats-io/transport-node, and prints each
// message that it sent or got as a JSON line. Waits for a line of input before it sends much at once. Argument: the server's port.
import { once } from 'node:events'
import { connect, headers, NoRespondersError, RequestError } from '@nats-io/transport-node'

const servers = `127.0.0.1:${process.argv[2]}`
const bytes = (text) => new TextEncoder().encode(text)
const log = (cmd, subject, data) => console.log(JSON.stringify({ cmd, subject, size: data?.length ?? 0 }))

let came = 0
const got = (error, message) => {
  if (error) throw error
  log(message.headers ? 'HMSG' : 'MSG', message.subject, message.data)
  came++
}

const options = { servers, name: 'nixie-node', reconnectTimeWait: 50 }
const sender = await connect(options)
const receiver = await connect(options)
receiver.subscribe('node.>', { callback: got })
for (let i = 0; i < 2; i++) receiver.subscribe('queue.node', { queue: 'workers', callback: got })
receiver.subscribe('ask.node', {
  callback: (error, message) => {
    got(error, message)
    message.respond(bytes('answer'))
    log('PUB', message.reply, bytes('answer'))
  },
})
await receiver.flush()

let sent = 0
function send(subject, data, extra) {
  sender.publish(subject, data, extra)
  log(extra?.headers ? 'HPUB' : 'PUB', subject, data)
  sent++
}

/** Waits until all that was sent has come. */
async function arrive() {
  await sender.flush()
  const end = Date.now() + 20_000
  while (came < sent) {
    if (Date.now() > end) throw new Error(`${came} of ${sent} messages came`)
    await new Promise((done) => setTimeout(done, 5))
  }
}

send('node.plain', bytes('hello'))
send('node.empty')
send('node.binary', Uint8Array.of(0, 1, 2, 255, 13, 10))
const extra = headers()
extra.set('Trace-Id', 'abc')
extra.set('Cookie', 'hunter2')
send('node.headers', bytes('with'), { headers: extra })
send('node.big', new Uint8Array(1 << 20).fill(0x61))
await arrive()
// Until it is known what a connection speaks, less of a call is captured.
await once(process.stdin, 'data')
process.stdin.destroy()
for (let i = 0; i < 2000; i++) {
  send(`node.many.${i}`, bytes('x'.repeat(i % 50)))
  if (i % 500 === 499) await arrive()
}
for (let i = 0; i < 20; i++) send('queue.node', bytes('work'))
await arrive()

log('PUB', 'ask.node', bytes('question'))
const answer = await sender.request('ask.node', bytes('question'), { timeout: 60_000 })
log('MSG', answer.subject, answer.data)
log('PUB', 'ask.nobody', bytes('?'))
try {
  await sender.request('ask.nobody', bytes('?'), { timeout: 60_000 })
  throw new Error('somebody answered')
} catch (error) {
  if (!(error instanceof RequestError) && !(error instanceof NoRespondersError)) throw error
}

// A connection that is lost comes back and goes on.
const reconnected = (async () => {
  for await (const { type } of sender.status()) if (type === 'reconnect') return
})()
await sender.reconnect()
await reconnected
send('node.again', bytes('hello again'))
await sender.flush()
while (came < sent + 1) await new Promise((done) => setTimeout(done, 5))
await sender.close()
await receiver.close()

try {
  await connect({ ...options, user: 'somebody', pass: 'hunter2-wrong' })
  throw new Error('the server takes any password')
} catch (error) {
  if (error.name !== 'AuthorizationError') throw error
}

const verbose = await connect({ ...options, verbose: true })
for (let i = 0; i < 10; i++) {
  verbose.publish(`verbose.node.${i}`, bytes('said'))
  log('PUB', `verbose.node.${i}`, bytes('said'))
}
await verbose.flush()
await verbose.close()
