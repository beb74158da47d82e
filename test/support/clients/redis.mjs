// A client of Redis that keeps its own log, by ioredis: for each connection one line of JSON with its port and what it said and got, as rows
// show it. Arguments: the server's port, 'tls' where it speaks that.
import Redis from 'ioredis'

const [port, transport] = process.argv.slice(2)
const options = {
  host: '127.0.0.1',
  port: Number(port),
  enableReadyCheck: false,
  disableClientInfo: true,
  // The other client speaks RESP3.
  protocol: 2,
  ...(transport === 'tls' ? { tls: { rejectUnauthorized: false } } : {}),
}

const shown = (value) => {
  if (value === null) return '<NULL>'
  if (value instanceof Error) return `-${value.message}`
  return typeof value === 'object' && !Buffer.isBuffer(value) ? JSON.stringify(value) : String(value)
}

async function open() {
  const redis = new Redis(options)
  await new Promise((done) => redis.once('ready', done))
  const log = []
  const said = (cmd, args, resp) =>
    log.push({ cmd, args: JSON.stringify(args.map(String)), resp: shown(resp) })
  const run = async (...words) => {
    const answer = await redis.call(...words).catch((error) => error)
    said(words[0].toUpperCase(), words.slice(1), answer)
    return answer
  }
  const local = redis.stream.localPort
  const close = () => {
    redis.disconnect()
    console.log(JSON.stringify({ port: local, log }))
  }
  return { redis, run, said, close }
}

const commands = await open()
await commands.run('SET', 'node:greeting', 'hello')
await commands.run('GET', 'node:greeting')
await commands.run('GET', 'node:nothing')
await commands.run('RPUSH', 'node:list', 'a', 'b', 'c')
await commands.run('LRANGE', 'node:list', '0', '-1')
await commands.run('INCR', 'node:list')
await commands.run('HSET', 'node:hash', 'field', 'value', 'other', 'one')
await commands.run('HGETALL', 'node:hash')
await commands.run('EVAL', 'return {1, "two", {3, false}}', '0')
await commands.run('SET', 'node:big', 'x'.repeat(900))

const pipeline = commands.redis.pipeline()
for (let i = 0; i < 100; i++) pipeline.set(`node:many:${i}`, `value ${i}`).get(`node:many:${i}`)
const answers = await pipeline.exec()
answers.forEach(([error, answer], i) => {
  const key = `node:many:${i >> 1}`
  commands.said(i % 2 ? 'GET' : 'SET', i % 2 ? [key] : [key, `value ${i >> 1}`], error ?? answer)
})

const results = await commands.redis.multi().incr('node:count').incr('node:count').exec()
commands.said('MULTI', [], 'OK')
commands.said('INCR', ['node:count'], 'QUEUED')
commands.said('INCR', ['node:count'], 'QUEUED')
commands.said(
  'EXEC',
  [],
  results.map(([, value]) => value),
)

const subscriber = await open()
const came = new Promise((done) => {
  let left = 3
  subscriber.redis.on('message', (channel, message) => {
    subscriber.said('PUSH PUB', [], ['message', channel, message])
    if (--left === 0) done()
  })
})
await subscriber.redis.subscribe('node:news', 'node:sport')
subscriber.said(
  'SUBSCRIBE',
  ['node:news', 'node:sport'],
  [
    ['subscribe', 'node:news', 1],
    ['subscribe', 'node:sport', 2],
  ],
)
for (const message of ['one', 'two', 'three']) await commands.run('PUBLISH', 'node:sport', message)
await came

const blocked = await open()
await blocked.run('BLPOP', 'node:none', '0.3')
const waits = blocked.run('BLPOP', 'node:queue', '0')
await commands.run('LPUSH', 'node:queue', 'job')
await waits

for (const each of [commands, subscriber, blocked]) each.close()
