/**
 * A client of MongoDB: prints a JSON line for each command that it sent, as its own monitoring tells it.
 *
 *     node mongodb.mjs URL NAME [older]      older: after the first command it waits for the end of its input
 */
import { BSON, MongoClient } from 'mongodb'

const [url, name, isOlder] = process.argv.slice(2)
const client = new MongoClient(url, {
  monitorCommands: true,
  maxPoolSize: 1,
  tlsAllowInvalidCertificates: url.includes('tls=true') || undefined,
  // No field that isn't in the documents.
  retryWrites: false,
})
const relaxed = (value) => JSON.parse(BSON.EJSON.stringify(value, { relaxed: true }))
const listOf = ({ documents, updates, deletes }) => documents ?? updates ?? deletes ?? []
const started = new Map()
client.on('commandStarted', ({ requestId, command, databaseName }) => {
  started.set(requestId, { command: relaxed(command), database: databaseName })
})
const ended = ({ requestId, commandName }, reply, code, text) => {
  const { command, database } = started.get(requestId)
  const isUnanswered = command.writeConcern?.w === 0
  const batch = reply?.cursor?.firstBatch ?? reply?.cursor?.nextBatch ?? reply?.values ?? []
  const error = reply?.writeErrors?.[0]
  const isFailed = code > 0 || error !== undefined
  console.log(
    JSON.stringify({
      cmd: commandName,
      req: command,
      resp: isUnanswered || code > 0 ? null : reply,
      status: isUnanswered ? '' : isFailed ? 'error' : 'ok',
      database,
      collection:
        command.collection ?? (typeof command[commandName] === 'string' ? command[commandName] : ''),
      sent: listOf(command).length,
      returned: batch.length,
      n: reply?.n ?? 0,
      modified: reply?.nModified ?? 0,
      code: code || (error?.code ?? 0),
      text: text || (error?.errmsg ?? ''),
      answers: isUnanswered ? 0 : 1,
    }),
  )
}
client.on('commandSucceeded', (event) => ended(event, relaxed(event.reply), 0, ''))
client.on('commandFailed', (event) => ended(event, undefined, event.failure.code, event.failure.errmsg))

// What Nixie has seen nothing of.
if (isOlder) {
  await client.db('shop').command({ ping: 1 })
  console.log('ready')
  for await (const _ of process.stdin);
}

const goods = client.db('shop').collection(`goods_${name}`)
const failing = (promise) =>
  promise.then(
    () => console.error('it should have failed'),
    () => {},
  )

await goods.insertMany([
  { _id: 1, name: 'milk', price: 1.5, sold: new Date('2026-11-01T10:20:30.400Z'), tags: ['fresh', 'café'] },
  {
    _id: 2,
    name: 'tea',
    count: BSON.Long.fromString('9007199254740993'),
    pattern: /^t/i,
    none: null,
    is: true,
  },
  {
    _id: 3,
    id: new BSON.ObjectId('65f0c0ffee65f0c0ffee65f0'),
    raw: new BSON.Binary(Buffer.from('bytes')),
    far: -0.5,
  },
])
await goods.findOne({ name: 'tea' })
await goods.find({ _id: { $gt: 1 } }).toArray()
await goods.updateMany({}, { $set: { seen: true } })
await goods.updateOne({ _id: 2 }, { $set: { name: 'green tea' } })
await goods.deleteOne({ _id: 3 })
await goods.countDocuments({})
await goods.distinct('name')
await failing(goods.insertMany([{ _id: 1 }, { _id: 9 }], { ordered: false }))
await failing(client.db('shop').command({ noSuchCommand: 1 }))
await goods.bulkWrite([
  { insertOne: { document: { _id: 20, name: 'rice' } } },
  { insertOne: { document: { _id: 21, name: 'salt' } } },
  { updateOne: { filter: { _id: 20 }, update: { $set: { price: 2 } } } },
  { deleteOne: { filter: { _id: 21 } } },
])
await goods.insertMany(
  Array.from({ length: 1000 }, (_, i) => ({ _id: 1000 + i, text: `${i} ${'x'.repeat(90)}` })),
)
await goods.find({ _id: { $gte: 1000 } }, { batchSize: 300 }).toArray()
await goods.insertOne({ _id: 30, name: 'mine', password: 'hunter2', token: 'hunter2' })
await goods.insertOne({ _id: 31, name: 'unanswered' }, { writeConcern: { w: 0 } })
await goods.findOne({ name: 'milk' })
await client.close()
