/**
 * A client of AMQP 0-9-1 (amqplib) that logs what it did: its process in the first line, then a line for each exchange, by the names of
 * the methods.
 *
 *     node amqp.mjs URL PREFIX           all that it can do
 *     node amqp.mjs URL PREFIX older     connects, subscribes, and waits for a line on its input before it goes on
 */
import { once } from 'node:events'
import amqp from 'amqplib'

const [url, prefix, mode] = process.argv.slice(2)
const said = (line) => console.log(JSON.stringify(line))
const method = (req, resp, more = {}) =>
  said({ req, resp, exchange: '', key: '', queue: '', size: -1, code: 0, ...more })

said({ pid: process.pid })
const exchange = `${prefix}-events`
const queue = `${prefix}-orders`
const connection = await amqp.connect(url, {
  clientProperties: { product: 'kettle', access_token: 'hunter3' },
})
method('ConnectionStart', 'ConnectionStartOk')
method('ConnectionTune', 'ConnectionTuneOk')
method('ConnectionOpen', 'ConnectionOpenOk')
connection.on('error', () => {})

async function openConfirming() {
  const channel = await connection.createConfirmChannel()
  method('ChannelOpen', 'ChannelOpenOk')
  method('ConfirmSelect', 'ConfirmSelectOk')
  channel.on('error', () => {})
  return channel
}

const sizes = [0, 1, 255, 5000, 200_000]
const options = {
  headers: { n: 1, deep: { list: [true, 'two', 3.5] }, password: 'hunter3' },
  messageId: 'm1',
}

async function declare(channel) {
  await channel.assertExchange(exchange, 'topic', { durable: false })
  method('ExchangeDeclare', 'ExchangeDeclareOk', { exchange })
  await channel.assertQueue(queue, { durable: false, arguments: { 'x-max-priority': 3 } })
  method('QueueDeclare', 'QueueDeclareOk', { queue })
  await channel.bindQueue(queue, exchange, 'order.#')
  method('QueueBind', 'QueueBindOk', { exchange, key: 'order.#', queue })
}

/** Publishes, and waits for what the server says. */
function publish(channel, key, size, more = {}, sentTo = exchange) {
  return new Promise((done) => {
    channel.publish(sentTo, key, Buffer.alloc(size, 'x'), { ...options, ...more }, (failed) => {
      method('BasicPublish', failed ? 'BasicNack' : 'BasicAck', { exchange: sentTo, key, size })
      done()
    })
  })
}

/** Gets so many messages, and does with each what `handle` says. */
async function consume(channel, count, noAck, handle) {
  let all
  const got = new Promise((done) => {
    all = done
  })
  let left = count
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      handle(message)
      if (--left === 0) all()
    },
    { noAck },
  )
  method('BasicConsume', 'BasicConsumeOk', { queue })
  return async () => {
    await got
    await channel.cancel(consumerTag)
    method('BasicCancel', 'BasicCancelOk')
  }
}

const delivered = ({ fields, content }, resp) =>
  method('BasicDeliver', resp, { exchange, key: fields.routingKey, queue, size: content.length })

async function older() {
  const channel = await openConfirming()
  await declare(channel)
  for (const size of sizes) await publish(channel, 'order.older', size)
  const end = await consume(channel, 8, false, (message) => {
    channel.ack(message)
    delivered(message, 'BasicAck')
  })
  process.stderr.write('ready\n')
  await once(process.stdin, 'data')
  process.stdin.destroy()
  said({ joined: true })
  for (let i = 0; i < 3; i++) await publish(channel, 'order.newer', 10 + i)
  await end()
}

async function everything() {
  const channel = await openConfirming()
  await declare(channel)
  for (const size of sizes) await publish(channel, 'order.waited', size)
  // Many at once: the server confirms several by one number.
  await Promise.all(Array.from({ length: 200 }, (_, i) => publish(channel, 'order.many', i)))

  const second = await connection.createChannel()
  second.on('error', () => {})
  method('ChannelOpen', 'ChannelOpenOk')
  await second.prefetch(300)
  method('BasicQos', 'BasicQosOk')
  const waiting = []
  let count = 0
  const end = await consume(second, 205, false, (message) => {
    count++
    if (count === 1) {
      second.reject(message, false)
      return delivered(message, 'BasicReject')
    }
    if (count === 2) {
      second.nack(message, false, false)
      return delivered(message, 'BasicNack')
    }
    waiting.push(message)
    if (count < 205 && waiting.length < 10) return
    second.ack(message, true)
    for (const each of waiting.splice(0)) delivered(each, 'BasicAck')
  })
  await end()

  // On two channels at the same time, in parts whose frames mix, one of them without confirms.
  const mixed = await consume(second, 8, true, (message) => delivered(message, ''))
  const bodies = Array.from({ length: 4 }, (_, i) => publish(channel, 'order.mixed', 40_000 + i))
  for (let i = 0; i < 4; i++) {
    second.publish(exchange, 'order.mixed', Buffer.alloc(40_000 - i, 'y'))
    method('BasicPublish', '', { exchange, key: 'order.mixed', size: 40_000 - i })
  }
  await Promise.all(bodies)
  await mixed()

  await publish(channel, 'order.got', 77)
  const message = await second.get(queue)
  method('BasicGet', 'BasicGetOk', { exchange, key: 'order.got', queue, size: message.content.length })
  second.ack(message)
  method('BasicGetOk', 'BasicAck', { exchange, key: 'order.got', queue })
  await second.get(queue)
  method('BasicGet', 'BasicGetEmpty', { queue })

  channel.on('return', ({ fields, content }) =>
    method('BasicReturn', '', {
      exchange,
      key: fields.routingKey,
      size: content.length,
      code: fields.replyCode,
    }),
  )
  await publish(channel, 'nobody', 5, { mandatory: true })
  const full = `${prefix}-full`
  await channel.assertQueue(full, {
    durable: false,
    arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  })
  method('QueueDeclare', 'QueueDeclareOk', { queue: full })
  await publish(channel, full, 1, {}, '')
  await publish(channel, full, 2, {}, '')

  await channel.deleteQueue(queue)
  method('QueueDelete', 'QueueDeleteOk', { queue })
  await channel.deleteQueue(full)
  method('QueueDelete', 'QueueDeleteOk', { queue: full })
  await channel.close()
  method('ChannelClose', 'ChannelCloseOk', { code: 200 })
  await second.checkQueue(`${prefix}-none`).catch(({ code }) => {
    method('QueueDeclare', 'ChannelClose', { queue: `${prefix}-none`, code })
  })
}

await (mode === 'older' ? older() : everything())
await connection.close()
method('ConnectionClose', 'ConnectionCloseOk', { code: 200 })
