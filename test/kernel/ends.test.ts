/**
 * Both ends of a connection on one node are found by where their streams began, whatever the addresses: on loopback, when
 * joined under way, in two network namespaces with equal addresses, and through translation. Needs root.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { EVENT_DATA, EVENT_OPEN } from '../../src/events/socket-event'

import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { Namespaces, publishedPort } from '../support/namespaces'
import { drainAll, open, Program, type Seen, side, type Traced } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

const netnsOf = (pid: number | 'self') => statSync(`/proc/${pid}/ns/net`).ino

/** The two beginnings as both ends of a connection have them. */
const key = ({ role, firstSent, firstReceived }: Seen) =>
  role === ROLE_CLIENT ? `${firstSent} ${firstReceived}` : `${firstReceived} ${firstSent}`

function matches(events: Seen[]): { clients: string[]; servers: string[] } {
  const keys = (role: number) => [...new Set(side(events, role).map(key))].toSorted()
  return { clients: keys(ROLE_CLIENT), servers: keys(ROLE_SERVER) }
}

describe('on loopback', () => {
  test('openings and data say the same at both ends', async () => {
    drainAll(kernel)
    const program = new Program(
      "ends = [pair() for i in range(20)]\nfor c, d in ends: c.send(b'abc'); d.recv(9); d.send(b'de'); c.recv(9); step()",
    )
    await program.ready()
    const netns = netnsOf(program.pid)
    for (let i = 0; i < 20; i++) program.go()
    await program.end()
    const events = drainAll(kernel).filter(({ pid }) => pid === program.pid)
    for (const kind of [EVENT_OPEN, EVENT_DATA]) {
      const { clients, servers } = matches(events.filter((event) => event.kind === kind))
      expect(clients.length).toBe(20)
      expect(servers).toEqual(clients)
    }
    expect(events.every((event) => event.netns === netns)).toBe(true)
  })

  test.each([
    ['nothing was said', ''],
    ['the client spoke', "c.send(b'x' * 1000); d.recv(1000)"],
    ['both spoke', "c.send(b'x' * 1000); d.recv(1000); d.send(b'y' * 77); c.recv(77)"],
    ['bytes are under way', "c.send(b'x' * 5000); d.send(b'y' * 7000)"],
    [
      'much was said',
      'import threading; n = 40 << 20; t = threading.Thread(target=lambda: c.sendall(bytes(n))); t.start()\nwhile n: n -= len(d.recv(n))\nt.join()',
    ],
  ])('joined after %s: beginnings and sides are known, without a listener', async (_, before) => {
    const program = new Program(
      `c, d = pair()\n${before}\nstep()\nc.send(b'1'); d.recv(9999); d.send(b'2'); c.recv(9999)`,
    )
    await program.ready()
    const late = open()
    try {
      program.go()
      await program.end()
      const events = drainAll(late).filter(({ kind, pid }) => kind === EVENT_DATA && pid === program.pid)
      expect(events.length).toBe(4)
      expect([side(events, ROLE_CLIENT).length, side(events, ROLE_SERVER).length]).toEqual([2, 2])
      const { clients, servers } = matches(events)
      expect(clients.length).toBe(1)
      expect(servers).toEqual(clients)
    } finally {
      late.close()
    }
  })
})

/** Runs Python in a namespace until it is at its `step()`. */
async function within(name: string, text: string): Promise<Program> {
  const program = new Program(text, ['ip', 'netns', 'exec', name])
  await program.ready()
  return program
}

test('equal addresses in two namespaces are two connections, told apart', async () => {
  const spaces = new Namespaces()
  const programs: Program[] = []
  try {
    drainAll(kernel)
    const talk = `s = socket.socket(); s.bind(('127.0.0.1', 7000)); s.listen()
c = socket.socket(); c.bind(('127.0.0.1', 7001)); c.connect(('127.0.0.1', 7000)); d, _ = s.accept()
c.send(b'same'); d.recv(9); step()`
    for (const name of ['one', 'two']) programs.push(await within(spaces.add(name), talk))
    const data = drainAll(kernel).filter(
      ({ kind, payload }) => kind === EVENT_DATA && payload.toString() === 'same',
    )
    expect(data.length).toBe(4)
    expect(new Set(data.map(({ local, remote }) => [local, remote].toSorted().join())).size).toBe(1)
    for (const { pid } of programs) {
      const own = data.filter((event) => event.netns === netnsOf(pid))
      expect(own.map((event) => event.pid)).toEqual([pid, pid])
      expect(new Set(own.map(key)).size).toBe(1)
    }
    expect(new Set(data.map(key)).size).toBe(2)
  } finally {
    for (const program of programs) program.kill()
    spaces.close()
  }
})

describe('through translation, as that of a published port', () => {
  const spaces = new Namespaces()
  let client: string
  let node: string
  let server: Program
  beforeAll(async () => {
    const spots = publishedPort(spaces)
    client = spots.client
    node = spots.node
    server = await within(
      spots.container,
      `s = socket.socket(); s.bind(('10.91.2.2', 80)); s.listen(); print('ready', flush=True)
while True: d, _ = s.accept(); d.send(d.recv(99)); d.close()`,
    )
  })
  afterAll(() => {
    server?.kill()
    spaces.close()
  })

  test.each([
    ['from another host', 'client', 8080, true],
    ['from another host, masqueraded', 'client', 8081, false],
    ['from the node itself', 'node', 8080, true],
  ] as const)('%s', async (name, from, port, sameClient) => {
    drainAll(kernel)
    const word = `via ${name}`
    const program = new Program(
      `c = socket.create_connection(('10.91.1.1', ${port}), 5); c.send(b'${word}'); c.recv(99)`,
      ['ip', 'netns', 'exec', from === 'client' ? client : node],
    )
    await program.end()
    const data = drainAll(kernel).filter(
      ({ kind, payload }) => kind === EVENT_DATA && payload.toString() === word,
    )
    const [asked, served] = [side(data, ROLE_CLIENT)[0]!, side(data, ROLE_SERVER)[0]!]
    expect(asked.remote).toBe(`10.91.1.1 ${port}`)
    expect(served.local).toBe('10.91.2.2 80')
    expect(asked.local === served.remote).toBe(sameClient)
    expect(asked.netns).not.toBe(served.netns)
    expect(new Set(data.map(key)).size).toBe(1)
  })
})
