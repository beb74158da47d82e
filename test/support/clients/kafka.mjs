/**
 * A client of Kafka in JavaScript: produces and consumes, and prints a JSON line for each request that its connections sent.
 *
 *     node kafka.mjs BROKER USER PASSWORD
 */
import { subscribe } from 'node:diagnostics_channel'
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'

const [broker, username, password] = process.argv.slice(2)
const said =
  (what) =>
  ({ apiKey, apiVersion, correlationId, error }) =>
    console.log(
      JSON.stringify({
        what,
        key: apiKey,
        version: apiVersion,
        id: correlationId,
        failed: error !== undefined,
      }),
    )
subscribe('tracing:plt:kafka:connections:api:start', said('sent'))
subscribe('tracing:plt:kafka:connections:api:asyncStart', said('heard'))

const common = {
  bootstrapBrokers: [broker],
  clientId: 'node-client',
  sasl: { mechanism: 'PLAIN', username, password },
}
const admin = new Admin(common)
await admin.createTopics({ topics: ['node-topic'], partitions: 1, replicas: 1 })
await admin.close()

const producer = new Producer({ ...common, serializers: stringSerializers })
for (const acks of [1, -1, 0])
  await producer.send({ messages: [{ topic: 'node-topic', key: 'key', value: 'hidden' }], acks })
await producer.close()

const consumer = new Consumer({ ...common, groupId: 'node-group', deserializers: stringDeserializers })
const stream = await consumer.consume({
  topics: ['node-topic'],
  mode: MessagesStreamModes.EARLIEST,
  autocommit: false,
})
let count = 0
for await (const message of stream) {
  if (++count < 3) continue
  await message.commit()
  break
}
await consumer.close(true)
