// Requests over one kept connection of Node's http.Agent. Arguments: port, count, path prefix. Prints its log as JSON lines.
import { Agent, request } from 'node:http'

const [port, count, prefix] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

function ask(path) {
  return new Promise((done, failed) => {
    const sent = request({ host: '127.0.0.1', port, path, agent }, async (response) => {
      let size = 0
      for await (const part of response) size += part.length
      done({ method: 'GET', path, status: response.statusCode, resp_body_size: size, local_port: localPort })
    })
    let localPort = 0
    sent.on('socket', (socket) => {
      if (socket.localPort) localPort = socket.localPort
      else
        socket.on('connect', () => {
          localPort = socket.localPort
        })
    })
    sent.on('error', failed)
    sent.end()
  })
}

for (let i = 0; i < Number(count); i++) console.log(JSON.stringify(await ask(`${prefix}${i}`)))
agent.destroy()
