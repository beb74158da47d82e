/** A message that makes a row on its own is seen at both ends of a node-local connection, and recorded once. */
import { describe, expect, test } from 'bun:test'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { linesProtocol } from './plain-protocol'
import { rig, Wire } from './wire'

const SERVER = { role: ROLE_SERVER, pid: 10, local: ['127.0.0.1', 80], remote: ['127.0.0.1', 5000] } as const
const CLIENT = { role: ROLE_CLIENT, pid: 20, local: ['127.0.0.1', 5000], remote: ['127.0.0.1', 80] } as const

function ends() {
  const all = rig([linesProtocol()])
  const texts = () => all.sink.rows('lines').map(({ upid, text }) => `${String(upid).split(':')[1]} ${text}`)
  return { ...all, server: new Wire(SERVER), client: new Wire(CLIENT), texts }
}

describe('both ends of a connection that was joined under way', () => {
  test.each(['client', 'server'])('the %s’s event is read first', (first) => {
    const { streams, server, client, texts } = ends()
    for (let i = 0; i < 3; i++) {
      const order = first === 'client' ? [client, server] : [server, client]
      for (const wire of order) streams.handle(wire.request(`>${i}\n`))
    }
    streams.tick(server.timeNs + 1e9)
    expect(texts()).toEqual(['10 >0', '10 >1', '10 >2'])
  })

  test('all that the client says is read before anything of the server’s end', () => {
    const { streams, server, client, texts } = ends()
    for (let i = 0; i < 5; i++) streams.handle(client.request(`>${i}\n`))
    for (let i = 0; i < 5; i++) streams.handle(server.request(`>${i}\n`))
    streams.handle(client.close())
    streams.tick(server.timeNs + 1e9)
    streams.close()
    expect(texts()).toEqual(['10 >0', '10 >1', '10 >2', '10 >3', '10 >4'])
  })
})

describe('a client whose server isn’t here', () => {
  test('its first rows come after a moment, in order, and the rest at once', () => {
    const { streams, client, texts } = ends()
    streams.handle(client.request('>0\n'))
    streams.handle(client.response('<0\n'))
    expect(texts()).toEqual([])
    expect(streams.isWaiting).toBe(true)
    streams.tick(client.timeNs + 150e6)
    expect(texts()).toEqual(['20 >0', '20 <0'])
    expect(streams.isWaiting).toBe(false)
    streams.handle(client.request('>1\n'))
    expect(texts()).toHaveLength(3)
  })

  test('they are not lost: at its end, when memory is short, when there are many', () => {
    for (const how of ['end', 'shed', 'many']) {
      const all = rig([linesProtocol()], how === 'shed' ? { heldBytes: 4096 } : {})
      const client = new Wire(CLIENT)
      const count = how === 'many' ? 3000 : 20
      for (let i = 0; i < count; i++) all.streams.handle(client.request(`>${i}\n`))
      if (how !== 'end') expect(all.sink.rows('lines').length).toBeGreaterThan(0)
      all.streams.close()
      expect(all.sink.rows('lines').map(({ text }) => text)).toEqual(
        Array.from({ length: count }, (_, i) => `>${i}`),
      )
      expect(all.streams.heldBytes).toBe(0)
    }
  })
})
