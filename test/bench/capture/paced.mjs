// Asks for a URL again and again, until it is ended. Arguments: port, path, requests a second, "keep" or "new" connections.
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const [port, path, rate, connections] = process.argv.slice(2)
const agent = new Agent({ keepAlive: connections === 'keep', maxSockets: 1 })

const ask = () =>
  new Promise((done, failed) => {
    get({ host: '127.0.0.1', port, path, agent }, (response) => response.resume().on('end', done)).on(
      'error',
      failed,
    )
  })

// What was late by more than 0.1 s, as it was stopped, is not made up for.
const next = (due) => Math.max(due + 1000 / Number(rate), performance.now() - 100)
for (let due = performance.now(); ; due = next(due)) {
  await sleep(Math.max(0, due - performance.now()))
  await ask()
}
