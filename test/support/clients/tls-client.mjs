/** HTTPS requests over some connections of Node. Arguments: URL, connections, requests of each, seconds before each request. */
import { Agent, request } from 'node:https'

const [, , url, connections, requests, pause] = process.argv
const asked = (agent, path) =>
  new Promise((done, failed) => {
    const sent = request(`${url}${path}`, { agent, rejectUnauthorized: false }, (response) =>
      response.resume().on('end', done),
    )
    sent.on('error', failed).end()
  })
await Promise.all(
  Array.from({ length: Number(connections) }, async (_, i) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let n = 0; n < Number(requests); n++) {
      await new Promise((done) => setTimeout(done, Number(pause) * 1000))
      await asked(agent, `/node/${i}/${n}`)
    }
    agent.destroy()
  }),
)
