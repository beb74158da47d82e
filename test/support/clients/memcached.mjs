// A client of Memcached that keeps its own log, by memjs, in the binary protocol: each command with its answer as a line of JSON, as rows
// show it. Argument: the server's port.
import memjs from 'memjs'

const client = memjs.Client.create(`127.0.0.1:${process.argv[2]}`, { retries: 0 })
const log = (cmd, key, req_body, resp, resp_body) =>
  console.log(JSON.stringify({ cmd, key, req_body, resp, resp_body }))

for (let i = 0; i < 50; i++) {
  await client.set(`node:${i}`, `value ${i}`, { expires: 60 })
  log('set', `node:${i}`, `value ${i}`, 'OK', '')
  const { value } = await client.get(`node:${i}`)
  log('get', `node:${i}`, '', 'OK', String(value))
}
const { value } = await client.get('node:nothing')
log('get', 'node:nothing', '', 'Key not found', value === null ? 'Not found' : String(value))
const { value: count } = await client.increment('node:count', 5, { initial: 7 })
log('incr', 'node:count', '', 'OK', String(count))
await client.delete('node:0')
log('delete', 'node:0', '', 'OK', '')
await client.set('node:big', 'x'.repeat(900))
log('set', 'node:big', 'x'.repeat(900), 'OK', '')
client.close()
