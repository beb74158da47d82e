/**
 * An MQTT client: subscribes, publishes with each quality of service, and prints a JSON line for each message that it sent or got.
 *
 *     node mqtt.mjs URL VERSION PREFIX
 */
import mqtt from 'mqtt'

const [url, version, prefix] = process.argv.slice(2)
const protocolVersion = Number(version)
const said = (line) => console.log(JSON.stringify(line))
const client = await mqtt.connectAsync(url, {
  protocolVersion,
  clientId: `${prefix}-client`,
  username: 'jane',
  password: 'hunter2',
  rejectUnauthorized: false,
  will: { topic: `${prefix}/gone`, payload: 'gone', qos: 1 },
  properties: protocolVersion === 5 ? { topicAliasMaximum: 10 } : undefined,
})

let expected = 0
let done
const all = new Promise((resolve) => {
  done = resolve
})
client.on('message', (topic, payload, { qos, retain }) => {
  said({ sender: 'server', topic, qos, retain, size: payload.length })
  if (--expected === 0) done()
})
await client.subscribeAsync({ [`${prefix}/#`]: { qos: 2 } })

const sizes = [0, 1, 127, 128, 5000, 70_000]
const messages = sizes.flatMap((size) => [0, 1, 2].map((qos) => ({ size, qos })))
expected = messages.length
for (const [i, { size, qos }] of messages.entries()) {
  const topic = `${prefix}/${qos}/${size}`
  const properties =
    protocolVersion === 5 && i % 2
      ? { contentType: 'text/plain', userProperties: { n: String(i), token: 'hunter2' } }
      : undefined
  await client.publishAsync(topic, Buffer.alloc(size, 'x'), { qos, properties })
  said({ sender: 'client', topic, qos, retain: false, size })
}
await all
await client.unsubscribeAsync(`${prefix}/#`)
await client.endAsync()
