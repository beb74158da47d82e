/** WebSocket by Bun: says everything again. Argument: the port; with `client URL` it speaks to such a server, and prints each message of both sides as a JSON line. */
import { argv } from 'node:process'

const [what, url] = argv.slice(2)

function log(
  sender: string,
  said: string | Uint8Array,
  type = typeof said === 'string' ? 'text' : 'binary',
  code = 0,
): void {
  const body = typeof said === 'string' ? said.slice(0, 20) : ''
  console.log(JSON.stringify({ sender, type, size: said.length, body, code }))
}

async function ask(server: string): Promise<void> {
  const socket = new WebSocket(server)
  socket.binaryType = 'arraybuffer'
  const event = (name: 'open' | 'message') =>
    new Promise<MessageEvent>((done) => socket.addEventListener(name, done as never, { once: true }))
  await event('open')
  for (const size of [1, 125, 126, 1000, 66_000, 30, 30, 30]) {
    const said = `bun ${size} said `.repeat(size / 5).slice(0, size)
    const heard = event('message')
    const sent = size === 126 ? Buffer.from(said) : said
    socket.send(sent)
    log('client', sent)
    const { data } = await heard
    log('server', typeof data === 'string' ? data : new Uint8Array(data))
  }
  const closed = new Promise((done) => socket.addEventListener('close', done, { once: true }))
  socket.close(4001, 'that is all')
  log('client', 'that is all', 'close', 4001)
  await closed
}

if (what === 'client') await ask(url!)
else
  Bun.serve({
    hostname: '127.0.0.1',
    port: Number(what),
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('ok')),
    websocket: { perMessageDeflate: true, message: (socket, said) => void socket.send(said, true) },
  })
